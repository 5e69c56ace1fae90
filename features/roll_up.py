"""Rolls order lines and events up to the streams of a log.

Lines of files and of posted histories both come through here, so training and serving cannot differ. The rules:

- several orders of one customer on one business day are one order day (`orders` counts them);
- an order whose lines sum to zero is no order, unless nothing is known of money;
- a returned line is never an order: it lives in the stream `returns`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property, partial
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from features.blocks import at_once, blocks
from features.log import CATEGORIES, EVENT, NULL, PRODUCT, Coded, Codes, Events, Ints, Lines, Log, Stream, Texts

Mask = npt.NDArray[np.bool_]
_BITS_OF_CODES = 32
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
    lines = replace(lines, order_id=_NO_IDS, discount=_NO_INTS)
    product, category = lines.product_id.in_order(), lines.category
    words = {PRODUCT: product.values}
    lines = replace(lines, product_id=_NO_IDS, category=_NO_IDS)
    # The largest stream is made first: while it is, the others are not there yet.
    streams = {"items": _items(lines, customer, product, bought, size)}
    if not category.empty.all():
        category = category.in_order()
        streams[CATEGORIES] = _of_categories(lines, customer, category, bought, size)
        words[CATEGORIES] = category.values
    streams["returns"] = _returns(lines, customer, size)
    del lines, customer, product, bought
    streams = {"orders": _order_days(orders, size), **streams}
    if events is not None:
        streams |= _event_streams(events, event_customer, size)
    return Log(customer_ids, streams, has_money, words)


@dataclass(frozen=True, eq=False)
class _Together:
    """Lines of one order that stand together, added up: one value for each such run of lines."""

    customer: Codes
    day: Ints
    order: Codes
    lines: Ints
    amount: Ints
    discount: Ints
    units: Ints

    def at(self, rows: Codes) -> _Together:
        return _Together(*at_once(*(partial(_at, getattr(self, each.name), rows) for each in fields(self))))

    @cached_property
    def begins_of_orders(self) -> Ints:
        """Where each order begins, once they are sorted; lines without an order id are one order a day."""
        return _begins(self.customer, self.day, self.order)


def _bought(lines: Lines, customer: Codes, has_money: bool) -> tuple[Mask, _Together]:
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
    by_order = _sorted_by_order(every, sold)
    ordered, lines_of = every.at(by_order), every.lines
    del every
    if has_money:
        orders = ordered.begins_of_orders
        worth = totals(ordered.amount, orders) > 0
        if not worth.all():
            worth = np.repeat(worth, _counts(orders, len(by_order)))
            ordered = ordered.at(np.flatnonzero(worth))
            sold[by_order[~worth]] = False
    return np.repeat(sold, lines_of), ordered


def _sorted_by_order(together: _Together, sold: Mask) -> Codes:
    """Return those of some rows in the order of customer, day and order."""
    some = together.order if sold.all() else together.order[sold]
    stand_apart = np.bincount(some).max(initial=0) > 1  # lines of one order
    columns = (together.customer, together.day, *([together.order] if stand_apart else []))
    return _sorted(columns, sold)[0]


def _sorted(columns: Sequence[Codes], some: Mask) -> tuple[Codes, Ints]:
    """Return some rows in the order of columns, of which the first counts from 0, and a key that sorts as these do.

    Where they fit the rows' numbers are part of the key: NumPy sorts integers several times as fast as rows.

    >>> _sorted([np.array([1, 0, 1]), np.array([20, 20, 10])], np.ones(3, dtype=bool))
    (array([1, 2, 0], dtype=int32), array([10, 11, 21]))
    """
    ranges, bits = [_range(column) for column in columns[1:]], len(some).bit_length()
    fits = (int(columns[0].max(initial=0)) + 1) * prod(span for _, span in ranges) < 1 << (63 - bits)
    key, begin = np.empty(np.count_nonzero(some), dtype=np.int64), 0
    for block in blocks(len(some)):
        rows = np.flatnonzero(some[block])
        part = key[begin : begin + len(rows)]
        part[:] = columns[0][block][rows]
        for column, (low, span) in zip(columns[1:], ranges, strict=True):
            part *= span
            part += column[block][rows]
            part -= low
        if fits:
            part <<= bits
            part |= rows + block.start
        begin += len(rows)
    if not fits:
        order = np.argsort(key, kind="stable")
        return np.flatnonzero(some)[order], key[order]
    key.sort()
    at = np.empty(len(key), dtype=np.int32) if bits < _BITS_OF_CODES else np.empty(len(key), dtype=np.int64)
    np.bitwise_and(key, (1 << bits) - 1, out=at, casting="same_kind")
    key >>= bits
    return at, key


def _begins(*sorted_columns: npt.NDArray[Any]) -> Ints:
    """Return the positions at which any of the columns changes."""
    changes = np.zeros(len(sorted_columns[0]), dtype=bool)
    changes[:1] = True
    for column in sorted_columns:
        changes[1:] |= column[1:] != column[:-1]
    return np.flatnonzero(changes)


def _range(column: Codes) -> tuple[int, int]:
    """Return the lowest value, and how many there are from it to the highest: few bits of a key, if days are few."""
    low = int(column.min()) if len(column) else 0
    return low, int(column.max(initial=low)) - low + 1


def _customers(lines: Lines, events: Events | None) -> tuple[Texts, Codes, Codes]:
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
    return np.add.reduceat(values, begins) if values.any() else np.broadcast_to(np.int64(0), len(begins))


def _at(column: npt.NDArray[Any], rows: Codes) -> npt.NDArray[Any]:
    """Return some rows of a column; one that is a single number throughout stays that number, and takes no memory."""
    return np.broadcast_to(column[0], len(rows)) if len(column) and column.strides == (0,) else column[rows]


def _counts(begins: Ints, rows: int) -> Ints:
    return np.diff(np.append(begins, rows))


def _offsets(customer: Codes, size: int) -> Ints:
    return np.concatenate([[0], np.cumsum(np.bincount(customer, minlength=size))]).astype(np.int64)


def _order_days(together: _Together, size: int) -> Stream:
    begins, orders = _begins(together.customer, together.day), together.begins_of_orders
    who, day = together.customer[begins], together.day[begins]
    of_lines = (together.amount, together.lines, together.units, together.discount)
    spend, lines, units, discount = at_once(*(partial(totals, each, begins) for each in of_lines))
    columns = {
        "spend": spend,
        "orders": _counts(np.searchsorted(orders, begins), len(orders)),
        "lines": lines,
        "units": units,
        "discount": discount,
        "discounted": (discount > 0).astype(np.int64) if discount.any() else discount,
        **_of_calendar(day),
        "gap_days": _gaps(who, day),
    }
    return Stream(_offsets(who, size), day, columns)


def _of_calendar(day: Ints) -> dict[str, Ints]:
    """Return what is known of each day; a log has few different ones."""
    low, span = _range(day)
    days = np.arange(low, low + span) + 3  # day 0 was a Thursday, so +3 makes Monday 0
    at = day - low
    return {"weekend": (days % 7 >= 5).astype(np.int64)[at], "week": (days // 7)[at]}


def _gaps(customer: Codes, days: Ints) -> Ints:
    gaps = np.full(len(days), NULL, dtype=np.int64)
    same = customer[1:] == customer[:-1]
    gaps[1:][same] = np.diff(days)[same]
    return gaps


def _items(lines: Lines, customer: Codes, product: Coded, bought: Mask, size: int) -> Stream:
    known = bought & ~product.empty[product.codes] if product.empty.any() else bought
    rows, key = _sorted((customer, lines.day, product.codes), known)
    begins = _begins(key)
    key = key[begins]
    spend, units = at_once(*(partial(_sums, each, rows, begins) for each in (lines.amount, lines.units)))
    del rows, begins
    (first_day, days), (first_code, products) = _range(lines.day), _range(product.codes)
    day, code = np.empty(len(key), dtype=np.int64), np.empty(len(key), dtype=np.int64)
    for block in blocks(len(key)):
        customer_day, code[block] = np.divmod(key[block], products)
        day[block] = customer_day % days
    day += first_day
    code += first_code
    starts = np.searchsorted(key, np.arange(size + 1) * (days * products))
    return Stream(starts, day, {"product": code, "item_spend": spend, "item_units": units})


def _sums(values: Ints, rows: Codes, begins: Ints) -> Ints:
    """Return the sum of each run of rows, given where the runs begin, as `totals` of the values in those rows.

    >>> _sums(np.array([1, 2, 3]), np.array([2, 0, 1]), np.array([0, 2]))
    array([4, 2])
    """
    sums = np.empty(len(begins), dtype=np.int64)
    for block in blocks(len(begins)):
        first, end = begins[block.start], begins[block.stop] if block.stop < len(begins) else len(rows)
        np.add.reduceat(values[rows[first:end]], begins[block] - first, out=sums[block])
    return sums


def _of_categories(lines: Lines, customer: Codes, category: Coded, bought: npt.NDArray[np.bool_], size: int) -> Stream:
    found = _items(lines, customer, category, bought, size)
    columns = {"code": found.columns["product"], "category_spend": found.columns["item_spend"]}
    return Stream(found.starts, found.day, columns)


def _returns(lines: Lines, customer: Codes, size: int) -> Stream:
    back = _sorted((customer, lines.day), lines.returned)[0]
    begins = _begins(customer[back], lines.day[back])
    columns = {
        "returned": totals(lines.amount[back], begins),
        "returned_lines": _counts(begins, len(back)),
        "refunded": totals(np.where(lines.refund[back], lines.amount[back], 0), begins),
    }
    return Stream(_offsets(customer[back][begins], size), lines.day[back][begins], columns)


def _event_streams(events: Events, customer: Codes, size: int) -> dict[str, Stream]:
    kinds = events.kind.in_order()
    return {
        EVENT + str(kind): _event_stream(events, customer, kinds.codes == code, size)
        for code, kind in enumerate(kinds.values)
    }


def _event_stream(events: Events, customer: Codes, rows: Mask, size: int) -> Stream:
    # The value is the last key, so that two events of one second have one order however the file was sorted.
    order = np.lexsort((events.value[rows], events.second[rows], events.day[rows], customer[rows]))
    who, day, value = customer[rows][order], events.day[rows][order], events.value[rows][order]
    return Stream(_offsets(who, size), day, {"value": value})
