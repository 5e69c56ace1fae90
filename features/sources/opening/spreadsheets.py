"""The sheets of a workbook as texts: one record a row, so that the number of a record is that of its row."""

from __future__ import annotations

import csv
import warnings
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from features.language.messages import sentence
from features.sources.opening.refusal import refusal

TOO_MANY_CELLS = sentence("has more cells than a list of ours")
FEWER_CELLS = sentence("hand in the sheet as it was written, with what you filled in")
BYTES_A_CELL = 40
BROKEN = (zipfile.BadZipFile, zlib.error, ElementTree.ParseError, EOFError)  # a workbook is XML in a zip


def sheets(path: Path, folder: Path, most_cells: int | None = None) -> Iterator[tuple[str, Path]]:
    """Yield the sheets of a workbook that hold cells, each with its copy as text.

    Args:
        path: of the workbook.
        folder: for the copies.
        most_cells: of a sheet, the empty ones between filled ones too; None = as many as there are.

    Raises:
        InputError: a workbook that cannot be read, or a sheet with more cells.
    """
    from openpyxl import load_workbook  # only here: it takes a tenth of a second, and few shops have workbooks
    from openpyxl.worksheet._read_only import ReadOnlyWorksheet

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of styles and pictures, which hold no cell
            _refuse_bloated(path, most_cells)
            book = load_workbook(path, read_only=True, data_only=True)
            for number, sheet in enumerate(book.worksheets):
                copy = folder / f"{path.name}-sheet-{number}.csv"
                if isinstance(sheet, ReadOnlyWorksheet):
                    sheet.reset_dimensions()  # some programs write a wrong size, and rows would be missing
                if _write(copy, sheet.iter_rows(values_only=True), _Bound(path.name, most_cells)):
                    yield sheet.title, copy
            book.close()
    except (*BROKEN, KeyError, ValueError, OSError) as error:
        rule = sentence("cannot be read as a workbook ({error})", error=str(error))
        raise refusal(path.name, rule, sentence("save it again as .xlsx or CSV")) from error


@dataclass(frozen=True)
class _Bound:
    """How many cells a sheet may have: one far to the right and one far below make billions of empty ones."""

    name: str
    most_cells: int | None

    def check(self, cells: int) -> None:
        if self.most_cells is not None and cells > self.most_cells:
            raise refusal(self.name, TOO_MANY_CELLS, FEWER_CELLS)


def _refuse_bloated(path: Path, most_cells: int | None) -> None:
    """Refuse a workbook that is small and would fill the memory: a cell takes a few dozen bytes in it."""
    if most_cells is None:
        return
    with zipfile.ZipFile(path) as parts:
        if sum(part.file_size for part in parts.infolist()) > most_cells * BYTES_A_CELL:
            raise refusal(path.name, TOO_MANY_CELLS, FEWER_CELLS)


def _write(copy: Path, rows: Iterable[tuple[Any, ...]], bound: _Bound) -> bool:
    """Write the rows as wide as the widest, and say whether any cell is filled."""
    written: list[list[str]] = []
    cells = 0
    for row in rows:
        bound.check(cells := cells + len(row) + 1)  # an empty row takes its place, too
        written.append([cell_text(cell) for cell in row])
    width = max((_filled_width(row) for row in written), default=0)
    bound.check(width * len(written))
    with copy.open("w", encoding="utf-8", newline="") as out:
        write = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
        write.writerows([*row, *[""] * width][:width] for row in written)
    return width > 0


def _filled_width(row: list[str]) -> int:
    return max((place for place, cell in enumerate(row, start=1) if cell.strip()), default=0)


def cell_text(cell: object) -> str:
    """Return a cell of a workbook as text; a number shows its decimal mark beyond doubt.

    >>> cell_text(42.0), cell_text(12.5), cell_text(1.234), cell_text(None), cell_text(True)
    ('42', '12.5', '1.2340', '', 'true')
    >>> cell_text(datetime(2026, 1, 5)), cell_text(datetime(2026, 1, 5, 9, 30))
    ('2026-01-05', '2026-01-05 09:30:00')
    """
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float):
        return _number_text(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ", "seconds")
    return cell.isoformat() if isinstance(cell, (date, time)) else str(cell)


def _number_text(number: float) -> str:
    if number == int(number) and abs(number) < 2**53:
        return str(int(number))
    text = repr(number)
    _, point, behind = text.partition(".")
    return f"{text}0" if point and len(behind) == 3 and "e" not in text else text  # three digits may be thousands
