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
    money = sum(_worth(group[1:], file.form.decimal) * int(group[0]) for group in groups)
    return rows, Decimal(money).scaleb(-cells.SCALE)


def _worth(written: tuple[object, ...], decimal: str) -> int:
    """Return the money of one row in millionths: a price without a quantity is that of one unit."""
    money, *quantity = (cells.number(cell, decimal) for cell in written)
    if money <= cells.HUGE:
        return 0
    if not quantity or quantity[0] == cells.EMPTY:
        return money
    exact, unit = money * quantity[0] if quantity[0] > cells.HUGE else 0, 10**cells.SCALE
    return (abs(exact) + unit // 2) // unit * (1 if exact >= 0 else -1)


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
