"""The regulars.toml whose orders lie in the folder of copies: the one line that names them, changed where it stands."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from features.errors import InputError
from features.sources.kept.index import FOLDER
from serving.config import Settings


def pointed_to_folder(where: Path, folder: Path, settings: Settings) -> str | None:
    """Return the regulars.toml whose [orders] name the folder, nothing else changed; None where they do already.

    Args:
        where: the file.
        folder: of the copies.
        settings: what the file says.

    Raises:
        InputError: the file is written in a way that only its owner can change; says the line to write.
    """
    if settings.orders.paths == (folder,):
        return None
    old = where.read_text(encoding="utf-8")
    new, wanted = _with_folder(old), tomllib.loads(old)
    wanted["orders"]["file"] = FOLDER
    try:
        if new is not None and tomllib.loads(new) == wanted:
            return new
    except tomllib.TOMLDecodeError:
        pass
    remedy = f'make {folder}, move the orders there, and write file = "{FOLDER}" under [orders]; then run this again'
    raise InputError(f"{where} names the orders in a way that is not changed here; {remedy}")


def _with_folder(toml: str) -> str | None:
    r"""Return a regulars.toml whose orders are in the folder; None where its [orders] names no file on one line.

    >>> print(_with_folder('[orders]\nfile = "o.csv"  # by hand\n[events]\nfile = "e.csv"'))
    [orders]
    file = "kept-exports"  # by hand
    [events]
    file = "e.csv"
    """
    section = re.search(r"(?ms)^\[orders\][^\n]*\n(?P<keys>.*?)(?=^\[|\Z)", toml)
    if section is None:
        return None
    keys, found = re.subn(r"""(?m)^(\s*file\s*=\s*)("[^"\n]*"|'[^'\n]*')""", rf'\1"{FOLDER}"', section["keys"], count=1)
    return toml[: section.start("keys")] + keys + toml[section.end("keys") :] if found else None
