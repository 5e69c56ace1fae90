"""What of a shop goes into a backup, by its path in the shop's folder, and what does not and why."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from features.sources.kept.index import FOLDER as KEPT
from serving.backup.last_backup import FILE as LAST_BACKUP
from serving.backup.left_out import (
    IN_A_DATABASE,
    INSIDE,
    MODELS_ELSEWHERE,
    ON_A_SERVER,
    ORDERS_ELSEWHERE,
    OUTSIDE,
    PLAYBOOKS_ELSEWHERE,
    REGISTRY_ELSEWHERE,
    SECRET_APART,
    YOURS,
    LeftOut,
    elsewhere,
    left_out,
)
from serving.book.connection import FILE as BOOK_FILE
from serving.book.privacy.secret import FILE as SECRET_FILE
from serving.config import Settings
from serving.config.settings import STATE_FOLDER

MODELS = "mlruns"
SECRET = f"{STATE_FOLDER}/{SECRET_FILE}"
LAST = f"{STATE_FOLDER}/{LAST_BACKUP}"  # of a restored shop the last backup is the one that it comes from
BOOK_FILES = (BOOK_FILE, f"{BOOK_FILE}-wal", f"{BOOK_FILE}-shm")
# How far a run of several commands has come, and who runs it: a restored shop begins it anew.
OF_A_RUN = (f"{STATE_FOLDER}/weekly", f"{STATE_FOLDER}/retrain")
# SQLite's own files beside a database: what is in them is in the copy of the database.
BESIDE_A_DATABASE = ("-wal", "-shm", "-journal")


@dataclass(frozen=True)
class Wanted:
    """What somebody wants in a backup beside what is always in it.

    Args:
        secret: the book's secret, which whoever has the archive then has too.
        sources: the shop's own files of orders, events and customers, as far as they lie in its folder.
    """

    secret: bool = False
    sources: bool = False


@dataclass(frozen=True)
class Contents:
    """The files of a shop that go into a backup.

    Args:
        folder: of the shop.
        settled: paths in the folder of what only commands change: settings, playbooks, added exports, own files.
        moving: paths of what a server and a training change at any time: models, and what the shop knows.
        databases: paths of SQLite databases, of which a copy is made.
        left_out: what the backup does not hold.
    """

    folder: Path
    settled: Sequence[str]
    moving: Sequence[str]
    databases: Sequence[str]
    left_out: Sequence[LeftOut]

    def marks(self) -> dict[str, tuple[int, int, int]]:
        """Return path → inode, size and time of the last change, of what only commands change."""
        found = {}
        for name in self.settled:
            with suppress(FileNotFoundError):
                state = (self.folder / name).stat()
                found[name] = (state.st_ino, state.st_size, state.st_mtime_ns)
        return found


def contents_of(settings: Settings, toml: Path, wanted: Wanted) -> Contents:
    """Return what of a shop goes into a backup.

    Args:
        settings: of the shop.
        toml: their file.
        wanted: what somebody wants beside what is always in it.
    """
    folder, own = settings.folder, sources_of(settings)
    inside = {path: name for path in own if (name := _inside(folder, path)) and not name.startswith(f"{KEPT}/")}
    settled = {toml.resolve().name, *_all_in(folder, KEPT), *(inside.values() if wanted.sources else ())}
    if settings.list.playbooks and (name := _inside(folder, settings.list.playbooks)):
        settled.add(name)
    models = [name for name in _all_in(folder, MODELS) if not name.endswith(BESIDE_A_DATABASE)]
    outside = (LAST, *OF_A_RUN) if wanted.secret else (LAST, *OF_A_RUN, SECRET)
    known = [name for name in _all_in(folder, STATE_FOLDER) if not name.startswith(outside)]
    databases = [name for name in models if _is_database(folder / name)]
    return Contents(
        folder,
        sorted(name for name in settled if (folder / name).is_file()),
        sorted({*models, *known} - {*databases}),
        databases,
        tuple(_left_out(settings, wanted, inside)),
    )


def sources_of(settings: Settings) -> tuple[Path, ...]:
    """Return the shop's own files of orders, events and customers, which Regulars only reads."""
    orders = settings.orders
    named = [*(orders.paths if orders.database is None else ()), *vars(orders.beside).values()]
    named += [each.file for each in (settings.events, settings.customers) if each is not None]
    return tuple(dict.fromkeys(path for path in named if isinstance(path, Path)))


def _left_out(settings: Settings, wanted: Wanted, inside: dict[Path, str]) -> Iterator[LeftOut]:
    if not wanted.secret and (settings.folder / SECRET).exists():
        yield left_out(SECRET, SECRET_APART)
    for path in sources_of(settings):
        name = inside.get(path)
        if name is None and _inside(settings.folder, path) is None:
            yield left_out(str(path), OUTSIDE, is_file=True)
        elif name is not None and not wanted.sources:
            yield left_out(name, INSIDE, is_file=True)
    store = settings.tracking().store
    if store.is_server:
        yield left_out(elsewhere(MODELS_ELSEWHERE, store.place), ON_A_SERVER)
    elif not store.is_file:
        yield left_out(elsewhere(REGISTRY_ELSEWHERE, store.place), IN_A_DATABASE)
    if settings.orders.database is not None:
        yield left_out(ORDERS_ELSEWHERE, YOURS)
    if settings.list.playbooks and _inside(settings.folder, settings.list.playbooks) is None:
        yield left_out(str(settings.list.playbooks), PLAYBOOKS_ELSEWHERE, is_file=True)


def _inside(folder: Path, path: Path) -> str | None:
    """Return a path as it is written in a shop's folder; None where it lies elsewhere."""
    try:
        return Path(os.path.abspath(folder / path)).relative_to(folder).as_posix()
    except ValueError:
        return None


def _all_in(folder: Path, room: str) -> list[str]:
    """Return every file below a room of the shop's folder; a link to elsewhere is not followed."""
    found = (Path(where, name) for where, _, names in os.walk(folder / room) for name in names)
    return sorted(path.relative_to(folder).as_posix() for path in found if not path.is_symlink() and path.is_file())


def _is_database(path: Path) -> bool:
    with suppress(FileNotFoundError), path.open("rb") as file:
        return file.read(16) == b"SQLite format 3\0"
    return False
