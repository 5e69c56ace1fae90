"""What a file holds: one table, or the sheets of a workbook, or the files of an archive."""

from __future__ import annotations

import bz2
import gzip
import lzma
import shutil
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Literal

from features.faults import machine_fault
from features.sources.opening.refusal import refusal, several
from features.sources.opening.spreadsheets import sheets

_CHUNK = 1 << 20
_COMPRESSED = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\x00": lzma.open}
_OLE, _ZIP, _PARQUET, _ZSTD, _SEVEN = b"\xd0\xcf\x11\xe0", b"PK\x03\x04", b"PAR1", b"(\xb5/\xfd", b"7z\xbc\xaf'\x1c"
_JUNK = ("__MACOSX", ".DS_Store", "Thumbs.db")
_ENCRYPTED = 0x1


@dataclass(frozen=True)
class Table:
    """A table that lies somewhere in a file.

    Args:
        name: as messages call it: "orders.csv", "exports.zip: june.csv", "shop.xlsx: Orders".
        label: the sheet or the file of an archive, "" where the file is the table.
        path: where it lies as a plain file.
        kind: how it is read; a sheet is a text of one record a row.
    """

    name: str
    label: str
    path: Path
    kind: Literal["text", "sheet", "parquet", "json"]


def tables_in(path: Path, folder: Path, wanted: str | None = None) -> list[Table]:
    """Return the tables of a file, at least one; those of archives and workbooks as copies in the folder.

    Args:
        path: the file.
        folder: for the copies.
        wanted: the sheet or the file of an archive, also as a pattern such as "orders-*.csv"; None for all.

    Raises:
        InputError: a file that holds no table, or none of this name.
    """
    tables = list(_tables(path, path.name, "", folder, wanted))
    if not tables:
        raise refusal(path.name, "holds no table", "export it again, with a header line")
    found = [each for each in tables if wanted is None or not each.label or fnmatchcase(each.label, wanted)]
    if not found:
        known = several([each.label for each in tables])
        raise refusal(path.name, f'holds no table "{wanted}"', f"it holds {known}; set table to one of them")
    return found


def is_parquet(path: Path) -> bool:
    """Say whether a file is Parquet, by its first bytes."""
    with path.open("rb") as file:
        return file.read(4) == _PARQUET


def _tables(path: Path, name: str, label: str, folder: Path, wanted: str | None) -> Iterator[Table]:
    with path.open("rb") as file:
        start = file.read(64)
    unpack = next((opener for mark, opener in _COMPRESSED.items() if start.startswith(mark)), None)
    if unpack is not None:
        copy = folder / f"{len(list(folder.iterdir()))}-{path.stem}"
        _unpacked(unpack, path, copy, name)
        yield from _tables(copy, name, label, folder, wanted)
    elif start.startswith(_ZIP):
        yield from _in_zip(path, name, folder, wanted)
    elif start.startswith(_PARQUET):
        yield Table(name, label, path, "parquet")
    elif not start.strip(b"\xef\xbb\xbf\xff\xfe \r\n\t\x00"):
        if not label:
            raise refusal(name, "is empty", "export it again, with a header line")
    else:
        _refuse_others(start, name)
        is_json = start.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] in (b"{", b"[") and b'"' in start
        yield Table(name, label, path, "json" if is_json else "text")


def _refuse_others(start: bytes, name: str) -> None:
    if start.startswith(_OLE):
        raise refusal(name, "is a workbook of the old kind (.xls)", "save it as .xlsx or CSV (UTF-8)")
    if start.startswith((_ZSTD, _SEVEN)):
        raise refusal(name, "is packed in a way that is not read", "unpack it, or pack it as .gz or .zip")
    if start.startswith(b"%PDF"):
        raise refusal(name, "is a PDF", "export the orders as CSV")
    if start.lstrip(b"\xef\xbb\xbf \r\n\t").lower().startswith((b"<html", b"<!doctype", b"<?xml", b"<table")):
        raise refusal(name, "is a web page or XML, whatever its name says", "save it as CSV (UTF-8) or .xlsx")


def _unpacked(unpack: object, path: Path, copy: Path, name: str) -> None:
    try:
        with unpack(path, "rb") as packed, copy.open("wb") as out:  # type: ignore[operator]
            shutil.copyfileobj(packed, out, _CHUNK)
    except (OSError, EOFError, lzma.LZMAError, zlib.error) as error:
        raise machine_fault(error, copy) or refusal(
            name, f"cannot be unpacked ({error})", "export or send it again: it is not whole"
        ) from error


def _in_zip(path: Path, name: str, folder: Path, wanted: str | None) -> Iterator[Table]:
    try:
        with zipfile.ZipFile(path) as archive:
            members = [each for each in archive.infolist() if not each.is_dir() and not _is_junk(each.filename)]
            names = {each.filename for each in members}
            if "xl/workbook.xml" in names:
                yield from (Table(f"{name}: {label}", label, copy, "sheet") for label, copy in sheets(path, folder))
            elif names & {"content.xml", "word/document.xml", "xl/workbook.bin"}:
                raise refusal(name, "is a document of another program", "save the sheet as .xlsx or CSV (UTF-8)")
            else:
                yield from _members(archive, members, name, folder, wanted)
    except zipfile.BadZipFile as error:
        raise refusal(name, f"cannot be unpacked ({error})", "export or send it again: it is not whole") from error


def _members(
    archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], name: str, folder: Path, wanted: str | None
) -> Iterator[Table]:
    for number, member in enumerate(members):
        label = member.filename
        if member.flag_bits & _ENCRYPTED:
            raise refusal(f"{name}: {label}", "is locked with a password", "unpack it first")
        inside = folder / f"{name}-{number}"
        inside.mkdir()
        copy = inside / PurePosixPath(label).name
        with archive.open(member) as packed, copy.open("wb") as out:
            shutil.copyfileobj(packed, out, _CHUNK)
        yield from _tables(copy, f"{name}: {label}", label, inside, wanted)


def _is_junk(label: str) -> bool:
    return any(part in _JUNK or part.startswith("._") for part in PurePosixPath(label).parts)
