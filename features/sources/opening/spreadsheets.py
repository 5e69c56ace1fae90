"""The sheets of a workbook as texts: one record a row, so that the number of a record is that of its row."""

from __future__ import annotations

import csv
import warnings
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from features.sources.opening.refusal import refusal

BROKEN = (zipfile.BadZipFile, zlib.error, ElementTree.ParseError, EOFError)  # a workbook is XML in a zip


def sheets(path: Path, folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield the sheets of a workbook that hold cells, each with its copy as text.

    Raises:
        InputError: a workbook that cannot be read.
    """
    from openpyxl import load_workbook  # only here: it takes a tenth of a second, and few shops have workbooks
    from openpyxl.worksheet._read_only import ReadOnlyWorksheet

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of styles and pictures, which hold no cell
            book = load_workbook(path, read_only=True, data_only=True)
            for number, sheet in enumerate(book.worksheets):
                copy = folder / f"{path.name}-sheet-{number}.csv"
                if isinstance(sheet, ReadOnlyWorksheet):
                    sheet.reset_dimensions()  # some programs write a wrong size, and rows would be missing
                if _write(copy, sheet.iter_rows(values_only=True)):
                    yield sheet.title, copy
            book.close()
    except (*BROKEN, KeyError, ValueError, OSError) as error:
        raise refusal(path.name, f"cannot be read as a workbook ({error})", "save it again as .xlsx or CSV") from error


def _write(copy: Path, rows: Iterable[tuple[Any, ...]]) -> bool:
    """Write the rows as wide as the widest, and say whether any cell is filled."""
    written = [[cell_text(cell) for cell in row] for row in rows]
    width = max((_filled_width(row) for row in written), default=0)
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
