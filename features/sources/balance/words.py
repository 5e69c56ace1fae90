"""Shows a balance sheet: as a table for people, as a document for programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from features.sources.balance.sheet import ORDER_LINES, READ, RETURNS, SIGN, Amounts, BalanceSheet, Change, SheetLine


def document(sheet: BalanceSheet) -> dict[str, Any]:
    """Return the sheet for JSON; money as decimal texts, by currency."""
    return {
        "read": _plain(sheet.read),
        "left_out": [_plain(line) for line in sheet.left_out],
        "returns": _plain(sheet.returns),
        "order_lines": _plain(sheet.order_lines),
        "changes": [_plain(change) for change in sheet.changes],
        "counted": _plain(sheet.counted),
        "currency": sheet.currency,
    }


def _plain(line: Any) -> dict[str, Any]:
    return {name: _decimal(value) for name, value in asdict(line).items()}


def _decimal(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _decimal(each) for name, each in value.items()}
    return written(value) if isinstance(value, Decimal) else value


def written(amount: Decimal) -> str:
    """Return an amount with the digits that it needs, two at least.

    >>> written(Decimal("12.500000")), written(Decimal("0.125000"))
    ('12.50', '0.125')
    """
    return f"{amount:.{_digits(amount)}f}"


def _digits(*amounts: Decimal) -> int:
    return max(2, *(-int(amount.normalize().as_tuple().exponent) for amount in amounts))


def grouped(amount: Decimal) -> str:
    """Return an amount as `written`, with commas between thousands.

    >>> grouped(Decimal("-1234.5"))
    '-1,234.50'
    """
    return f"{amount:,.{_digits(amount)}f}"


def _amounts(money: Amounts) -> str:
    return ", ".join(f"{'+' if amount > 0 else ''}{grouped(amount)} {currency}" for currency, amount in money.items())


def table(sheet: BalanceSheet) -> Iterator[str]:
    """Yield the sheet as an accountant would read it, one line each.

    Args:
        sheet: one that adds up.
    """
    currencies = tuple(sheet.read.money) or (sheet.currency,)
    digits = {each: _digits(*(line.money.get(each, Decimal(0)) for line in sheet.lines)) for each in currencies}
    rows = [_cells(line, digits) for line in sheet.lines]
    labels = (READ, *(f"− {line.rule}" for line in sheet.left_out), f"− {RETURNS}", f"= {ORDER_LINES}")
    yield from _aligned(("", "rows", "orders", "customers", *currencies), labels, rows)
    yield from (f"  {change.of}, {_changed(change)}" for change in sheet.changes)
    counted = sheet.counted
    if counted.posted_lines:
        yield f"  posted orders: {counted.posted_lines:,} lines, {grouped(counted.posted_spend)} {sheet.currency}"
    yield (
        f"counted: {counted.orders:,} orders on {counted.order_days:,} order days of {counted.customers:,} customers, "
        f"spend {grouped(counted.spend)} {sheet.currency}, returned {grouped(counted.returned)} {sheet.currency}"
    )


def _changed(change: Change) -> str:
    """Say what a rule did to the money; a sign that a return is written with takes and adds nothing."""
    rows = f"{change.rows:,} row{'s' if change.rows != 1 else ''}"
    if change.rule == SIGN:
        return f"written below zero on {rows}: counted without the sign"
    return f"{change.rule} on {rows}: {_amounts(change.money)}"


def _cells(line: SheetLine, digits: Mapping[str, int]) -> list[str]:
    counts = (f"{count:,}" for count in (line.rows, line.orders, line.customers))
    return [*counts, *(f"{line.money.get(currency, Decimal(0)):,.{n}f}" for currency, n in digits.items())]


def _aligned(head: Sequence[str], labels: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    columns = list(zip(head[1:], *rows, strict=True))
    widths = [max(map(len, column)) for column in columns]
    first = max(map(len, labels))
    for label, *values in zip(("", *labels), *columns, strict=True):
        yield f"{label:<{first}}" + "".join(f"  {value:>{width}}" for value, width in zip(values, widths, strict=True))
