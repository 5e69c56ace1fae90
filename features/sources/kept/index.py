"""Copies of a shop's exports in a folder of ours, named by the order in which they came and by their content.

The folder is read as one table, by name: an order that comes again later is its later state. An index beside the copies
says when each came, so that a log can be read as it was known on a day.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tomllib
from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from features.atomic_write import whole
from features.errors import InputError
from features.faults import faults_at
from features.file_access import Access
from features.sources.mapping import Shop
from features.sources.opening.refusal import refusal

FOLDER, INDEX = "kept-exports", "index.toml"
_DIGITS = 12  # of the digest, in a name
_COPY = re.compile(rf"\d{{4,}}-(?P<digest>[0-9a-f]{{{_DIGITS}}})\.")
_COMPRESSED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ")
_PACKED = (
    (b"PK\x03\x04", "a workbook or an archive"),
    (b"\xd0\xcf\x11\xe0", "a workbook"),
    *((mark, "compressed") for mark in _COMPRESSED),
)
_JSON = (".json", ".jsonl", ".ndjson")


@dataclass(frozen=True)
class Kept:
    """One export that is kept.

    Args:
        name: of the copy in the folder.
        digest: SHA-256 of the export as it came; the copy may have lost the rows of a customer since.
        original: what the export was called.
        imported_at: when it came, with its zone.
    """

    name: str
    digest: str
    original: str
    imported_at: datetime


def digest_of(file: Path) -> str:
    """Return the SHA-256 of a file's content."""
    with faults_at(file), file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def kept_in(folder: Path) -> tuple[Kept, ...]:
    """Return what the index of a folder names, in the order in which it came; nothing where there is no index.

    Raises:
        InputError: the index was changed by hand and cannot be read.
    """
    index = folder / INDEX
    if not index.exists():
        return ()
    try:
        with faults_at(index):
            rows = tomllib.loads(index.read_text(encoding="utf-8")).get("export", [])
        found = [Kept(row["name"], row["digest"], row["original"], row["imported_at"]) for row in rows]
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError, TypeError) as error:
        raise InputError(f"{index} cannot be read: {error}; put back what Regulars wrote there") from error
    return tuple(sorted(found, key=lambda each: each.name))


def write_index(folder: Path, kept: Iterable[Kept], access: Access) -> None:
    """Write the index of a folder, whole or not at all."""
    head = "# Written by `regulars add`: which exports lie here, and when each of them came.\n"
    with whole(folder / INDEX, access) as half:
        half.write_text(head + "".join(map(_entry, kept)), encoding="utf-8")


def _entry(each: Kept) -> str:
    texts = {"name": each.name, "digest": each.digest, "original": each.original}
    lines = [f"{key} = {json.dumps(text, ensure_ascii=False)}" for key, text in texts.items()]
    return "\n".join(["", "[[export]]", *lines, f"imported_at = {each.imported_at.isoformat()}", ""])


def keep(
    folder: Path, file: Path, number: int, imported_at: datetime, access: Access, shorten: Callable[[Path], object]
) -> Kept:
    """Copy an export as it came into a folder, without what is to be left out of it.

    Args:
        folder: made where it is missing.
        file: the export.
        number: its place among all of the folder, from 1.
        imported_at: when it came.
        access: who may read the copy.
        shorten: takes rows out of the copy before it has its name.

    Raises:
        InputError: it is packed or JSON: of such a copy no customer could be erased; or it cannot be copied.
    """
    refuse_packed(file)
    digest = digest_of(file)
    name = f"{number:04}-{digest[:_DIGITS]}{file.suffix.lower() or '.csv'}"
    with whole(folder / name, access) as half, faults_at(file):
        shutil.copyfile(file, half)
        shorten(half)
    return Kept(name, digest, file.name, imported_at)


def remove_half_added(folder: Path, kept: Iterable[Kept], again: Set[str]) -> None:
    """Remove copies that the index does not name and that come again: who made them was killed.

    They would be read as orders beside the copy that is made now. What does not come again stays: it may be all there
    is of it.

    Args:
        folder: of the copies; it may be missing.
        kept: what the index names.
        again: digests of the exports that are being added.
    """
    named = {each.name for each in kept}
    # A copy is known by the digest in its name: rows of customers who were forgotten may be missing in it.
    begins = {digest[:_DIGITS] for digest in again}
    for file in folder.glob("*"):
        if (copy := _COPY.match(file.name)) and file.name not in named and copy["digest"] in begins:
            with faults_at(file):
                file.unlink()


def refuse_packed(file: Path) -> None:
    """Refuse what is neither text nor Parquet: a customer could not be erased from a copy of it.

    Raises:
        InputError: names the file and what it is.
    """
    with faults_at(file), file.open("rb") as content:
        start = content.read(8)
    kind = next((words for mark, words in _PACKED if start.startswith(mark)), None)
    kind = kind or ("JSON" if file.suffix.lower() in _JSON else None)
    if kind:
        remedy = "add it as CSV or Parquet: a copy that is kept must be one from which a customer can be erased"
        raise refusal(file.name, f"is {kind}", remedy)


def known_on(folder: Path, shop: Shop, day: date) -> tuple[Path, ...]:
    """Return the copies of the exports that had come by the end of a business day.

    Raises:
        InputError: none had.
    """
    kept = kept_in(folder)
    files = tuple(folder / each.name for each in kept if shop.business_day(each.imported_at) <= day)
    if not files:
        raise InputError(_too_early(kept, shop, day))
    return files


def _too_early(kept: Sequence[Kept], shop: Shop, day: date) -> str:
    if not kept:
        return f"what was known on {day} cannot be told: no export was added with regulars add"
    first = min(shop.business_day(each.imported_at) for each in kept)
    return f"nothing was known on {day}: the first export came on {first}"
