"""The encoding of a text file, and a copy of it in UTF-8 where it is another one."""

from __future__ import annotations

import codecs
import shutil
from pathlib import Path

from features.sources.opening.refusal import refusal

BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_UTF8 = ("utf-8", "utf-8-sig", "ascii")
_START, _CHUNK = 1 << 12, 1 << 22
_MANY_NULS = 0.3


def shown_by_bytes(path: Path) -> str | None:
    """Return the encoding that the first bytes show: by a mark, or as UTF-16 by every other byte being NUL.

    >>> from tempfile import mkdtemp
    >>> file = Path(mkdtemp()) / "orders.csv"
    >>> _ = file.write_bytes("Order ID,Total".encode("utf-16-le"))
    >>> shown_by_bytes(file)
    'utf-16-le'
    """
    with path.open("rb") as file:
        start = file.read(_START)
    for bom, name in BOMS:
        if start.startswith(bom):
            return name
    for first, name in ((1, "utf-16-le"), (0, "utf-16-be")):
        if start[first::2].count(0) > _MANY_NULS * len(start) / 2 and not start[1 - first :: 2].count(0):
            return name
    return None


def as_utf8(path: Path, name: str, encoding: str, folder: Path) -> tuple[Path, int]:
    """Return a file as UTF-8, itself or a copy in the folder, and how many NUL bytes the copy leaves out.

    What the bytes show counts more than the encoding that is given.

    Raises:
        InputError: bytes that are not of this encoding, with their line.
    """
    encoding = shown_by_bytes(path) or encoding
    try:
        if codecs.lookup(encoding).name in _UTF8:
            nuls = _count_nuls(path)
            return (path, 0) if not nuls else (_without_nuls(path, folder), nuls)
        copy = folder / f"{path.name}.utf8"
        with path.open(encoding=encoding, newline="") as file, copy.open("w", encoding="utf-8", newline="") as out:
            shutil.copyfileobj(file, out, _CHUNK)
        return copy, 0
    except UnicodeError as error:
        others = 'set encoding to "cp1253" (Greek), "cp1256" (Persian, Arabic), "cp1252" (Western) or "utf-16"'
        raise refusal(name, f"is not written in {encoding}", others, _bad_line(path, encoding)) from error


def _count_nuls(path: Path) -> int:
    nuls, decoder = 0, codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        for chunk in iter(lambda: file.read(_CHUNK), b""):
            nuls += chunk.count(0)
            if not chunk.isascii() or decoder.getstate()[0]:  # what is ASCII is UTF-8, and most of a large file is
                decoder.decode(chunk)
    decoder.decode(b"", final=True)
    return nuls


def _without_nuls(path: Path, folder: Path) -> Path:
    copy = folder / f"{path.name}.plain"
    with path.open("rb") as file, copy.open("wb") as out:
        for chunk in iter(lambda: file.read(_CHUNK), b""):
            out.write(chunk.replace(b"\0", b""))
    return copy


def _bad_line(path: Path, encoding: str) -> int | None:
    """Return the first line that is not in the encoding; None in UTF-16, where bytes do not show the lines."""
    if encoding.lower().startswith("utf-16"):
        return None
    with path.open("rb") as file:
        for line, content in enumerate(file, start=1):
            try:
                content.decode(encoding)
            except UnicodeError:
                return line
    return None
