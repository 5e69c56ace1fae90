"""Looks through the files of a shop's folder for what names a person: lists, scores and mails that were written there.

An id is looked for where it is a cell of a column of customers; an id that cannot be a number, a name, a phone and a
mail address wherever they stand as they are.
"""

from __future__ import annotations

import csv
import gzip
import html
import re
import zipfile
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from email import message_from_binary_file, policy
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from features.language.languages import LANGUAGES
from features.language.messages import said
from features.sources.cells import customer_id as clean_id
from serving.commands.privacy.persons import ID_COLUMN, Person
from serving.config.settings import STATE_FOLDER
from serving.outreach.exports.layout import SHEET_COLUMNS

LEAST_LETTERS, LEAST_DIGITS = 3, 7  # a shorter text stands by chance in what is of others
OWN_DIGITS = 9  # of a phone, without what its country and its trunk put before
ROWS_AT_ONCE = 10_000
_BETWEEN = r"[\s().\-/]{0,3}"  # the digits of a phone
_JSON_ID = re.compile(r'"(?:customer_id|account_id)":\s*"((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True)
class Mention:
    """A file of the folder that names a person, and on how many lines (or how often, where it has none)."""

    file: str
    times: int


def mentions(folder: Path, found: Sequence[Person], skip: Collection[Path]) -> list[Mention]:
    """Return the files below a folder that name one of some persons, in the order of their names.

    Args:
        folder: of the shop; hidden folders of others than Regulars are not looked into.
        found: the persons.
        skip: files that are told of otherwise, or that hold no person.
    """
    looked_for = _LookedFor.of(found)
    left = {path.resolve() for path in skip}
    named = ((path, _times(path, looked_for)) for path in _files(folder) if path.resolve() not in left)
    return [Mention(path.relative_to(folder).as_posix(), times) for path, times in named if times]


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.is_symlink():
            continue
        if path.is_dir() and (not path.name.startswith(".") or path.name == STATE_FOLDER):
            yield from _files(path)
        elif path.is_file():
            yield path


@dataclass(frozen=True, repr=False)
class _LookedFor:
    """Ids, and a pattern of the texts that tell a person wherever they stand."""

    ids: frozenset[str]
    telling: re.Pattern[str] | None

    @classmethod
    def of(cls, found: Sequence[Person]) -> _LookedFor:
        ids = frozenset(each for person in found for each in person.ids)
        texts = {each for each in (*ids, *(text for person in found for text in person.texts)) if is_telling(each)}
        words = "|".join(_pattern(each) for each in sorted(texts, key=len, reverse=True))
        return cls(ids, re.compile(rf"(?<![\w@+-])(?:{words})(?![\w@])") if words else None)

    def in_text(self, text: str) -> bool:
        return self.telling is not None and self.telling.search(text) is not None

    def in_json(self, text: str) -> bool:
        return any(each in self.ids for each in _JSON_ID.findall(text))


def _pattern(text: str) -> str:
    """Return the pattern of a text; of a phone the last digits, in any grouping, with or without its country's code.

    >>> pattern = re.compile(_pattern("+30 697 1234567"))
    >>> [pattern.fullmatch(shown) is not None for shown in ("697 123-4567", "(0030) 6971234567")]
    [True, True]
    """
    if any(char.isalpha() for char in text):
        return re.escape(text)
    own = [int(each) for each in text if each.isdecimal()][-OWN_DIGITS:]
    digits = (f"[{digit}{'۰۱۲۳۴۵۶۷۸۹'[digit]}{'٠١٢٣٤٥٦٧٨٩'[digit]}]" for digit in own)
    return rf"(?:[(+\d][\d\s().\-/]{{0,9}})?{_BETWEEN.join(digits)}"


def is_telling(text: str) -> bool:
    """Say whether a text is too long, or too much of letters, to stand somewhere by chance.

    >>> is_telling("c17"), is_telling("17"), is_telling("0030 210 1234567"), is_telling("Ann Lee")
    (False, False, True, True)
    """
    letters = sum(char.isalpha() for char in text)
    return letters >= LEAST_LETTERS or letters + sum(char.isdigit() for char in text) >= LEAST_DIGITS


def _times(path: Path, looked_for: _LookedFor) -> int:
    """Return on how many lines a file names them; one that cannot be read names nobody."""
    times = int(looked_for.in_text(path.name))
    with suppress(OSError, pa.ArrowException, zipfile.BadZipFile, csv.Error, EOFError):
        times += sum(_hits(path, looked_for))
    return times


def _hits(path: Path, looked_for: _LookedFor) -> Iterator[bool]:
    """Yield of each line of a file, as people read it, whether it names one of them."""
    with path.open("rb") as file:
        start = file.read(4)
    if start.startswith(b"PK\x03\x04"):
        return _in_archive(path, looked_for)
    if start == b"PAR1":
        return _in_table(_parquet_rows(path), looked_for)
    if path.suffix == ".eml":
        return map(looked_for.in_text, _mail_lines(path))
    return _in_plain_text(path, gzip.open if start.startswith(b"\x1f\x8b") else open, looked_for)


def _in_archive(path: Path, looked_for: _LookedFor) -> Iterator[bool]:
    """Yield it of the cells of a workbook, or the members of another archive."""
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            for part in archive.read(name).decode("utf-8", "replace").split("<"):
                tag, _, cell = part.partition(">")
                text = html.unescape(cell if tag else part)
                by_id = (tag.split(" ")[0] == "t" and clean_id(text) in looked_for.ids) or looked_for.in_json(part)
                yield by_id or looked_for.in_text(text)


def _mail_lines(path: Path) -> Iterator[str]:
    with path.open("rb") as file:
        mail = message_from_binary_file(file, policy=policy.default)
    yield from (str(value) for value in mail.values())
    for part in mail.walk():
        if part.get_content_maintype() == "text":
            yield from html.unescape(part.get_content()).splitlines()


def _in_plain_text(path: Path, opened: Callable[..., Any], looked_for: _LookedFor) -> Iterator[bool]:
    with opened(path, "rt", encoding="utf-8-sig", errors="replace", newline="") as text:
        if path.suffix == ".csv":
            yield from _in_table(csv.reader(text, delimiter=_delimiter(path)), looked_for)
            return
        for line in text:
            yield looked_for.in_json(line) or looked_for.in_text(
                html.unescape(line) if path.suffix == ".html" else line
            )


def _parquet_rows(path: Path) -> Iterator[Sequence[str]]:
    with pq.ParquetFile(path) as file:
        yield file.schema_arrow.names
        for batch in file.iter_batches(ROWS_AT_ONCE):
            for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                yield ["" if cell is None else str(cell) for cell in row]


def _in_table(rows: Iterator[Sequence[str]], looked_for: _LookedFor) -> Iterator[bool]:
    header = next(rows, ())
    columns = [index for index, name in enumerate(header) if name.strip().casefold() in _id_headings()]
    yield looked_for.in_text("\t".join(header))
    for row in rows:
        by_id = any(clean_id(row[index]) in looked_for.ids for index in columns if index < len(row))
        yield by_id or looked_for.in_text("\t".join(row))


@cache
def _id_headings() -> frozenset[str]:
    """Return what a column of customers or accounts is called in what Regulars writes, in every language."""
    headings = [column.heading for column in SHEET_COLUMNS if column.name in (ID_COLUMN, "account_id")]
    words = (said(heading, language).casefold() for heading in headings for language in LANGUAGES)
    return frozenset({ID_COLUMN, "account_id", *words})


def _delimiter(path: Path) -> str:
    with path.open(encoding="utf-8-sig", errors="replace") as text:
        first = text.readline()
    return max(",;\t", key=first.count)
