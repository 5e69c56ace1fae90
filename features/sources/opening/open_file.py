"""A shop's file that is open, as one table whatever it is made of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import Any

import duckdb

from features.errors import Violation, suggest
from features.sources import cells
from features.sources.mapping import FileFormat
from features.sources.opening.parts import Part
from features.sources.opening.refusal import several

TOTAL = "total"
PART = "part"
SAME_NAME = "#"  # "subtotal#2" is the second column of this name


@dataclass(frozen=True)
class Mark:
    """A column of the source that marks rows which a rule leaves out."""

    rule: str
    column: str


@dataclass(frozen=True)
class Place:
    """Where a row lies: file and physical line, its cells as written.

    Args:
        file: of the row.
        line: from 1.
        record: its cells, one per column.
        beside: file and line of the cells that stand in another file.
        beside_from: the first column of these.
    """

    file: str
    line: int
    record: list[str]
    beside: tuple[str, int] | None = None
    beside_from: int = 0

    def of(self, column: int | None) -> tuple[str, int]:
        """Return file and line of a cell."""
        if self.beside is not None and column is not None and column >= self.beside_from:
            return self.beside
        return self.file, self.line


@dataclass(frozen=True)
class OpenFile:
    """A table that can be read: its columns, and the SQL that reads them.

    `source` is a SQL table expression whose columns are c0, c1, … and, where `numbered`, row_no, the number of the row
    among those of all parts; `marks` name its flags of rows that are left out. `header` names columns of one name by
    their place: "subtotal#2". `others` are the files that are joined with it, of which the first holds the columns from
    `lines_from` on; those of persons begin at `persons_from`.
    """

    connection: duckdb.DuckDBPyConnection
    path: Path
    header: tuple[str, ...]
    sql_types: tuple[str, ...]
    source: str
    parts: tuple[Part, ...]
    folder: Path
    marks: tuple[Mark, ...] = ()
    numbered: bool = False
    delimiter: str = ""
    encoding: str = "utf-8"
    notes: tuple[str, ...] = ()
    form: FileFormat = field(default_factory=FileFormat)
    more_counts: Mapping[str, int] = field(default_factory=dict)
    others: tuple[OpenFile, ...] = ()
    lines_from: int | None = None
    persons_from: int | None = None

    @property
    def marked(self) -> bool:
        """Whether the source has a flag `total` of rows that may be totals."""
        return any(mark.column == TOTAL for mark in self.marks)

    @property
    def has_part(self) -> bool:
        """Whether the source says of each row in which of several files it lies."""
        return len(self.parts) > 1 and PART in self.connection.sql(f"SELECT * FROM {self.source} LIMIT 0").columns

    @property
    def name(self) -> str:
        """The file as it is called in messages."""
        return self.path.name

    @property
    def is_text(self) -> bool:
        """Whether cells are texts, so that their decimal mark is the file's."""
        return any(part.text is not None for part in self.parts)

    @property
    def ragged(self) -> tuple[Violation, ...]:
        """The first rows that were left out because they have more or fewer cells than the header."""
        return tuple(each for part in self._all_parts for each in part.ragged)

    @property
    def _all_parts(self) -> tuple[Part, ...]:
        return (*self.parts, *(part for other in self.others for part in other.parts))

    @property
    def n_ragged(self) -> int:
        """How many rows were left out so."""
        return sum(part.n_ragged for part in self._all_parts)

    @property
    def counts(self) -> Mapping[str, int]:
        """Rule -> lines of the files that are no rows of the table."""
        return sum((Counter(part.counts) for part in self._all_parts), Counter(self.more_counts))

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query on the file's connection."""
        return self.connection.execute(sql).fetchall()

    def column_index(self, wanted: str) -> int | None:
        """Return the index of a column by its header: exact, else without regard to case and spaces around."""
        if wanted in self.header:
            return self.header.index(wanted)
        folded = [name.strip().casefold() for name in self.header]
        return folded.index(wanted.strip().casefold()) if wanted.strip().casefold() in folded else None

    def missing(self, wanted: str) -> Violation:
        """Return the violation of a column that is not there, or that is there several times."""
        again = [name for name in self.header if self.plain_header(name).casefold() == wanted.strip().casefold()]
        if again:
            rule = f"is the name of {len(again)} columns"
            return Violation(self.name, 1, wanted, rule, "", f"write which one is meant: {several(again)}")
        meant = suggest(wanted, self.header)
        known = several(self.header)
        return Violation(self.name, 1, wanted, "is not in the file", "", f"the file has {known}.{meant}".rstrip("."))

    def plain_header(self, name: str) -> str:
        """Return a header as the file writes it, without the number of its place."""
        if name in self.form.line_columns and SAME_NAME in name:  # "Item # Price" is the price of an item
            before, _, behind = name.partition(SAME_NAME)
            return behind.strip(" _-.") or before.strip(" _-.")
        plain, mark, number = name.rpartition(SAME_NAME)
        return plain if mark and number.isdigit() and f"{plain}{SAME_NAME}1" in self.header else name

    def located(self, rows: Set[int]) -> dict[int, Place]:
        """Return where some rows lie, by their numbers from 0, and their cells."""
        if not rows:
            return {}
        if len(self.parts) == 1 and not self.numbered:
            found = self.parts[0].located(self.connection, rows)
            return {row: Place(self.parts[0].name, *each) for row, each in found.items()}
        columns = ", ".join(f"c{index}" for index in range(len(self.header)))
        base = "row_no" if self.numbered else "place"
        line = "NULL" if self.lines_from is None else "line_no"
        numbered = f"(SELECT *, row_number() OVER () - 1 AS place FROM {self.source})"
        wanted = f"SELECT unnest([{', '.join(map(str, sorted(rows)))}])"
        found_rows = self.query(f"SELECT place, {base}, {line}, {columns} FROM {numbered} WHERE place IN ({wanted})")
        found_rows.sort(key=lambda row: int(row[0]))
        places = self._in_parts({int(row[1]) for row in found_rows if row[1] is not None})
        lines = {int(row[2]) for row in found_rows if row[2] is not None}
        beside = self.others[0].located(lines) if lines else {}
        return {int(row[0]): self._place(row, places, beside) for row in found_rows}

    def _place(self, row: tuple[Any, ...], places: Mapping[int, tuple[str, int]], beside: Mapping[int, Place]) -> Place:
        """Return the place of a row that was found with its number, that of its line and its cells."""
        line = None if row[2] is None else beside[int(row[2])].of(None)
        at = places[int(row[1])] if row[1] is not None else line
        assert at is not None
        return Place(*at, [cells.text(cell) for cell in row[3:]], line, self.lines_from or 0)

    def _in_parts(self, rows: Set[int]) -> dict[int, tuple[str, int]]:
        sizes = [int(self.query(f"SELECT count(*) FROM {part.source}")[0][0]) for part in self.parts]
        places: dict[int, tuple[str, int]] = {}
        for part, begin, size in zip(self.parts, accumulate(sizes, initial=0), sizes, strict=False):
            inside = {row - begin for row in rows if begin <= row < begin + size}
            found = part.located(self.connection, inside)
            places |= {row + begin: (part.name, line) for row, (line, _) in found.items()}
        return places


def by_place(header: Sequence[str]) -> tuple[str, ...]:
    """Return headers with the place behind each name that comes several times.

    >>> by_place(["id", "total", "total", "", ""])
    ('id', 'total#1', 'total#2', '', '')
    """
    often, seen = Counter(header), Counter[str]()
    named: list[str] = []
    for name in header:
        seen[name] += 1
        named.append(f"{name}{SAME_NAME}{seen[name]}" if name and often[name] > 1 else name)
    return tuple(named)
