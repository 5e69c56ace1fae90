"""Small tables that people hand in, such as outcomes: CSV of a spreadsheet; every wrong cell is reported at once."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from features.errors import InputError, Violation, suggest
from features.faults import cannot_be
from features.money import Money, minor_units

if TYPE_CHECKING:
    from _csv import Reader as _Reader

DELIMITERS = (",", ";", "\t")
_DOTTED = re.compile(r"^(\d\d)\.(\d\d)\.(\d{4})$")
MOST_BYTES = 100_000_000
EXTRA = ""  # the column of cells that stand under no heading


@dataclass(frozen=True)
class Row:
    """One line of a table: the cells by column of the header, stripped, and the physical line in the file."""

    cells: Mapping[str, str]
    line: int


class Sheet:
    """A table that is read cell by cell; what is wrong is collected in `wrong`, so that all of it is reported at once.

    Args:
        path: a CSV with a header, in UTF-8, separated by comma, semicolon or tab.
        columns: that may be there.
        required: those that must.
        name: what errors call it; "" = as the file is called.
        headings: what else a column may be headed → the column.
        marks: a table with all of these columns is a list of ours, whose other columns are passed over.
        by_record: rows are counted as a workbook counts them, whatever line breaks their cells hold.

    Raises:
        InputError: the file cannot be read, or its header is wrong.
    """

    def __init__(
        self,
        path: Path,
        columns: Sequence[str],
        required: Sequence[str],
        *,
        name: str = "",
        headings: Mapping[str, str] | None = None,
        marks: frozenset[str] = frozenset(),
        by_record: bool = False,
    ) -> None:
        self.name = name or path.name
        self.wrong: list[Violation] = []
        others = {heading: column for heading, column in (headings or {}).items() if heading not in columns}
        reader, header = _opened(path, self.name, others)
        self.is_list = bool(marks) and marks <= set(header)
        if not self.is_list:
            _check_header(self.name, header, columns, required)
        self.rows = list(_rows(self.name, reader, header, by_record=by_record))
        for row in self.rows:
            if row.cells[EXTRA]:
                # Else a comma in a note or an amount would move what follows into other columns, unseen.
                self._note(row, "", "under any heading", row.cells[EXTRA], 'write a cell that holds commas as "…"')

    def text(self, row: Row, column: str) -> str | None:
        """Return a cell; None where it is empty."""
        return row.cells.get(column) or None

    def needed(self, row: Row, column: str) -> str:
        """Return a cell that must say something."""
        if not row.cells[column]:
            self._note(row, column, "", "", "write it")
        return row.cells[column]

    def day(self, row: Row, column: str) -> date:
        """Return a day, as 2026-03-31 or as 31.03.2026: with dots no country begins with the month."""
        text = row.cells.get(column, "")
        try:
            return date.fromisoformat(_DOTTED.sub(r"\3-\2-\1", text))
        except ValueError:
            self._note(row, column, "a day", text, "write it as 2026-03-31")
            return date.min

    def money(self, row: Row, column: str, money: Money) -> int | None:
        """Return what something cost in minor units; None where the cell is empty."""
        text = row.cells.get(column, "")
        try:
            minor = minor_units(text, money) if text else None
        except ValueError:
            self._note(row, column, "an amount", text, "write it as 12.50, without a currency")
            return None
        if minor is not None and minor < 0:
            self._note(row, column, "0 or more", text, "write what it cost")
            return None
        return minor

    def _note(self, row: Row, column: str, rule: str, value: str, remedy: str) -> None:
        self.wrong.append(Violation(self.name, row.line, column, rule if value else "is empty", value, remedy))


def _opened(path: Path, name: str, headings: Mapping[str, str]) -> tuple[_Reader, list[str]]:
    """Return the rows below the header, and the columns that the header names."""
    text = _text(path)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    try:
        header = [snake_case(cell) for cell in next(reader, [])]
    except csv.Error as error:
        raise _not_a_csv(name, reader, error) from None
    return reader, [headings.get(cell, cell) for cell in header]


def check_size(path: Path) -> None:
    """Refuse a file that is missing or too large to be handed in.

    Raises:
        InputError: it is.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise InputError(f"{path.name} is larger than 100 MB: hand it in in parts")
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
        raise InputError(f"{path} cannot be read as a CSV in UTF-8: save it as CSV UTF-8") from None


def _rows(name: str, reader: _Reader, header: Sequence[str], *, by_record: bool) -> Iterator[Row]:
    try:
        for number, cells in enumerate(reader, start=2):
            found = _by_column(header, [cell.strip() for cell in cells])
            if any(found.values()):
                yield Row(found, number if by_record else reader.line_num)
    except csv.Error as error:
        raise _not_a_csv(name, reader, error) from None


def _not_a_csv(name: str, reader: _Reader, error: csv.Error) -> InputError:
    return InputError(f"{name}, line {reader.line_num}: it cannot be read as a CSV: {error}")


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
    known = f"known columns are {', '.join(columns)}"
    wrong = [Violation(name, 1, column, "is missing", "", known) for column in required if column not in header]
    wrong += [
        Violation(name, 1, column, "no such column", "", f"{known}.{suggest(column, columns)}")
        for column in header
        if column and column not in columns
    ]
    wrong += [
        Violation(name, 1, column, "stands there twice", "", "keep one of them")
        for column in columns
        if header.count(column) > 1
    ]
    if wrong:
        raise InputError(f"{name} cannot be used; nothing of it was recorded", wrong)
