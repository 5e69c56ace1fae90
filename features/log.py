"""A shop's log as the engines see it, and the one way into it.

Lines and events, from a file or from a posted history, are rolled up by `roll_up` into streams: arrays sorted by
customer and day. Both paths share it, so that what was trained and what is served cannot differ.

Rules kept here:

- several orders of one customer on one business day are one order day (`orders` counts them);
- an order whose lines sum to zero is no order;
- a returned line is never an order: it lives in the stream `returns`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Texts = npt.NDArray[np.object_]

NULL = int(np.iinfo(np.int64).min)
VALUE_SCALE = 1000
EVENT = "event:"


@dataclass(frozen=True, eq=False)
class Coded:
    """A column of texts, dictionary-coded: row i is `values[codes[i]]`.

    >>> Coded.of(["b", "a", "b"]).codes
    array([1, 0, 1])
    """

    values: Texts
    codes: Ints

    @classmethod
    def of(cls, texts: Sequence[str] | Texts) -> Coded:
        """Code a column of texts, values in sorted order."""
        values, codes = np.unique(np.asarray(texts, dtype=object), return_inverse=True)
        return cls(values, codes.astype(np.int64))

    def in_order(self) -> Coded:
        """Return the same column with its values sorted, unused and repeated ones gone."""
        used = np.flatnonzero(np.bincount(self.codes, minlength=len(self.values)))
        values, place = np.unique(self.values[used], return_inverse=True)
        lookup = np.zeros(len(self.values), dtype=np.int64)
        lookup[used] = place
        return Coded(values, lookup[self.codes])


@dataclass(frozen=True, eq=False)
class Lines:
    """Clean order lines, one array per column, rows in any order.

    `day` is a business day number, `amount` and `discount` are minor units and never negative, `order_id` '' means
    that a customer's lines of one day are one order, `product_id` '' means unknown.
    """

    customer_id: Coded
    day: Ints
    amount: Ints
    order_id: Coded
    product_id: Coded
    discount: Ints
    units: Ints
    returned: npt.NDArray[np.bool_]

    @classmethod
    def of(
        cls,
        customer_id: Sequence[str],
        day: Sequence[int],
        amount: Sequence[int],
        *,
        order_id: Sequence[str] | None = None,
        product_id: Sequence[str] | None = None,
        discount: Sequence[int] | None = None,
        units: Sequence[int] | None = None,
        returned: Sequence[bool] | None = None,
    ) -> Lines:
        """Make lines from plain sequences; what is left out is unknown, none, or one unit.

        >>> Lines.of(["ann"], [10], [500]).units
        array([1])
        """
        rows = len(customer_id)
        return cls(
            customer_id=Coded.of(customer_id),
            day=np.asarray(day, dtype=np.int64),
            amount=np.asarray(amount, dtype=np.int64),
            order_id=Coded.of(order_id or [""] * rows),
            product_id=Coded.of(product_id or [""] * rows),
            discount=np.asarray(discount or [0] * rows, dtype=np.int64),
            units=np.asarray(units or [1] * rows, dtype=np.int64),
            returned=np.asarray(returned or [False] * rows, dtype=bool),
        )


@dataclass(frozen=True, eq=False)
class Events:
    """Clean events, one array per column, rows in any order.

    `second` is the second of the business day, `value` is in thousandths, `NULL` where an event has none.
    """

    customer_id: Coded
    kind: Coded
    day: Ints
    second: Ints
    value: Ints

    @classmethod
    def of(
        cls,
        customer_id: Sequence[str],
        kind: Sequence[str],
        day: Sequence[int],
        *,
        second: Sequence[int] | None = None,
        value: Sequence[float | None] | None = None,
    ) -> Events:
        """Make events from plain sequences, values in whole units.

        >>> Events.of(["ann"], ["review"], [10], value=[4.5]).value
        array([4500])
        """
        rows = len(customer_id)
        values = [NULL if v is None else round(v * VALUE_SCALE) for v in (value or [None] * rows)]
        return cls(
            customer_id=Coded.of(customer_id),
            kind=Coded.of(kind),
            day=np.asarray(day, dtype=np.int64),
            second=np.asarray(second or [0] * rows, dtype=np.int64),
            value=np.asarray(values, dtype=np.int64),
        )


@dataclass(frozen=True, eq=False)
class Stream:
    """Rows of one kind, sorted by customer and day; customer c owns rows starts[c] … starts[c+1]−1."""

    starts: Ints
    day: Ints
    columns: Mapping[str, Ints]

    def __len__(self) -> int:
        return len(self.day)

    @cached_property
    def customer(self) -> Ints:
        """The customer's position, one per row."""
        return np.repeat(np.arange(len(self.starts) - 1), np.diff(self.starts))

    def keep(self, rows: npt.NDArray[np.bool_]) -> Stream:
        """Return the stream with only the rows where the mask is true; no customer is dropped."""
        kept = np.concatenate([[0], np.cumsum(rows)])
        columns = {name: column[rows] for name, column in self.columns.items()}
        return Stream(kept[self.starts].astype(np.int64), self.day[rows], columns)

    def slice(self, first: int, end: int) -> Stream:
        """Return customers first … end−1; arrays are views."""
        low, high = int(self.starts[first]), int(self.starts[end])
        columns = {name: column[low:high] for name, column in self.columns.items()}
        return Stream(self.starts[first : end + 1] - low, self.day[low:high], columns)

    def take(self, customers: Ints) -> Stream:
        """Return the given customers, in the given order."""
        lengths = np.diff(self.starts)[customers]
        starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        rows = np.arange(starts[-1]) - np.repeat(starts[:-1] - self.starts[customers], lengths)
        return Stream(starts, self.day[rows], {name: column[rows] for name, column in self.columns.items()})


@dataclass(frozen=True, eq=False)
class Log:
    """A shop's log: customers sorted by id, and their streams.

    `streams` holds `orders` (a row per customer and order day), `items` (per customer, day and product), `returns`
    (per customer and day with a return) and `event:<kind>` (a row per event).

    >>> log = roll_up(Lines.of(["b", "a", "a"], [10, 11, 15], [500, 700, 300]))
    >>> list(log.customer_ids), log.streams["orders"].columns["spend"]
    (['a', 'b'], array([700, 300, 500]))
    """

    customer_ids: Texts
    streams: Mapping[str, Stream] = field(default_factory=dict)

    @property
    def n_customers(self) -> int:
        """How many customers have any row."""
        return len(self.customer_ids)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The event kinds of this log, sorted."""
        return tuple(sorted(name.removeprefix(EVENT) for name in self.streams if name.startswith(EVENT)))

    @property
    def first_day(self) -> int:
        """Day number of the first order."""
        return int(self.streams["orders"].day.min())

    @property
    def last_day(self) -> int:
        """Day number of the last order."""
        return int(self.streams["orders"].day.max())

    def before(self, as_of: int) -> Log:
        """Return the log as it stood at the start of `as_of`: everything on or after it is gone.

        >>> log = roll_up(Lines.of(["a", "a"], [11, 15], [700, 300]))
        >>> log.before(15).streams["orders"].day
        array([11])
        """
        return Log(self.customer_ids, {n: s.keep(s.day < as_of) for n, s in self.streams.items()})

    def slice(self, first: int, end: int) -> Log:
        """Return the customers at positions first … end−1; arrays are views."""
        return Log(self.customer_ids[first:end], {n: s.slice(first, end) for n, s in self.streams.items()})

    def only(self, customer_ids: Iterable[str]) -> Log:
        """Return the log of the given customers; ids that are not in it are passed over.

        >>> list(roll_up(Lines.of(["a", "b"], [11, 15], [700, 300])).only(["b", "z"]).customer_ids)
        ['b']
        """
        wanted = np.array(sorted(set(customer_ids)), dtype=object)
        place = np.searchsorted(self.customer_ids, wanted) if self.n_customers else np.zeros(0, dtype=np.int64)
        place = place[place < self.n_customers]
        found = place[np.isin(self.customer_ids[place], wanted)] if len(place) else place
        found = np.unique(found).astype(np.int64)
        return Log(self.customer_ids[found], {n: s.take(found) for n, s in self.streams.items()})

    def digest(self) -> str:
        """Return a SHA-256 fingerprint of the whole content.

        >>> a, b = roll_up(Lines.of(["a"], [11], [700])), roll_up(Lines.of(["a"], [11], [701]))
        >>> a.digest() == b.digest()
        False
        """
        sha = hashlib.sha256("\0".join(self.customer_ids).encode("utf-8", "surrogatepass"))
        for name in sorted(self.streams):
            stream = self.streams[name]
            sha.update(name.encode())
            for array in (stream.starts, stream.day, *(stream.columns[c] for c in sorted(stream.columns))):
                sha.update(np.ascontiguousarray(array).tobytes())
        return sha.hexdigest()


def roll_up(lines: Lines, events: Events | None = None) -> Log:
    """Roll order lines and events up to the streams that every feature is read from.

    Args:
        lines: clean order lines, rows in any order.
        events: clean events, rows in any order; customers without an order are kept, they are no population.

    >>> log = roll_up(Lines.of(["a", "a", "a"], [11, 11, 15], [700, 300, 50], order_id=["1", "2", "3"]))
    >>> log.streams["orders"].columns["orders"], log.streams["orders"].columns["gap_days"] == NULL
    (array([2, 1]), array([ True, False]))
    """
    customer_ids, customer, event_customer = _customers(lines, events)
    size, bought = len(customer_ids), _bought(lines, customer)
    streams = {
        "orders": _order_days(lines, customer, bought, size),
        "items": _items(lines, customer, bought, size),
        "returns": _returns(lines, customer, np.flatnonzero(lines.returned), size),
        **(_event_streams(events, event_customer, size) if events is not None else {}),
    }
    return Log(customer_ids, streams)


def _bought(lines: Lines, customer: Ints) -> Ints:
    """Return the rows of orders that are worth something, sorted by customer, day and order."""
    rows = np.flatnonzero(~lines.returned)
    rows = rows[np.argsort(_pack(_pack(customer[rows], lines.day[rows]), lines.order_id.codes[rows]), kind="stable")]
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


def _totals(values: Ints, begins: Ints) -> Ints:
    return np.add.reduceat(values, begins) if len(begins) else np.zeros(0, dtype=np.int64)


def _counts(begins: Ints, rows: int) -> Ints:
    return np.diff(np.append(begins, rows))


def _offsets(customer: Ints, size: int) -> Ints:
    return np.concatenate([[0], np.cumsum(np.bincount(customer, minlength=size))]).astype(np.int64)


def _order_days(lines: Lines, customer: Ints, bought: Ints, size: int) -> Stream:
    who, day = customer[bought], lines.day[bought]
    begins, orders = _begins(who, day), _order_begins(lines, customer, bought)
    who, day = who[begins], day[begins]
    discount = _totals(lines.discount[bought], begins)
    columns = {
        "spend": _totals(lines.amount[bought], begins),
        "orders": _counts(np.searchsorted(orders, begins), len(orders)),
        "lines": _counts(begins, len(bought)),
        "units": _totals(lines.units[bought], begins),
        "discount": discount,
        "discounted": (discount > 0).astype(np.int64),
        "weekend": ((day + 3) % 7 >= 5).astype(np.int64),  # day 0 was a Thursday, so +3 makes Monday 0
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
        "item_spend": _totals(lines.amount[known], begins),
        "item_units": _totals(lines.units[known], begins),
    }
    return Stream(_offsets(who[begins], size), day[begins], columns)


def _returns(lines: Lines, customer: Ints, back: Ints, size: int) -> Stream:
    back = back[np.argsort(_pack(customer[back], lines.day[back]), kind="stable")]
    begins = _begins(customer[back], lines.day[back])
    columns = {"returned": _totals(lines.amount[back], begins), "returned_lines": _counts(begins, len(back))}
    return Stream(_offsets(customer[back][begins], size), lines.day[back][begins], columns)


def _event_streams(events: Events, customer: Ints, size: int) -> dict[str, Stream]:
    kinds = events.kind.in_order()
    return {
        EVENT + str(kind): _event_stream(events, customer, kinds.codes == code, size)
        for code, kind in enumerate(kinds.values)
    }


def _event_stream(events: Events, customer: Ints, rows: npt.NDArray[np.bool_], size: int) -> Stream:
    # The value is the last key, so that two events of one second stand in one order however the file was sorted.
    order = np.lexsort((events.value[rows], events.second[rows], events.day[rows], customer[rows]))
    who, day, value = customer[rows][order], events.day[rows][order], events.value[rows][order]
    return Stream(_offsets(who, size), day, {"value": value})
