"""How a text file is laid out: its delimiter, the line of its header, and what stands around the table."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path

DELIMITERS = (",", ";", "\t", "|")
SPACES = " "
MOST_TITLE_LINES = 40
_START = 1 << 16
_ALIGNED_LINES = 10
_SEP = re.compile(r"^\ufeff?\"?sep=(.)\"?\s*$", re.IGNORECASE)
_MOSTLY = 0.6  # of the cells of a header are filled
_VALUE = re.compile(r"^[^\w]*\d[\d\s.,:/+-]*\D{0,3}$")  # a number, an amount or a date: no header
_BEFORE_COMMA, _BEHIND_COMMA = re.compile(r"^[^\w\s]{0,3}-?\d[\d .']*$"), re.compile(r"^\d{2}\D{0,4}$")

Record = tuple[int, list[str]]


@dataclass(frozen=True)
class Layout:
    """Where the table of a text file stands.

    Args:
        delimiter: between cells.
        header_line: the physical line of the header, from 1.
        header: the names of the columns.
        titles: lines above the header that are no delimiter hint and not blank.
        cut: cells that a decimal comma between comma-separated cells cuts in two, by their place.
    """

    delimiter: str
    header_line: int
    header: tuple[str, ...]
    titles: int = 0
    cut: tuple[int, ...] = ()

    def row(self, record: list[str]) -> list[str] | None:
        """Return the cells of a record, one per column; None where it has more or fewer."""
        width = len(self.header)
        if len(record) == width:
            return record
        if not any(record[width:]) and not any(self.header[len(record) :]):
            return [*record, *[""] * width][:width]  # only empty cells without a name are too many, or missing
        if self.cut and len(record) == width + len(self.cut):
            return _joined(record, self.cut)
        return None


def records(path: Path, delimiter: str, *, by_record: bool = False) -> Iterator[Record]:
    """Yield the records of a UTF-8 text, blank lines left out, with the line each starts on.

    Args:
        path: the text.
        delimiter: between cells.
        by_record: the line is the number of the record, as in a sheet, whatever line breaks its cells hold.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, delimiter=delimiter)
        line = 1
        for number, row in enumerate(reader, start=1):
            if any(cell.strip() for cell in row) or (len(row) > 1 and not by_record):
                yield (number if by_record else line), row
            line = reader.line_num + 1


def layout_of(path: Path, delimiter: str | None, header_line: int | None, *, by_record: bool = False) -> Layout | None:
    """Return the layout of a UTF-8 text by its first lines; None where it holds no line.

    Args:
        path: the text.
        delimiter: of the cells; None = the one that splits the header into the most cells.
        header_line: physical line of the header; None = the first line that looks like one.
        by_record: lines are counted by records, as in a sheet.

    Raises:
        csv.Error: a header that cannot be read.
    """
    if not by_record and delimiter in (None, SPACES) and (names := _aligned_header(path)):
        return Layout(SPACES, 1, names)
    hint = None if by_record else _hint(path)
    if delimiter is None and hint is not None:
        delimiter = hint
    if delimiter:
        return _with(path, delimiter, header_line, 1 if hint else 0, by_record)
    likely = _occurring(path)
    found = _widest(_with(path, mark, header_line, 0, by_record) for mark in likely)
    if found is not None and _names(found) > 1:
        return found
    return _widest(_with(path, mark, header_line, 0, by_record) for mark in DELIMITERS)


def _occurring(path: Path) -> list[str]:
    """Return the delimiters that the first lines hold at all: the others would only split nothing, line by line."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        start = file.read(_START)
    return [mark for mark in DELIMITERS if mark in start]


def _widest(layouts: Iterable[Layout | None]) -> Layout | None:
    """Return the first of those whose header names the most columns."""
    return max((layout for layout in layouts if layout is not None), key=_names, default=None)


def _names(layout: Layout) -> int:
    return sum(map(bool, layout.header))


def _aligned_header(path: Path) -> tuple[str, ...]:
    """Return the names of columns that are aligned with spaces, none where another mark stands between them."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = [line for line in file.read(_START).splitlines() if line.strip()][:_ALIGNED_LINES]
    marked = len(lines) < 2 or any(mark in line for mark in DELIMITERS for line in lines)
    names = () if marked else tuple(lines[0].split())
    return names if len(names) > 1 and {len(line.split()) for line in lines} == {len(names)} else ()


def _hint(path: Path) -> str | None:
    """Return the delimiter that a first line such as sep=; names, for spreadsheets."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        match = _SEP.match(file.readline(20).rstrip("\r\n"))
    return None if match is None else match[1]


def _with(path: Path, delimiter: str, header_line: int | None, hints: int, by_record: bool) -> Layout | None:
    start = list(_first(path, delimiter, by_record))
    start = [(line, row) for line, row in start if line > hints]
    if header_line is not None:
        start = [(line, row) for line, row in start if line >= header_line]
    if not start:
        return None
    place = 0 if header_line is not None else header_place([row for _, row in start])
    line, row = start[place]
    header = tuple(cell.strip() for cell in row)
    width = Counter(len(row) for _, row in start[place + 1 :])
    return _fitted(Layout(delimiter, line, header, place), [row for _, row in start[place + 1 :]], width)


def _first(path: Path, delimiter: str, by_record: bool) -> Iterator[Record]:
    """Yield the records of the first lines; a quote that does not close ends them."""
    read = 0
    try:
        for line, row in records(path, delimiter, by_record=by_record):
            yield line, row
            read += sum(map(len, row)) + len(row)
            if read > _START:
                return
    except csv.Error:
        if not read:
            raise


def header_place(rows: Sequence[list[str]]) -> int:
    """Return the place of the header among the first records: what stands above it fills fewer cells, or holds values.

    >>> header_place([["Sales", "", ""], ["From", "2026-01-01", ""], ["Date", "No", "Total"], ["2026-01-05", "1", "9"]])
    2
    """
    first = rows[: MOST_TITLE_LINES + 1]
    width = Counter(len(_cut_off(row)) for row in rows).most_common(1)[0][0]
    wide = max(2, round(_MOSTLY * max(width, 1)))
    fits = [place for place, row in enumerate(first) if sum(bool(cell.strip()) for cell in row) >= wide]
    named = [place for place in fits if not any(_VALUE.match(cell.strip()) for cell in first[place])]
    if not fits or (named and named[0] == 0):
        return 0
    return (named or fits)[0] if fits[0] > 0 or _holds_dates(first[0]) else 0


def _cut_off(row: list[str]) -> list[str]:
    end = len(row)
    while end and not row[end - 1].strip():
        end -= 1
    return row[:end]


def _holds_dates(row: list[str]) -> bool:
    return any(re.search(r"\d[/.-]\d", cell) for cell in row)


def _fitted(layout: Layout, rows: Sequence[list[str]], width: Counter[int]) -> Layout:
    """Return the layout with a header as wide as the rows."""
    n, usual = len(layout.header), width.most_common(1)[0][0] if width else len(layout.header)
    if width[n] * 2 > width.total() or not width:
        return layout
    if usual > n and not any(cell for row in rows if len(row) == usual for cell in row[n:]):
        return replace(layout, header=(*layout.header, *[""] * (usual - n)))
    if usual < n and not any(layout.header[usual:]):
        return replace(layout, header=layout.header[:usual])
    return replace(layout, cut=_cut_cells(rows, n) if layout.delimiter == "," else ())


def _cut_cells(rows: Sequence[list[str]], n: int) -> tuple[int, ...]:
    """Return the cells that a decimal comma cuts in two in all longer rows; nothing where none or several fit.

    >>> _cut_cells([["1", "2026-01-05", "C1", "10", "00"], ["2", "2026-01-06", "C2", "7", "50"]], 4)
    (3,)
    """
    longer = [row for row in rows if len(row) > n]
    extra = {len(row) - n for row in longer}
    if len(extra) != 1 or not 1 <= (more := extra.pop()) <= n:
        return ()
    fits = [cut for cut in combinations(range(n), more) if all(_reads(row, cut) for row in longer)]
    return fits[0] if len(fits) == 1 else ()


def _reads(row: list[str], cut: tuple[int, ...]) -> bool:
    return all(
        _BEFORE_COMMA.match(row[place + before]) and _BEHIND_COMMA.match(row[place + before + 1])
        for before, place in enumerate(cut)
    )


def _joined(record: list[str], cut: tuple[int, ...]) -> list[str]:
    row: list[str] = []
    place = 0
    while place < len(record):
        if len(row) in cut:
            row.append(f"{record[place]},{record[place + 1]}")
            place += 2
        else:
            row.append(record[place])
            place += 1
    return row
