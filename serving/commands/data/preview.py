"""What `regulars init` shows at its end: orders as they would be read, the sheet, and a bar for each month."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import numpy as np

from features.clock import date_of
from features.language.jalali import jalali_date
from features.language.languages import ENGLISH, PERSIAN, Language
from features.language.messages import said, sentence
from features.language.written import day_text, digits, separated
from features.log import Log
from features.money import Money
from features.sources.balance.sheet import BalanceSheet
from features.sources.balance.words import document as sheet_document
from features.sources.balance.words import table as sheet_table

SHOWN, MONTHS, BAR = 10, 24, 40


def preview_document(log: Log, sheet: BalanceSheet, currency: str) -> dict[str, Any]:
    """Return the preview for a machine.

    Args:
        log: of the shop.
        sheet: of its orders.
        currency: of the shop.
    """
    return {
        "orders": _first_orders(log, currency),
        "balance_sheet": sheet_document(sheet),
        "orders_by_month": orders_by_month(log),
    }


def preview_lines(log: Log, sheet: BalanceSheet, currency: str, language: Language = ENGLISH) -> Iterator[str]:
    """Yield the preview for a person; arguments as above, and the language of whoever reads it."""
    yield from ("", said(sentence("the first orders as they would be read:"), language))
    for each in _first_orders(log, currency):
        money = "" if each["spend"] is None else f"  {separated(each['spend'], language)} {currency}"
        day = day_text(date.fromisoformat(each["day"]), language, "table")
        yield f"  {day}  {each['customer_id']}{money}"
    yield from ("", *sheet_table(sheet, language), "", said(sentence("orders by month:"), language))
    yield from bars(_by_month_of(log, language), language)


def _first_orders(log: Log, currency: str) -> list[dict[str, Any]]:
    """Return the first order days: day, customer, spend as a decimal text, None without money."""
    orders, money = log.streams["orders"], Money(currency)
    first = np.argsort(orders.day, kind="stable")[:SHOWN]
    return [
        {
            "day": date_of(int(orders.day[row])).isoformat(),
            "customer_id": str(log.customer_ids[orders.customer[row]]),
            "spend": str(money.major(int(orders.columns["spend"][row]))) if log.has_money else None,
        }
        for row in first
    ]


def orders_by_month(log: Log) -> dict[str, int]:
    """Return how many orders each month has, from the first to the last, also where it has none.

    >>> from features.log import Lines
    >>> from features.roll_up import roll_up
    >>> orders_by_month(roll_up(Lines.of(["ann", "bob", "ann"], [0, 5, 70], [700, 700, 700])))
    {'1970-01': 2, '1970-02': 0, '1970-03': 1}
    """
    orders = log.streams["orders"]
    month = orders.day.astype("datetime64[D]").astype("datetime64[M]")
    place = (month - month.min()).astype(np.int64)
    counts = np.bincount(place, weights=orders.columns["orders"])
    return {str(month.min() + step): int(count) for step, count in enumerate(counts)}


def _by_month_of(log: Log, language: Language) -> dict[str, int]:
    """Return how many orders each month of the reader's calendar has, under its name."""
    if language.code != PERSIAN.code:
        return orders_by_month(log)
    orders = log.streams["orders"]
    counts = np.bincount(orders.day - orders.day.min(), weights=orders.columns["orders"])
    found: dict[str, int] = {}
    for after, count in enumerate(counts):
        year, month, _ = jalali_date(date_of(int(orders.day.min()) + after))
        found[f"{year}/{month:02}"] = found.get(f"{year}/{month:02}", 0) + int(count)
    return found


def bars(counts: dict[str, int], language: Language = ENGLISH) -> Iterator[str]:
    """Yield a bar for each of the last months.

    >>> print(*bars({"2026-01": 40, "2026-02": 1, "2026-03": 0}), sep="/")
      2026-01  ████████████████████████████████████████ 40/  2026-02  █ 1/  2026-03   0
    """
    shown = list(counts.items())[-MONTHS:]
    most = max((count for _, count in shown), default=0)
    if len(counts) > len(shown):
        yield "  " + said(sentence("the last {shown} of {every} months", shown=MONTHS, every=len(counts)), language)
    for month, count in shown:
        bar = "█" * -(-BAR * count // max(1, most))
        yield f"  {digits(month, language)}  {bar} {separated(f'{count:,}', language)}"
