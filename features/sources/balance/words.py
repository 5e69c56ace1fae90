"""Shows a balance sheet: as a table for people, as a document for programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from features.language.languages import ENGLISH, Language
from features.language.messages import Message, said
from features.language.typed_values import Digits
from features.language.written import separated
from features.sources.balance.names import NAMES, name_of
from features.sources.balance.sheet import ORDER_LINES, READ, RETURNS, SIGN, Amounts, BalanceSheet, Change, SheetLine

HEADS: tuple[Message, ...] = (
    *(Message("rows", context="sheet"), Message("orders", context="sheet"), Message("customers", context="sheet")),
)


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
    return "; ".join(f"{'+' if amount > 0 else ''}{grouped(amount)} {currency}" for currency, amount in money.items())


def table(sheet: BalanceSheet, language: Language = ENGLISH) -> Iterator[str]:
    """Yield the sheet as an accountant would read it, one line each.

    Args:
        sheet: one that adds up.
        language: of the reader.
    """
    currencies = tuple(sheet.read.money) or (sheet.currency,)
    digits = {each: _digits(*(line.money.get(each, Decimal(0)) for line in sheet.lines)) for each in currencies}
    rows = [_cells(line, digits, language) for line in sheet.lines]
    read, returns, lines = (name_of(name, language) for name in (READ, RETURNS, ORDER_LINES))
    labels = (read, *(f"− {name_of(line.rule, language)}" for line in sheet.left_out), f"− {returns}", f"= {lines}")
    heads = (said(head, language) for head in HEADS)
    yield from _aligned(("", *heads, *currencies), labels, rows)
    yield from (f"  {said(line, language)}" for line in (*map(_changed, sheet.changes), *_posted(sheet)))
    yield from (said(line, language) for line in _counted(sheet))


def _counted(sheet: BalanceSheet) -> Iterator[Message]:
    counted = sheet.counted
    yield Message(
        "counted: {orders} orders on {days} order days of {customers} customers, spend {spend}, returned {returned}",
        {
            "orders": counted.orders,
            "days": counted.order_days,
            "customers": counted.customers,
            "spend": Digits(f"{grouped(counted.spend)} {sheet.currency}"),
            "returned": Digits(f"{grouped(counted.returned)} {sheet.currency}"),
        },
    )


def _posted(sheet: BalanceSheet) -> Iterator[Message]:
    if lines := sheet.counted.posted_lines:
        spend = Digits(f"{grouped(sheet.counted.posted_spend)} {sheet.currency}")
        yield Message("posted orders: {lines} lines, {spend}", {"lines": lines, "spend": spend})


def _changed(change: Change) -> Message:
    """Say what a rule did to the money; a sign that a return is written with takes and adds nothing."""
    of, rows = NAMES[change.of], change.rows
    if change.rule == SIGN:
        return Message(
            "{of}, written below zero on {count} row: counted without the sign",
            {"of": of, "count": rows},
            plural="{of}, written below zero on {count} rows: counted without the sign",
            count=rows,
        )
    return Message(
        "{of}, {rule} on {count} row: {amounts}",
        {"of": of, "rule": NAMES[change.rule], "count": rows, "amounts": Digits(_amounts(change.money))},
        plural="{of}, {rule} on {count} rows: {amounts}",
        count=rows,
    )


def _cells(line: SheetLine, digits: Mapping[str, int], language: Language) -> list[str]:
    counts = (f"{count:,}" for count in (line.rows, line.orders, line.customers))
    amounts = (f"{line.money.get(currency, Decimal(0)):,.{n}f}" for currency, n in digits.items())
    return [separated(text, language) for text in (*counts, *amounts)]


def _aligned(head: Sequence[str], labels: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    columns = list(zip(head[1:], *rows, strict=True))
    widths = [max(map(len, column)) for column in columns]
    first = max(map(len, labels))
    for label, *values in zip(("", *labels), *columns, strict=True):
        yield f"{label:<{first}}" + "".join(f"  {value:>{width}}" for value, width in zip(values, widths, strict=True))
