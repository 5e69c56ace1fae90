"""Counts the rows and the money of an orders file a second time, from the raw cells.

It shares nothing with the cleaning but the reading of one cell: DuckDB groups the cells as they are written, and each
distinct one is read and added in Python's decimal numbers.
"""

from __future__ import annotations

from decimal import Decimal

from features.errors import RegularsError
from features.sources import cells
from features.sources.balance.sheet import BalanceSheet, added
from features.sources.mapped_file import MappedFile


def recount(file: MappedFile, *, price_times_quantity: bool) -> tuple[int, Decimal]:
    """Return how many rows a file has, and the sum of its money, whatever the currency.

    Args:
        file: the orders, open.
        price_times_quantity: money is price × quantity, not the amount.
    """
    fields = ("price", "quantity") if price_times_quantity else ("amount",)
    columns = [file.columns[name].sql for name in fields if name in file.columns]
    if not columns:
        return int(file.file.query(f"SELECT count(*) FROM {file.file.source}")[0][0]), Decimal(0)
    names = ", ".join(columns)
    groups = file.file.query(f"SELECT count(*), {names} FROM {file.file.source} GROUP BY {names}")
    rows = sum(int(group[0]) for group in groups)
    return rows, sum((_worth(group[1:], file.form.decimal) * int(group[0]) for group in groups), Decimal(0))


def _worth(written: tuple[object, ...], decimal: str) -> Decimal:
    """Return the money of one row: a price without a quantity is that of one unit."""
    worth = Decimal(1)
    for place, cell in enumerate(written):
        number = cells.number(cell, decimal)
        if number == cells.EMPTY and place == 1:
            continue
        worth *= Decimal(number).scaleb(-cells.SCALE) if number > cells.HUGE else Decimal(0)
    return worth.quantize(Decimal(1).scaleb(-cells.SCALE), rounding="ROUND_HALF_UP")


def compare(sheet: BalanceSheet, again: tuple[int, Decimal]) -> None:
    """Compare a sheet with a second count.

    Raises:
        RegularsError: they differ; that is a fault of the program.
    """
    rows, money = again
    total = sum(added(sheet.read.money).values(), Decimal(0))
    if (rows, money) != (sheet.read.rows, total):
        words = f"{sheet.read.rows:,} rows and {total:,f} in the sheet, {rows:,} rows and {money:,f} in the file"
        raise RegularsError(f"the balance sheet does not agree with a second count: {words}; please report this")
