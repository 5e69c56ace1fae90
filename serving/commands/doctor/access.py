"""Whether this account can write where it has to, and nobody else reads what is known of customers."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from features.errors import InputError
from features.file_access import HAS_MODES, OWNER_ONLY, Access
from features.language.messages import Message, sentence
from features.shell import shell_line
from features.sources.kept.index import FOLDER as KEPT
from serving.backup.contents import BOOK_FILES, MODELS, SECRET
from serving.commands.doctor.finding import Examined, Finding, State
from serving.config.settings import STATE_FOLDER

NAME = "access"
SHOWN = 5
COPIES = "champion-"  # how the folders are called in which a server keeps the model that it verified


def check_access(examined: Examined) -> Iterator[Finding]:
    """Look at the rights of the shop's folder and of every file that holds something of customers."""
    access = OWNER_ONLY
    try:
        access = OWNER_ONLY if examined.settings is None else examined.settings.files.access()
    except InputError as error:
        yield Finding(NAME, "problem", str(error), sentence("correct group under [files] in the settings"))
    closed = [room for room in _rooms(examined.folder) if not os.access(room, os.R_OK | os.W_OK | os.X_OK)]
    if closed:
        names = ", ".join(map(str, closed))
        yield Finding(
            NAME,
            "problem",
            sentence("this account cannot write to {names}", names=names),
            sentence("make it its own: chown, on {names}", names=names),
        )
    opened = list(readable_by_others(examined.folder, examined.toml, access))
    if opened:
        to_do = shell_line("chmod", f"{access.file_mode:o}", *map(str, opened[:SHOWN]))
        state: State = "warning" if opened == [examined.toml] else "problem"  # it names nobody, but may hold a password
        yield Finding(NAME, state, sentence("others of this machine can read {names}", names=_named(opened)), to_do)
    strangers = [path for path in _files(examined.folder, examined.toml) if _owner(path) != _owner(examined.folder)]
    if strangers:
        names = ", ".join(str(path) for path in strangers[:SHOWN])
        to_do = shell_line("chown", f"--reference={examined.folder}", *map(str, strangers[:SHOWN]))
        words = sentence(
            "{names} belong to another account than the folder: a command ran as somebody else", names=names
        )
        yield Finding(NAME, "warning", words, to_do)
    if not closed and not opened and not strangers:
        yield Finding(
            NAME,
            "ok",
            sentence(
                "{folder} is writable, and what is known of customers is closed to others", folder=str(examined.folder)
            ),
        )


def _named(paths: Sequence[Path]) -> Message:
    names, more = ", ".join(map(str, paths[:SHOWN])), len(paths) - SHOWN
    if more > 0:
        return Message("{names} and {more} more", {"names": names, "more": more})
    return Message("{names}", {"names": names})


def readable_by_others(folder: Path, toml: Path, access: Access) -> Iterator[Path]:
    """Yield each file with something of customers, or a secret, that more people can read than the settings say."""
    if not HAS_MODES:
        return
    for path in _files(folder, toml):
        wanted = OWNER_ONLY if path == folder / SECRET else access
        if path.stat().st_mode & 0o077 & ~wanted.file_mode:
            yield path


def _files(folder: Path, toml: Path) -> list[Path]:
    """Return the files with something of customers, or a secret, that are there."""
    files = [toml, *(folder / name for name in BOOK_FILES)]
    files += [path for room in (STATE_FOLDER, KEPT) for path in sorted((folder / room).rglob("*"))]
    copies = folder / STATE_FOLDER / COPIES  # of the model, which holds nothing of a customer
    return [path for path in files if path.is_file() and not str(path).startswith(str(copies))]


def _owner(path: Path) -> int:
    return path.stat().st_uid


def _rooms(folder: Path) -> Iterator[Path]:
    """Yield the folders that are written to, as far as they are there."""
    yield folder
    yield from (folder / name for name in (STATE_FOLDER, MODELS, KEPT) if (folder / name).exists())
