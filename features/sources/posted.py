"""Reads orders and events that are posted to the service: the same cells and rules as in a file, without a database.

`cells/` reads the cells and `cleaning.py` applies the rules, as for a file. What was posted and kept is read beside
the shop's files, see `Posts`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Protocol

import numpy as np

from features.clock import day_number
from features.errors import InputError, Violation
from features.log import Coded, Events, Ints, Lines, Texts
from features.sources import cells
from features.sources.cleaning import MOST_KINDS, clean_events, clean_lines
from features.sources.columns import among
from features.sources.mapping import LineRules, Shop
from features.sources.row_checks import Problem, TypedTable
from features.sources.split_moments import joined, times_of_day
from features.sources.words.meanings import Where, meanings
from features.tables import EVENTS, ORDERS, Field

AS_STATED = LineRules()
POSTED = "posted"  # the customer's id where none is given
REQUEST = "request"  # what errors call the source of a cell, unless the caller names another
WORDS_OF: Mapping[str, str] = {"status": "state of an order", "type": "kind of document"}
UNKNOWN_REMEDY = (
    "write a usual one such as completed, cancelled or refunded, or add it to sale_status, cancelled_status, "
    "returned_status or no_order_status under [orders]"
)
Path = Callable[[int, str], str]  # row and field -> the path of the cell


class Posts(Protocol):
    """Posted orders and events that were kept; where the files hold the same order or event, the files win."""

    def lines(self, known: Texts) -> Lines | None:
        """Return the clean lines of the orders whose ids are not among `known`; None where there are none."""

    def events(self, known: Texts) -> Events | None:
        """Return the clean events whose ids are not among `known`; None where there are none."""


def posted_lines(
    orders: Sequence[Mapping[str, Any]],
    shop: Shop,
    *,
    rules: LineRules = AS_STATED,
    customer_id: str = POSTED,
    until: date | None = None,
    latest: date | None = None,
    path: Path | None = None,
    source: str = REQUEST,
) -> Lines:
    """Return the clean lines of posted orders.

    Args:
        orders: one mapping per order line, keyed by the fields of ORDERS; a field that is absent or None is empty.
        shop: zone, currency, business day, exchange rates.
        rules: what the shop's cells mean for a line.
        customer_id: the customer of lines that name none.
        until: nothing on or after this business day is read.
        latest: a date after it is a mistake.
        path: names a cell in errors; by default `orders[3].amount`.
        source: what errors call the source of these cells.

    Raises:
        InputError: with every broken rule, by the path of the cell.

    >>> lines = posted_lines([{"ordered_at": "2024-01-05", "amount": "12.50"}], Shop("UTC", "EUR"))
    >>> lines.day, lines.amount
    (array([19727]), array([1250]))
    """
    typed = _typed(orders, ORDERS, customer_id, rules)
    cleaned = clean_lines(typed, rules, shop, until=_day(until), latest=_day(latest))
    _refuse("orders", orders, [*cleaned.problems, *_unknown_words(typed, rules)], path, source)
    assert cleaned.lines is not None
    return cleaned.lines


def posted_events(
    events: Sequence[Mapping[str, Any]],
    shop: Shop,
    *,
    customer_id: str = POSTED,
    until: date | None = None,
    latest: date | None = None,
    path: Path | None = None,
    source: str = REQUEST,
) -> Events:
    """Return the clean events of a posted history; arguments as for `posted_lines`, fields of EVENTS.

    >>> posted_events([{"kind": "Mail clicked", "happened_at": "2024-01-05"}], Shop("UTC", "EUR")).kind.values
    array(['mail_clicked'], dtype=object)
    """
    typed = _typed(events, EVENTS, customer_id, AS_STATED)
    cleaned = clean_events(typed, shop, until=_day(until), latest=_day(latest))
    _refuse("events", events, cleaned.problems, path, source)
    assert cleaned.events is not None
    return cleaned.events


def with_posted(
    lines: Lines, events: Events | None, posted: Posts, has_order_ids: bool, event_ids: Texts
) -> tuple[Lines, Events | None]:
    """Return a shop's lines and events with what was posted beside them.

    The files win: a posted order whose id the order file holds, in whatever state, is left out, and a posted event
    whose id the events file holds. Where the order file has no order ids a posted order may be one of the
    file's own, so those of days that the file covers are left out. Posted kinds of events beyond MOST_KINDS in all,
    the file's first, are left out too.

    Args:
        lines: of the order file.
        events: of the events file; None where there is none.
        posted: what was posted.
        has_order_ids: whether the order file has them.
        event_ids: those of the events file; empty where it has none.
    """
    new_lines = posted.lines(lines.order_id.values)
    if new_lines is not None:
        if not has_order_ids and len(lines.day):
            new_lines = new_lines.where(new_lines.day > lines.day.max())
        lines = Lines.joined([lines, new_lines])
    new_events = posted.events(event_ids)
    if new_events is not None:
        new_events = _few_kinds(new_events, events)
        events = new_events if events is None else Events.joined([events, new_events])
    return lines, events


def _few_kinds(posted: Events, events: Events | None) -> Events:
    known = dict.fromkeys(events.kind.values) if events is not None else {}
    more = [kind for kind in dict.fromkeys(posted.kind.values) if kind not in known]
    left_out = frozenset(more[max(0, MOST_KINDS - len(known)) :])
    return posted.where(~among(posted.kind, left_out)) if left_out else posted


def _day(when: date | None) -> int | None:
    return None if when is None else day_number(when)


def _typed(rows: Sequence[Mapping[str, Any]], table: Sequence[Field], customer_id: str, rules: LineRules) -> TypedTable:
    given = {name for row in rows for name, value in row.items() if value is not None}
    needed = {"price", "quantity"} if rules.price_times_quantity else {"amount"}
    texts: dict[str, Coded] = {}
    numbers: dict[str, Ints] = {}
    flags: dict[str, Ints] = {}
    local_time, offset = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    clock: tuple[Ints, Ints] | None = None
    for field in table:
        if not (field.name in given or (field.required and field.kind != "money") or field.name in needed):
            continue
        column = [row.get(field.name) for row in rows]
        if field.kind == "time":
            moments = np.array([cells.moment(value) for value in column], dtype=np.int64).reshape(-1, 2)
            local_time, offset = moments[:, 0], moments[:, 1]
        elif field.kind in ("money", "number"):
            numbers[field.name] = _integers(cells.number, column)
        elif field.kind == "flag":
            flags[field.name] = _integers(cells.flag, column)
        elif field.kind == "clock":
            clock = times_of_day(_coded([cells.text(value) for value in column]))
            numbers[field.name] = clock[0]
        else:
            default = customer_id if field.name == "customer_id" else ""
            read = cells.identifier if field.kind == "id" else cells.text
            texts[field.name] = _coded([read(value) or default for value in column])
    return TypedTable(len(rows), texts, numbers, flags, *joined(local_time, offset, clock, texts.get("zone")))


def _integers(read: Callable[[object], int], column: Sequence[object]) -> Ints:
    return np.array([read(value) for value in column], dtype=np.int64)


def _coded(texts: Sequence[str]) -> Coded:
    code_of = {text: code for code, text in enumerate(dict.fromkeys(texts))}
    return Coded(np.array(list(code_of), dtype=object), np.array([code_of[text] for text in texts], dtype=np.int64))


def zoned(moment: object) -> bool:
    """Say whether a moment is written with its offset from UTC.

    >>> zoned("2024-01-05T10:00:00+02:00"), zoned("2024-01-05")
    (True, False)
    """
    return cells.moment(moment)[1] != cells.NO_OFFSET


def _unknown_words(typed: TypedTable, rules: LineRules) -> Iterator[Problem]:
    """Yield the rows whose status or type nobody knows: of a file it would be asked, and a post cannot ask.

    None of them is taken for a sale in silence.
    """
    places: tuple[Where, ...] = ("status", "type")
    for name in places:
        if (coded := typed.texts.get(name)) is not None:
            found = meanings(map(str, coded.values), name, rules.own_words)
            unknown = frozenset(text for text, meaning in found.items() if text and meaning is None)
            rows = np.flatnonzero(among(coded, unknown))
            if len(rows):
                yield Problem(name, f"a word for a {WORDS_OF[name]} that is known", UNKNOWN_REMEDY, rows)


def _refuse(
    name: str, rows: Sequence[Mapping[str, Any]], problems: Iterable[Problem], path: Path | None, source: str
) -> None:
    called = path or (lambda row, column: f"{name}[{row}].{column}")
    broken = [
        Violation(source, None, called(row, problem.field), problem.rule,
                  cells.readable(cells.text(rows[row].get(problem.field))), problem.remedy)
        for problem in problems
        for row in problem.rows.tolist()
    ]  # fmt: skip
    if broken:
        raise InputError(f"the posted {name} cannot be used", broken)
