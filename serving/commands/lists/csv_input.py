"""Small tables that people hand in, such as outcomes: CSV of a spreadsheet; every wrong cell is reported at once.

What is wrong is said in sentences that know their message, so that a page says it in the language of who handed it in.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from features.clock import date_of
from features.errors import InputError, Violation, meant
from features.faults import cannot_be
from features.language.jalali import day_number
from features.language.messages import Message, Sentence, in_a_row, message_in, sentence
from features.money import Money, minor_units

if TYPE_CHECKING:
    from _csv import Reader as _Reader

DELIMITERS = (",", ";", "\t")
_DOTTED = re.compile(r"^(\d\d?)\.(\d\d?)\.(\d{4})$")
_SLASHED = re.compile(r"^(\d\d?)/(\d\d?)/(\d{4})$")
_JALALI = re.compile(r"^(1[34]\d\d)[/-](\d\d?)[/-](\d\d?)$")  # no list is of the Middle Ages
_DIGITS = {ord(digit): str(number % 10) for number, digit in enumerate("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩")}
MOST_BYTES = 100_000_000
EXTRA = ""  # the column of cells that stand under no heading


@dataclass(frozen=True)
class Row:
    """One line of a table: the cells by column of the header, stripped, and the physical line in the file."""

    cells: Mapping[str, str]
    line: int


@dataclass(frozen=True)
class Table:
    """A table whose header was read; its rows are read once.

    Args:
        name: what errors call it.
        header: the columns that it names.
        rows: below the header.
        headed: the header as it is written there.
    """

    name: str
    header: Sequence[str]
    rows: _Reader
    headed: Sequence[str] = ()


def open_table(path: Path, name: str = "", headings: Mapping[str, str] | None = None) -> Table:
    """Open a CSV with a header, in UTF-8, separated by comma, semicolon or tab.

    Args:
        path: of the file.
        name: what errors call it; "" = as the file is called.
        headings: what else a column may be headed → the column.

    Raises:
        InputError: it cannot be read.
    """
    text, name = _text(path), name or path.name
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    try:
        header = [snake_case(cell) for cell in next(reader, [])]
    except csv.Error as error:
        raise _not_a_csv(name, reader, error) from None
    return Table(name, [(headings or {}).get(cell, cell) for cell in header], reader, header)


class Sheet:
    """A table that is read cell by cell; what is wrong is collected in `wrong`, so that all of it is reported at once.

    Args:
        table: opened, and not read yet.
        columns: that may be there.
        required: those that must.
        marks: a table with all of these columns is a list of ours, whose other columns are passed over.
        by_record: rows are counted as a workbook counts them, whatever line breaks their cells hold.
        day_first: days with slashes begin with the day, as 31/3/2026.

    Raises:
        InputError: its header is wrong, or its rows cannot be read.
    """

    def __init__(
        self,
        table: Table,
        columns: Sequence[str],
        required: Sequence[str],
        *,
        marks: frozenset[str] = frozenset(),
        by_record: bool = False,
        day_first: bool = False,
    ) -> None:
        self.name, self.day_first = table.name, day_first
        self.wrong: list[Violation] = []
        self.is_list = bool(marks) and marks <= set(table.header)
        if not self.is_list:
            _check_header(self.name, table.header, columns, required)
        self.rows = list(_rows(self.name, table.rows, table.header, by_record=by_record))
        for row in self.rows:
            if row.cells[EXTRA]:
                # Else a comma in a note or an amount would move what follows into other columns, unseen.
                quoted = sentence('write a cell that holds commas as "…"')
                self._note(row, "", sentence("under any heading"), row.cells[EXTRA], quoted)

    def text(self, row: Row, column: str) -> str | None:
        """Return a cell; None where it is empty."""
        return row.cells.get(column) or None

    def needed(self, row: Row, column: str) -> str:
        """Return a cell that must say something."""
        if not row.cells[column]:
            self._note(row, column, "", "", sentence("write it"))
        return row.cells[column]

    def day(self, row: Row, column: str) -> date:
        """Return a day in one of the forms of `day_of`."""
        text = row.cells.get(column, "")
        try:
            return day_of(text, day_first=self.day_first)
        except ValueError:
            self._note(row, column, sentence("a day"), text, sentence("write it as 2026-03-31"))
            return date.min

    def money(self, row: Row, column: str, money: Money) -> int | None:
        """Return what something cost in minor units; None where the cell is empty."""
        text = row.cells.get(column, "")
        try:
            minor = minor_units(text, money) if text else None
        except ValueError:
            self._note(row, column, sentence("an amount"), text, sentence("write it as 12.50, without a currency"))
            return None
        if minor is not None and minor < 0:
            self._note(row, column, sentence("0 or more"), text, sentence("write what it cost"))
            return None
        return minor

    def _note(self, row: Row, column: str, rule: str, value: str, remedy: str) -> None:
        told = rule if value else sentence("is empty")
        self.wrong.append(Violation(self.name, row.line, column, told, value, remedy))


def day_of(text: str, *, day_first: bool = False) -> date:
    """Return a day as people write it into a sheet; a year of the 14th or 15th century is one of the Jalali calendar.

    With dots no country begins with the month.

    Args:
        text: of the cell.
        day_first: with slashes it begins with the day.

    Raises:
        ValueError: it is none.

    >>> day_of("31.03.2026") == day_of("2026-03-31") == day_of("۱۴۰۵/۰۱/۱۱") == day_of("31/3/2026", day_first=True)
    True
    """
    plain = text.translate(_DIGITS)
    if found := _JALALI.match(plain):
        return date_of(day_number(*map(int, found.groups())))
    if found := _DOTTED.match(plain) or (_SLASHED.match(plain) if day_first else None):
        day, month, year = map(int, found.groups())
        return date(year, month, day)
    return date.fromisoformat(plain)


def check_size(path: Path) -> None:
    """Refuse a file that is missing or too large to be handed in.

    Raises:
        InputError: it is.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise InputError(sentence("{file} is larger than 100 MB: hand it in in parts", file=path.name))
    except FileNotFoundError:
        raise InputError(f"{path} cannot be read: there is no such file") from None
    except OSError as error:
        raise cannot_be("read", path, error) from None


def _text(path: Path) -> str:
    check_size(path)
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise cannot_be("read", path, error) from None
    except UnicodeDecodeError:
        told = sentence("{file} cannot be read as a CSV in UTF-8: save it as CSV UTF-8", file=path.name)
        raise InputError(told) from None


def _rows(name: str, reader: _Reader, header: Sequence[str], *, by_record: bool) -> Iterator[Row]:
    try:
        for number, cells in enumerate(reader, start=2):
            found = _by_column(header, [cell.strip() for cell in cells])
            if any(found.values()):
                yield Row(found, number if by_record else reader.line_num)
    except csv.Error as error:
        raise _not_a_csv(name, reader, error) from None


def _not_a_csv(name: str, reader: _Reader, error: csv.Error) -> InputError:
    place = {"file": message_in(name), "line": reader.line_num}
    return InputError(sentence("{file}, line {line}: it cannot be read as a CSV: {why}", **place, why=str(error)))


def _by_column(header: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    """Return the cells by column, what is missing as empty, and what stands under no heading together."""
    named = dict.fromkeys(header, "") | dict(zip(header, cells, strict=False))
    beyond = [*(cell for name, cell in zip(header, cells, strict=False) if not name), *cells[len(header) :]]
    return named | {EXTRA: " ".join(cell for cell in beyond if cell)}


def _delimiter(text: str) -> str:
    first = text.partition("\n")[0]
    return max(DELIMITERS, key=first.count)


def snake_case(text: str) -> str:
    """Return a heading or a word as the book writes it.

    >>> snake_case("Not saved"), snake_case("do-not-contact")
    ('not_saved', 'do_not_contact')
    """
    return re.sub(r"[\s-]+", "_", text.strip().casefold())


def _check_header(name: str, header: Sequence[str], columns: Sequence[str], required: Sequence[str]) -> None:
    known = in_a_row([sentence("{name}", name=each) for each in columns], commas=True)
    missing = sentence("is missing")
    wrong = [
        Violation(name, 1, column, missing, "", sentence("known columns are {columns}", columns=known))
        for column in required
        if column not in header
    ]
    wrong += [
        Violation(name, 1, column, sentence("no such column"), "", _known_columns(column, columns, known))
        for column in header
        if column and column not in columns
    ]
    wrong += [
        Violation(name, 1, column, sentence("stands there twice"), "", sentence("keep one of them"))
        for column in columns
        if header.count(column) > 1
    ]
    if wrong:
        raise InputError(sentence("{file} cannot be used; nothing of it was recorded", file=message_in(name)), wrong)


def _known_columns(column: str, columns: Sequence[str], known: Message) -> Sentence:
    if word := meant(column, columns):
        return sentence('known columns are {columns}. Did you mean "{word}"?', columns=known, word=word)
    return sentence("known columns are {columns}.", columns=known)
