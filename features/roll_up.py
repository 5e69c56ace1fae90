"""Rolls order lines and events up to the streams of a log.

Lines of files and of posted histories both come through here, so training and serving cannot differ. The rules:

- several orders of one customer on one business day are one order day (`orders` counts them);
- an order whose lines sum to zero is no order, unless nothing is known of money;
- a returned line is never an order: it lives in the stream `returns`.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from features.log import EVENT, NULL, Events, Ints, Lines, Log, Stream, Texts


def roll_up(lines: Lines, events: Events | None = None) -> Log:
    """Roll order lines and events up to the streams that every feature is read from.

    Args:
        lines: clean order lines, rows in any order.
        events: clean events, rows in any order; customers without an order are kept, but belong to no population.

    >>> log = roll_up(Lines.of(["a", "a", "a"], [11, 11, 15], [700, 300, 50], order_id=["1", "2", "3"]))
    >>> log.streams["orders"].columns["orders"], log.streams["orders"].columns["gap_days"] == NULL
    (array([2, 1]), array([ True, False]))
    """
    has_money = lines.has_money
    customer_ids, customer, event_customer = _customers(lines, events)
    size, bought = len(customer_ids), _bought(lines, customer)
    if not has_money:
        lines = replace(lines, amount=np.zeros(len(lines.day), dtype=np.int64))
    streams = {
        "orders": _order_days(lines, customer, bought, size),
        "items": _items(lines, customer, bought, size),
        "returns": _returns(lines, customer, np.flatnonzero(lines.returned), size),
        **(_event_streams(events, event_customer, size) if events is not None else {}),
    }
    return Log(customer_ids, streams, has_money)


def _bought(lines: Lines, customer: Ints) -> Ints:
    """Return the rows of orders that are worth something, sorted by customer, day and order."""
    rows = np.flatnonzero(~lines.returned)
    rows = rows[np.argsort(_pack(_pack(customer[rows], lines.day[rows]), lines.order_id.codes[rows]), kind="stable")]
    if not lines.has_money:
        return rows
    begins = _order_begins(lines, customer, rows)
    worth = np.add.reduceat(lines.amount[rows], begins) > 0 if len(rows) else np.zeros(0, dtype=bool)
    return rows if worth.all() else rows[np.repeat(worth, np.diff(np.append(begins, len(rows))))]


def _order_begins(lines: Lines, customer: Ints, rows: Ints) -> Ints:
    """Return where each order begins among sorted rows; lines without an order id are one order a day."""
    return _begins(customer[rows], lines.day[rows], lines.order_id.codes[rows])


def _begins(*sorted_columns: Ints) -> Ints:
    """Return the positions at which any of the columns changes."""
    changes = np.zeros(len(sorted_columns[0]), dtype=bool)
    changes[:1] = True
    for column in sorted_columns:
        changes[1:] |= column[1:] != column[:-1]
    return np.flatnonzero(changes)


def _pack(customer: Ints, minor: Ints) -> Ints:
    """Return one integer key that sorts by customer, then by the second column."""
    low = int(minor.min(initial=0))
    span = int(minor.max(initial=0)) - low + 1
    return customer.astype(np.int64) * span + (minor - low)


def _customers(lines: Lines, events: Events | None) -> tuple[Texts, Ints, Ints]:
    own = lines.customer_id.in_order()
    if events is None:
        return own.values, own.codes, np.zeros(0, dtype=np.int64)
    theirs = events.customer_id.in_order()
    values = np.unique(np.concatenate([own.values, theirs.values]))
    return values, np.searchsorted(values, own.values)[own.codes], np.searchsorted(values, theirs.values)[theirs.codes]


def totals(values: Ints, begins: Ints) -> Ints:
    """Return the sum of each run of rows, given where the runs begin.

    >>> totals(np.array([1, 2, 3]), np.array([0, 2]))
    array([3, 3])
    """
    return np.add.reduceat(values, begins) if len(begins) else np.zeros(0, dtype=np.int64)


def _counts(begins: Ints, rows: int) -> Ints:
    return np.diff(np.append(begins, rows))


def _offsets(customer: Ints, size: int) -> Ints:
    return np.concatenate([[0], np.cumsum(np.bincount(customer, minlength=size))]).astype(np.int64)


def _order_days(lines: Lines, customer: Ints, bought: Ints, size: int) -> Stream:
    who, day = customer[bought], lines.day[bought]
    begins, orders = _begins(who, day), _order_begins(lines, customer, bought)
    who, day = who[begins], day[begins]
    discount = totals(lines.discount[bought], begins)
    columns = {
        "spend": totals(lines.amount[bought], begins),
        "orders": _counts(np.searchsorted(orders, begins), len(orders)),
        "lines": _counts(begins, len(bought)),
        "units": totals(lines.units[bought], begins),
        "discount": discount,
        "discounted": (discount > 0).astype(np.int64),
        "weekend": ((day + 3) % 7 >= 5).astype(np.int64),  # day 0 was a Thursday, so +3 makes Monday 0
        "week": (day + 3) // 7,
        "gap_days": _gaps(who, day),
    }
    return Stream(_offsets(who, size), day, columns)


def _gaps(customer: Ints, days: Ints) -> Ints:
    gaps = np.full(len(days), NULL, dtype=np.int64)
    same = customer[1:] == customer[:-1]
    gaps[1:][same] = np.diff(days)[same]
    return gaps


def _items(lines: Lines, customer: Ints, bought: Ints, size: int) -> Stream:
    product = lines.product_id.in_order()
    known = bought[(product.values != "")[product.codes[bought]]] if len(bought) else bought
    known = known[np.argsort(_pack(_pack(customer[known], lines.day[known]), product.codes[known]), kind="stable")]
    who, day, what = customer[known], lines.day[known], product.codes[known]
    begins = _begins(who, day, what)
    columns = {
        "product": what[begins],
        "item_spend": totals(lines.amount[known], begins),
        "item_units": totals(lines.units[known], begins),
    }
    return Stream(_offsets(who[begins], size), day[begins], columns)


def _returns(lines: Lines, customer: Ints, back: Ints, size: int) -> Stream:
    back = back[np.argsort(_pack(customer[back], lines.day[back]), kind="stable")]
    begins = _begins(customer[back], lines.day[back])
    columns = {
        "returned": totals(lines.amount[back], begins),
        "returned_lines": _counts(begins, len(back)),
        "refunded": totals(np.where(lines.refund, lines.amount, 0)[back], begins),
    }
    return Stream(_offsets(customer[back][begins], size), lines.day[back][begins], columns)


def _event_streams(events: Events, customer: Ints, size: int) -> dict[str, Stream]:
    kinds = events.kind.in_order()
    return {
        EVENT + str(kind): _event_stream(events, customer, kinds.codes == code, size)
        for code, kind in enumerate(kinds.values)
    }


def _event_stream(events: Events, customer: Ints, rows: npt.NDArray[np.bool_], size: int) -> Stream:
    # The value is the last key, so that two events of one second have one order however the file was sorted.
    order = np.lexsort((events.value[rows], events.second[rows], events.day[rows], customer[rows]))
    who, day, value = customer[rows][order], events.day[rows][order], events.value[rows][order]
    return Stream(_offsets(who, size), day, {"value": value})
