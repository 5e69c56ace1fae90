"""Rolls order lines and events up to the streams of a log.

Lines of files and of posted histories both come through here, so training and serving cannot differ. The rules:

- several orders of one customer on one business day are one order day (`orders` counts them);
- an order whose lines sum to zero is no order, unless nothing is known of money;
- a returned line is never an order: it lives in the stream `returns`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from features.log import EVENT, NULL, Coded, Events, Ints, Lines, Log, Stream, Texts

_NO_IDS, _NO_INTS = Coded.of([]), np.zeros(0, dtype=np.int64)


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
    if not has_money:
        lines = replace(lines, amount=np.zeros(len(lines.day), dtype=np.int64))
    customer_ids, customer, event_customer = _customers(lines, events)
    # A large shop's lines and its days are not held beside each other: what is of no further use is let go.
    lines, size = replace(lines, customer_id=_NO_IDS), len(customer_ids)
    bought, orders = _bought(lines, customer, has_money)
    product = lines.product_id.in_order()
    lines = replace(lines, order_id=_NO_IDS, product_id=_NO_IDS, discount=_NO_INTS)
    items = _items(lines, customer, product, bought, size)
    returns = _returns(lines, customer, np.flatnonzero(lines.returned), size)
    del lines, customer, product, bought
    streams = {
        "orders": _order_days(orders, size),
        "items": items,
        "returns": returns,
        **(_event_streams(events, event_customer, size) if events is not None else {}),
    }
    return Log(customer_ids, streams, has_money)


@dataclass(frozen=True, eq=False)
class _Together:
    """Lines of one order that stand together, added up: one value for each such run of lines."""

    customer: Ints
    day: Ints
    order: Ints
    lines: Ints
    amount: Ints
    discount: Ints
    units: Ints

    def at(self, rows: Ints | npt.NDArray[np.bool_]) -> _Together:
        return _Together(*(getattr(self, each.name)[rows] for each in fields(self)))

    @property
    def begins_of_orders(self) -> Ints:
        """Where each order begins, once they are sorted; lines without an order id are one order a day."""
        return _begins(self.customer, self.day, self.order)


def _bought(lines: Lines, customer: Ints, has_money: bool) -> tuple[npt.NDArray[np.bool_], _Together]:
    """Return which lines are of orders that are worth something; and these, together, by customer, day and order."""
    begins = _begins(customer, lines.day, lines.order_id.codes, lines.returned)
    sold = ~lines.returned[begins]
    every = _Together(
        customer[begins],
        lines.day[begins],
        lines.order_id.codes[begins],
        _counts(begins, len(customer)),
        *(totals(column, begins) for column in (lines.amount, lines.discount, lines.units)),
    )
    together, lines_of = every if sold.all() else every.at(sold), every.lines
    del every
    by_order = _sorted_by_order(together)
    ordered = together.at(by_order)
    del together
    if has_money:
        orders = ordered.begins_of_orders
        worth = np.repeat(totals(ordered.amount, orders) > 0, _counts(orders, len(by_order)))
        if not worth.all():
            ordered = ordered.at(worth)
            sold[np.flatnonzero(sold)[by_order[~worth]]] = False
    return np.repeat(sold, lines_of), ordered


def _sorted_by_order(together: _Together) -> Ints:
    key = _pack(together.customer, together.day)
    if np.bincount(together.order).max(initial=0) > 1:  # an order whose lines stand apart
        key = _pack(key, together.order)
    return _sorted(key)[0]


def _sorted(key: Ints, rows: Ints | None = None) -> tuple[Ints, Ints]:
    """Return the rows in the order of a key, and the key in order; NumPy sorts integers several times as fast as rows.

    Args:
        key: not negative; it is sorted in its place, since memory costs more than the sort.
        rows: to which it belongs, rising; None = all.

    >>> _sorted(np.array([7, 3, 7]))
    (array([1, 0, 2]), array([3, 7, 7]))
    """
    rows = np.arange(len(key)) if rows is None else rows
    bits = int(rows.max(initial=0)).bit_length()
    if int(key.max(initial=0)) >= 1 << (63 - bits):
        order = np.argsort(key, kind="stable")
        return rows[order], key[order]
    key <<= bits
    key |= rows
    del rows
    key.sort()
    rows = key & ((1 << bits) - 1)
    key >>= bits
    return rows, key


def _begins(*sorted_columns: npt.NDArray[Any]) -> Ints:
    """Return the positions at which any of the columns changes."""
    changes = np.zeros(len(sorted_columns[0]), dtype=bool)
    changes[:1] = True
    for column in sorted_columns:
        changes[1:] |= column[1:] != column[:-1]
    return np.flatnonzero(changes)


def _pack(customer: Ints, minor: Ints) -> Ints:
    """Return one integer key that sorts by customer, then by the second column."""
    low, span = _range(minor)
    key: Ints = customer * span
    key += minor
    key -= low
    return key


def _unpack(key: Ints, minor: Ints) -> tuple[Ints, Ints]:
    """Return the two columns of a key; `minor` is the column that it was packed with.

    >>> _unpack(_pack(np.array([3, 4]), np.array([20, 10])), np.array([20, 10]))
    (array([3, 4]), array([20, 10]))
    """
    low, span = _range(minor)
    customer = key // span
    back = customer * -span
    back += key
    back += low
    return customer, back


def _range(column: Ints) -> tuple[int, int]:
    """Return the lowest value, at most 0, and how many there are from it to the highest."""
    low = int(column.min(initial=0))
    return low, int(column.max(initial=0)) - low + 1


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
    if len(begins) == len(values):
        return values.copy()
    return np.add.reduceat(values, begins) if values.any() else np.zeros(len(begins), dtype=np.int64)


def _counts(begins: Ints, rows: int) -> Ints:
    return np.diff(np.append(begins, rows))


def _offsets(customer: Ints, size: int) -> Ints:
    return np.concatenate([[0], np.cumsum(np.bincount(customer, minlength=size))]).astype(np.int64)


def _order_days(together: _Together, size: int) -> Stream:
    begins, orders = _begins(together.customer, together.day), together.begins_of_orders
    who, day = together.customer[begins], together.day[begins]
    discount = totals(together.discount, begins)
    columns = {
        "spend": totals(together.amount, begins),
        "orders": _counts(np.searchsorted(orders, begins), len(orders)),
        "lines": totals(together.lines, begins),
        "units": totals(together.units, begins),
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


def _items(lines: Lines, customer: Ints, product: Coded, bought: npt.NDArray[np.bool_], size: int) -> Stream:
    known = bought & ~product.empty[product.codes] if product.empty.any() else bought
    key, at = _pack(_pack(customer, lines.day), product.codes), None
    if not known.all():
        key, at = key[known], np.flatnonzero(known)
    rows, key = _sorted(key, at)
    begins = _begins(key)
    key = key[begins]
    columns = {
        "item_spend": totals(lines.amount[rows], begins),
        "item_units": totals(lines.units[rows], begins),
    }
    del rows, begins
    customer_day, codes = _unpack(key, product.codes)
    who, day = _unpack(customer_day, lines.day)
    return Stream(_offsets(who, size), day, {"product": codes, **columns})


def _returns(lines: Lines, customer: Ints, back: Ints, size: int) -> Stream:
    back = _sorted(_pack(customer[back], lines.day[back]), back)[0]
    begins = _begins(customer[back], lines.day[back])
    columns = {
        "returned": totals(lines.amount[back], begins),
        "returned_lines": _counts(begins, len(back)),
        "refunded": totals(np.where(lines.refund[back], lines.amount[back], 0), begins),
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
