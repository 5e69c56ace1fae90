"""One customer's history as it is posted to the service: the same cells, the same rules, without a file or a database.

The cells are read by `features/cells.py` and judged by `features/intake.py`, as for a file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np

from features import cells
from features.clock import day_number
from features.desk import Cleaned, Typed
from features.errors import InputError, Violation
from features.intake import clean_events, clean_lines
from features.log import Coded, Events, Ints, Lines
from features.mapping import LineRules, Shop
from features.tables import EVENTS, ORDERS, Field

AS_STATED = LineRules()
POSTED = "posted"  # the customer's id where none is given


def posted_lines(
    orders: Sequence[Mapping[str, Any]],
    shop: Shop,
    *,
    rules: LineRules = AS_STATED,
    customer_id: str = POSTED,
    until: date | None = None,
    latest: date | None = None,
) -> Lines:
    """Return the clean lines of posted orders.

    Args:
        orders: one mapping per order line, keyed by the fields of ORDERS; a field that is absent or None is empty.
        shop: zone, currency, business day, exchange rates.
        rules: what the shop's cells say about a line.
        customer_id: the customer of lines that name none.
        until: nothing on or after this business day is read.
        latest: a date after it is a mistake.

    Raises:
        InputError: with every broken rule, by the path of the cell (`orders[3].amount`).

    >>> lines = posted_lines([{"ordered_at": "2024-01-05", "amount": "12.50"}], Shop("UTC", "EUR"))
    >>> lines.day, lines.amount
    (array([19727]), array([1250]))
    """
    typed = _typed(orders, ORDERS, customer_id, rules)
    cleaned = clean_lines(typed, rules, shop, until=_day(until), latest=_day(latest))
    _refuse("orders", orders, cleaned)
    assert cleaned.lines is not None
    return cleaned.lines


def posted_events(
    events: Sequence[Mapping[str, Any]],
    shop: Shop,
    *,
    customer_id: str = POSTED,
    until: date | None = None,
    latest: date | None = None,
) -> Events:
    """Return the clean events of a posted history; arguments as for `posted_lines`, fields of EVENTS.

    >>> posted_events([{"kind": "Mail clicked", "happened_at": "2024-01-05"}], Shop("UTC", "EUR")).kind.values
    array(['mail_clicked'], dtype=object)
    """
    typed = _typed(events, EVENTS, customer_id, AS_STATED)
    cleaned = clean_events(typed, shop, until=_day(until), latest=_day(latest))
    _refuse("events", events, cleaned)
    assert cleaned.events is not None
    return cleaned.events


def _day(when: date | None) -> int | None:
    return None if when is None else day_number(when)


def _typed(rows: Sequence[Mapping[str, Any]], table: Sequence[Field], customer_id: str, rules: LineRules) -> Typed:
    given = {name for row in rows for name, value in row.items() if value is not None}
    needed = {"price", "quantity"} if rules.price_times_quantity else {"amount"}
    texts: dict[str, Coded] = {}
    numbers: dict[str, Ints] = {}
    flags: dict[str, Ints] = {}
    wall, offset = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    for field in table:
        if not (field.name in given or (field.required and field.kind != "money") or field.name in needed):
            continue
        column = [row.get(field.name) for row in rows]
        if field.kind == "time":
            moments = np.array([cells.moment(value) for value in column], dtype=np.int64).reshape(-1, 2)
            wall, offset = moments[:, 0], moments[:, 1]
        elif field.kind in ("money", "number"):
            numbers[field.name] = _integers(cells.number, column)
        elif field.kind == "flag":
            flags[field.name] = _integers(cells.flag, column)
        else:
            default = customer_id if field.name == "customer_id" else ""
            texts[field.name] = _coded([cells.text(value) or default for value in column])
    return Typed(len(rows), texts, numbers, flags, wall, offset)


def _integers(read: Callable[[object], int], column: Sequence[object]) -> Ints:
    return np.array([read(value) for value in column], dtype=np.int64)


def _coded(texts: Sequence[str]) -> Coded:
    place = {text: code for code, text in enumerate(dict.fromkeys(texts))}
    return Coded(np.array(list(place), dtype=object), np.array([place[text] for text in texts], dtype=np.int64))


def _refuse(name: str, rows: Sequence[Mapping[str, Any]], cleaned: Cleaned) -> None:
    broken = [
        Violation("request", None, f"{name}[{row}].{problem.field}", problem.rule,
                  cells.readable(cells.text(rows[row].get(problem.field))), problem.remedy)
        for problem in cleaned.problems
        for row in problem.rows.tolist()
    ]  # fmt: skip
    if broken:
        raise InputError(f"the posted {name} cannot be used", broken)
