"""The log of a shop: clean lines and events, and the streams that features are computed from.

A stream is a set of integer arrays sorted by customer and day; only `features/roll_up.py` makes one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from features.codes import ATTRIBUTE

Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32] | npt.NDArray[np.int64]  # of texts that Arrow coded 32 bits: widen them to reckon
Texts = npt.NDArray[np.object_]

NULL = int(np.iinfo(np.int64).min)
VALUE_SCALE = 1000
EVENT = "event:"
PRODUCT = "product"  # a column of the items, whose words a log has under this name
CATEGORIES = "categories"


@dataclass(frozen=True, eq=False)
class Coded:
    """A column of texts, dictionary-coded: row i is `values[codes[i]]`.

    >>> Coded.of(["b", "a", "b"]).codes
    array([1, 0, 1])
    """

    values: Texts
    codes: Codes

    @classmethod
    def of(cls, texts: Sequence[str] | Texts) -> Coded:
        """Code a column of texts, values in sorted order."""
        values, codes = np.unique(np.asarray(texts, dtype=object), return_inverse=True)
        return cls(values, codes.astype(np.int64))

    @classmethod
    def joined(cls, parts: Sequence[Coded]) -> Coded:
        """Put columns one under the other; a text of several parts keeps a code for each, until `in_order`.

        >>> Coded.joined([Coded.of(["b", "a"]), Coded.of(["b"])]).codes
        array([1, 0, 2])
        """
        begins = np.cumsum([0, *(len(part.values) for part in parts)])
        codes = [part.codes + begin for part, begin in zip(parts, begins, strict=False)]
        return cls(np.concatenate([part.values for part in parts]), np.concatenate(codes))

    @cached_property
    def empty(self) -> npt.NDArray[np.bool_]:
        """Which values are empty."""
        return np.asarray(self.values == "", dtype=bool)

    @property
    def longest(self) -> int:
        """No text is longer, in characters."""
        return max(map(len, self.values), default=0)

    def with_codes(self, codes: Codes) -> Coded:
        """Return other rows of the same texts."""
        return Coded(self.values, codes)

    def in_order(self) -> Coded:
        """Return the same column with its values sorted, unused and repeated ones gone."""
        used = np.flatnonzero(np.bincount(self.codes, minlength=len(self.values)))
        values, codes = np.unique(self.values[used], return_inverse=True)
        new_code = np.zeros(len(self.values), dtype=np.int64)
        new_code[used] = codes
        return Coded(values, new_code[self.codes])


@dataclass(frozen=True, eq=False)
class CustomerRows:
    """Rows of customers, one array per column."""

    customer_id: Coded

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """Put rows one under the other; no order id but '' may be in two parts.

        >>> Lines.joined([Lines.of(["ann"], [10], [500]), Lines.of(["bob"], [11], [700])]).amount
        array([500, 700])
        >>> Events.joined([Events.of(["ann"], ["visit"], [10]), Events.of(["bob"], ["visit"], [11])]).day
        array([10, 11])
        """
        return cls(**{name: _joined([getattr(part, name) for part in parts]) for name in cls.__dataclass_fields__})

    def where(self, rows: npt.NDArray[np.bool_]) -> Self:
        """Return the rows where the mask is true."""
        return type(self)(**{name: _where(getattr(self, name), rows) for name in self.__dataclass_fields__})


def _joined(columns: Sequence[Any]) -> Any:
    return Coded.joined(columns) if isinstance(columns[0], Coded) else np.concatenate(columns)


def _where(column: Any, rows: npt.NDArray[np.bool_]) -> Any:
    return column.with_codes(column.codes[rows]) if isinstance(column, Coded) else column[rows]


@dataclass(frozen=True, eq=False)
class Lines(CustomerRows):
    """Clean order lines, one array per column, rows in any order.

    `day` is a business day number, `amount` and `discount` are minor units and never negative, `order_id` '' means
    that a customer's lines of one day are one order, `product_id` and `category` '' mean unknown. Where a shop's files
    hold no money, every `amount` is NULL. `refund` marks returned lines that give back the money of a sale with lines
    of its own; the others are the sale itself, which came back and was never counted.
    """

    day: Ints
    amount: Ints
    order_id: Coded
    product_id: Coded
    category: Coded
    discount: Ints
    units: Ints
    returned: npt.NDArray[np.bool_]
    refund: npt.NDArray[np.bool_]

    @property
    def has_money(self) -> bool:
        """Whether it is known what the lines are worth."""
        return not len(self.amount) or bool(self.amount.max() != NULL)

    @classmethod
    def of(
        cls,
        customer_id: Sequence[str],
        day: Sequence[int],
        amount: Sequence[int],
        *,
        order_id: Sequence[str] | None = None,
        product_id: Sequence[str] | None = None,
        category: Sequence[str] | None = None,
        discount: Sequence[int] | None = None,
        units: Sequence[int] | None = None,
        returned: Sequence[bool] | None = None,
        refund: Sequence[bool] | None = None,
    ) -> Lines:
        """Make lines from plain sequences; a column that is left out is unknown, zero, or one unit.

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
            category=Coded.of(category or [""] * rows),
            discount=np.asarray(discount or [0] * rows, dtype=np.int64),
            units=np.asarray(units or [1] * rows, dtype=np.int64),
            returned=np.asarray(returned or [False] * rows, dtype=bool),
            refund=np.asarray(refund or [False] * rows, dtype=bool),
        )


@dataclass(frozen=True, eq=False)
class Events(CustomerRows):
    """Clean events, one array per column, rows in any order.

    `second` is the second of the business day, `value` is in thousandths, `NULL` where an event has none.
    """

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
    (per customer and day with a return), `event:<kind>` (a row per event), `attribute:<name>` (a row per customer of
    whom a value is known) and, where lines say it, `categories` (per customer, day and category of what was bought).
    `words` holds what the codes of a stream stand for, by stream, and under PRODUCT the ids of products. Without
    `has_money` orders are only counted: money is 0 in every stream and means nothing.

    >>> from features.roll_up import roll_up
    >>> log = roll_up(Lines.of(["b", "a", "a"], [10, 11, 15], [500, 700, 300]))
    >>> list(log.customer_ids), log.streams["orders"].columns["spend"]
    (['a', 'b'], array([700, 300, 500]))
    """

    customer_ids: Texts
    streams: Mapping[str, Stream] = field(default_factory=dict)
    has_money: bool = True
    words: Mapping[str, Texts] = field(default_factory=dict)

    @property
    def n_customers(self) -> int:
        """How many customers have any row."""
        return len(self.customer_ids)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The event kinds of this log, sorted."""
        return tuple(sorted(name.removeprefix(EVENT) for name in self.streams if name.startswith(EVENT)))

    @property
    def attributes(self) -> tuple[str, ...]:
        """The customer attributes of this log, sorted."""
        return tuple(sorted(name.removeprefix(ATTRIBUTE) for name in self.streams if name.startswith(ATTRIBUTE)))

    def is_dated(self, attribute: str) -> bool:
        """Return whether it is known since when each customer's value is known: then the days differ."""
        days = self.streams[ATTRIBUTE + attribute].day
        return bool(len(days)) and bool(days.min() != days.max())

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

        >>> from features.roll_up import roll_up
        >>> log = roll_up(Lines.of(["a", "a"], [11, 15], [700, 300]))
        >>> log.before(15).streams["orders"].day
        array([11])
        """
        return replace(self, streams={n: s.keep(s.day < as_of) for n, s in self.streams.items()})

    def slice(self, first: int, end: int) -> Log:
        """Return the customers at positions first … end−1; arrays are views."""
        streams = {n: s.slice(first, end) for n, s in self.streams.items()}
        return replace(self, customer_ids=self.customer_ids[first:end], streams=streams)

    def only(self, customer_ids: Iterable[str]) -> Log:
        """Return the log of the given customers; ids that are not in it are ignored.

        >>> from features.roll_up import roll_up
        >>> list(roll_up(Lines.of(["a", "b"], [11, 15], [700, 300])).only(["b", "z"]).customer_ids)
        ['b']
        """
        wanted = np.array(sorted(set(customer_ids)), dtype=object)
        # Not np.isin, which compares every id with every other where they are objects.
        position = np.searchsorted(self.customer_ids, wanted) if self.n_customers else np.zeros(0, dtype=np.int64)
        inside = position < self.n_customers
        found = position[inside][self.customer_ids[position[inside]] == wanted[inside]].astype(np.int64)
        streams = {n: s.take(found) for n, s in self.streams.items()}
        return replace(self, customer_ids=self.customer_ids[found], streams=streams)

    def digest(self) -> str:
        """Return a SHA-256 fingerprint of the whole content.

        >>> from features.roll_up import roll_up
        >>> a, b = roll_up(Lines.of(["a"], [11], [700])), roll_up(Lines.of(["a"], [11], [701]))
        >>> a.digest() == b.digest()
        False
        """
        return self._digest

    @cached_property
    def _digest(self) -> str:
        # Once per log: scoring, the list and the record of a training run all need it.
        sha = hashlib.sha256("\0".join(self.customer_ids).encode("utf-8", "surrogatepass"))
        for name in sorted(self.streams):
            stream = self.streams[name]
            sha.update(name.encode())
            for array in (stream.starts, stream.day, *(stream.columns[c] for c in sorted(stream.columns))):
                sha.update(np.ascontiguousarray(array).tobytes())
            if name in self.words:
                sha.update("\0".join(self.words[name]).encode("utf-8", "surrogatepass"))
        return sha.hexdigest()
