"""The single pass: NumPy over customer-sorted streams, all dates at once.

How it works. For each stream one histogram customer × boundary (a boundary is the edge of any window on any date),
summed up along its length, is the row position of every edge: nothing is searched. An additive aggregate is then the
difference of one integer prefix sum at two positions; extremes are `reduceat` over the rows between them; what is
distinct are the rows whose former occurrence lies before the window; a decayed sum is carried from row to row.
Integers wrap around without loss in differences, so all sums are exact, and a real number is made once, at the end:
that is why many dates, one date and a shuffled file give the same bits.

Customers are independent, so they are taken in chunks: memory does not grow with the log.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import singledispatchmethod
from typing import TypeVar, cast

import numpy as np
import numpy.typing as npt

from features import aggregates as agg
from features.clock import age_days, window
from features.log import NULL, VALUE_SCALE, Ints, Log, Stream

Reals = npt.NDArray[np.float64]
Memory = TypeVar("Memory", Ints, Reals)
CHUNK_CUSTOMERS = 8192


@dataclass(frozen=True, eq=False)
class Rows:
    """The wanted (customer, date) pairs: positions of the customer and of the date, sorted by customer then date."""

    customer: Ints
    date: Ints


def chunks(log: Log, size: int = CHUNK_CUSTOMERS) -> Iterator[tuple[int, Log]]:
    """Yield the log in runs of customers with the position of the first of each."""
    for first in range(0, log.n_customers, size):
        yield first, log.slice(first, min(first + size, log.n_customers))


def population(log: Log, as_of: Ints, active_days: int | None) -> Rows:
    """Return who is looked at on which date: at least one order day in the last `active_days`.

    Args:
        log: the log or a chunk of it.
        as_of: day numbers of the dates, ascending.
        active_days: None for everyone with any order before the date.
    """
    edges = _Edges(log.streams["orders"], as_of, [(0, active_days)])
    low, high = edges.at(0, active_days)
    customer, date = np.nonzero(high > low)
    return Rows(customer, date)


class SinglePass:
    """Aggregates of one chunk of customers at the wanted pairs.

    Args:
        log: a chunk of customers.
        as_of: day numbers of the dates, ascending.
        rows: the wanted pairs.
        wanted: all aggregates that will be asked for; their windows fix the boundaries.
    """

    def __init__(self, log: Log, as_of: Ints, rows: Rows, wanted: tuple[agg.Aggregate, ...]) -> None:
        self._log, self._as_of, self._rows = log, as_of, rows
        self._windows: dict[str, list[tuple[int, int | None]]] = {}
        parts = (part for a in wanted for part in (a.parts if isinstance(a, agg.Rate) else (a,)))
        for aggregate in parts:
            self._windows.setdefault(aggregate.stream, []).append((aggregate.skip, aggregate.days))
        self._tracks: dict[tuple[str, str, str | None], _Track] = {}
        self._edges: dict[str, _Edges] = {}

    def column(self, aggregate: agg.Aggregate) -> Reals:
        """Return the aggregate at every wanted pair, NaN = None."""
        if aggregate.stream not in self._log.streams and not isinstance(aggregate, agg.Rate):
            return self._nothing(aggregate)
        return self._read(aggregate)

    def _nothing(self, aggregate: agg.Aggregate) -> Reals:
        empty = 0.0 if isinstance(aggregate, (agg.Count, agg.Distinct)) else np.nan
        return np.full(len(self._rows.customer), empty)

    def _edges_of(self, stream: str) -> _Edges:
        if stream not in self._edges:
            self._edges[stream] = _Edges(self._log.streams[stream], self._as_of, self._windows[stream])
        return self._edges[stream]

    def _track(self, aggregate: agg.Aggregate) -> _Track:
        key = (aggregate.stream, aggregate.column, aggregate.where)
        if key not in self._tracks:
            stream = self._log.streams[aggregate.stream]
            self._tracks[key] = _Track(stream, aggregate.column, aggregate.where, aggregate.nullable)
        return self._tracks[key]

    def _span(self, aggregate: agg.Aggregate) -> tuple[_Track, Ints, Ints]:
        """Return the track and, for every pair, its first row and the one after its last."""
        track = self._track(aggregate)
        low, high = self._edges_of(aggregate.stream).pairs(aggregate.skip, aggregate.days, self._rows)
        low, high = track.rank(low), track.rank(high)
        if aggregate.last is not None:
            low = np.maximum(low, high - aggregate.last)
        return track, low, high

    def _dates(self) -> Ints:
        return self._as_of[self._rows.date]

    def _total(self, aggregate: agg.Aggregate) -> tuple[Ints, Ints]:
        """Return sum and count of the window, both exact."""
        track, low, high = self._span(aggregate)
        count = high - low
        total = track.prefix[high] - track.prefix[low]
        if aggregate.column == agg.AGE:
            total = count * self._dates() - total
        return total, count

    @singledispatchmethod
    def _read(self, aggregate: agg.Aggregate) -> Reals:
        raise NotImplementedError(f"the single pass has no reading of {type(aggregate).__name__}")

    @_read.register
    def _(self, aggregate: agg.Count) -> Reals:
        _, low, high = self._span(aggregate)
        return (high - low).astype(np.float64)

    @_read.register
    def _(self, aggregate: agg.Sum) -> Reals:
        total, count = self._total(aggregate)
        return _scaled(_unless(total.astype(np.float64), count == 0), aggregate)

    @_read.register
    def _(self, aggregate: agg.Mean) -> Reals:
        total, count = self._total(aggregate)
        return _scaled(_divide(total, count), aggregate)

    @_read.register
    def _(self, aggregate: agg.Std) -> Reals:
        track, low, high = self._span(aggregate)
        count = high - low
        total = track.prefix[high] - track.prefix[low]
        squares = track.square_prefix[high] - track.square_prefix[low]
        variance = _divide(count * squares - total * total, np.where(count > 1, count * (count - 1), 0))
        return _scaled(np.sqrt(variance), aggregate)

    @_read.register
    def _(self, aggregate: agg.Share) -> Reals:
        part, _ = self._total(aggregate)
        whole, _ = self._total(agg.Sum(aggregate.column, on=aggregate.on, days=aggregate.days, skip=aggregate.skip))
        return _divide(part, whole)

    @_read.register
    def _(self, aggregate: agg.Rate) -> Reals:
        rows, per = (self.column(part) for part in aggregate.parts)
        return _divide(rows, per)

    @_read.register
    def _(self, aggregate: agg.Min) -> Reals:
        return self._extreme(aggregate, np.minimum)

    @_read.register
    def _(self, aggregate: agg.Max) -> Reals:
        return self._extreme(aggregate, np.maximum)

    def _extreme(self, aggregate: agg.Aggregate, extreme: np.ufunc) -> Reals:
        track, low, high = self._span(aggregate)
        if aggregate.column == agg.AGE:  # the greatest age is the least day
            other = np.minimum if extreme is np.maximum else np.maximum
            found = age_days(_reduce(track.values, low, high, other), self._dates())
        else:
            found = _reduce(track.values, low, high, extreme)
        return _scaled(_unless(found.astype(np.float64), high == low), aggregate)

    @_read.register
    def _(self, aggregate: agg.First) -> Reals:
        track, low, high = self._span(aggregate)
        return self._value_at(aggregate, track, low, high > low)

    @_read.register
    def _(self, aggregate: agg.Last) -> Reals:
        track, low, high = self._span(aggregate)
        place = high - 1 - aggregate.back
        return self._value_at(aggregate, track, place, place >= low)

    def _value_at(self, aggregate: agg.Aggregate, track: _Track, place: Ints, found: npt.NDArray[np.bool_]) -> Reals:
        if not len(track.values):
            return np.full(len(place), np.nan)
        value = track.values[np.where(found, place, 0)]
        if aggregate.column == agg.AGE:
            value = age_days(value, self._dates())
        return _scaled(_unless(value.astype(np.float64), ~found), aggregate)

    @_read.register
    def _(self, aggregate: agg.Quantile) -> Reals:
        track, low, high = self._span(aggregate)
        assert aggregate.last is not None
        ordered = track.last_sorted(low, high, aggregate.last)
        return _scaled(_quantile(ordered, high - low, aggregate.q), aggregate)

    @_read.register
    def _(self, aggregate: agg.Decayed) -> Reals:
        track, low, high = self._span(aggregate)
        if not len(track.values):
            return np.full(len(low), np.nan)
        place = np.maximum(high - 1, 0)
        carried = track.carried(aggregate.half_life_days)[place]
        rest = age_days(track.day[place], self._dates())
        decayed = carried * np.exp2(-rest / aggregate.half_life_days)
        return _scaled(_unless(decayed, high == low), aggregate)

    @_read.register
    def _(self, aggregate: agg.Distinct) -> Reals:
        track, low, high = self._span(aggregate)
        first = np.array([window(int(day), aggregate.days, aggregate.skip)[0] for day in self._as_of])
        # A value is new in the window where it stood before the window or never.
        length = high - low
        ends = np.cumsum(length)
        rows = np.arange(ends[-1] if len(ends) else 0) + np.repeat(high - ends, length)
        new = track.former_day[rows] < np.repeat(first[self._rows.date], length)
        seen = _prefix(new)
        distinct: Ints = seen[ends] - seen[ends - length]
        return distinct.astype(np.float64)


class _Edges:
    """The row positions of all window edges of one stream."""

    def __init__(self, stream: Stream, as_of: Ints, windows: list[tuple[int, int | None]]) -> None:
        self._stream, self._as_of = stream, as_of
        self._boundaries = np.unique([edge for w in windows for day in as_of for edge in _finite(int(day), *w)])
        self._cache: dict[int | None, Ints] = {}
        self._positions = self._histogram()

    def _histogram(self) -> Ints:
        """Return the first row at or after each boundary, customers × boundaries."""
        customers, slots = len(self._stream.starts) - 1, len(self._boundaries) + 1
        slot = _slots(self._stream.day, self._boundaries)
        counts = np.bincount(self._stream.customer * slots + slot, minlength=customers * slots)
        return np.cumsum(counts).reshape(customers, slots)

    def _edge(self, days_back: int | None) -> Ints:
        """Return positions of the edge that lies `days_back` days before each date, customers × dates."""
        if days_back is None:
            return np.broadcast_to(self._stream.starts[:-1][:, None], (len(self._stream.starts) - 1, len(self._as_of)))
        return self._positions[:, np.searchsorted(self._boundaries, self._as_of - days_back)]

    def at(self, skip: int, days: int | None) -> tuple[Ints, Ints]:
        """Return first row and end of the window, customers × dates."""
        return self._edge(None if days is None else skip + days), self._edge(skip)

    def pairs(self, skip: int, days: int | None, rows: Rows) -> tuple[Ints, Ints]:
        """Return first row and end of the window for the wanted pairs."""
        return self._pair(None if days is None else skip + days, rows), self._pair(skip, rows)

    def _pair(self, days_back: int | None, rows: Rows) -> Ints:
        if days_back not in self._cache:
            if days_back is None:
                self._cache[None] = self._stream.starts[rows.customer]
            else:
                slot = np.searchsorted(self._boundaries, self._as_of - days_back)
                flat = rows.customer * self._positions.shape[1] + slot[rows.date]
                self._cache[days_back] = self._positions.ravel()[flat]
        return self._cache[days_back]


def _finite(as_of: int, skip: int, days: int | None) -> tuple[int, ...]:
    first, end = window(as_of, days, skip)
    return (end,) if days is None else (first, end)


def _slots(day: Ints, boundaries: Ints) -> Ints:
    """Return how many boundaries lie at or before each day, by a table over the days: no search per row."""
    if not len(day):
        return np.zeros(0, dtype=np.int64)
    low, high = int(day.min()), int(day.max())
    table = np.searchsorted(boundaries, np.arange(low, high + 1), side="right")
    return table[day - low]


class _Track:
    """One column of one stream, only the rows that count: those with a value, and where the filter is 1."""

    def __init__(self, stream: Stream, column: str, where: str | None, nullable: bool) -> None:
        values = stream.day if column == agg.AGE else stream.columns[column]
        keep = np.ones(len(stream), dtype=bool)
        if where is not None:
            keep &= stream.columns[where] == 1
        if nullable:
            keep &= values != NULL
        self._ranks = None if keep.all() else np.concatenate([[0], np.cumsum(keep)])
        self.values = values if self._ranks is None else values[keep]
        self.day = stream.day if self._ranks is None else stream.day[keep]
        self.starts = self.rank(stream.starts)
        self._memory: dict[object, npt.NDArray[np.int64] | Reals] = {}

    def rank(self, positions: Ints) -> Ints:
        """Return positions in the stream as positions in the track."""
        return positions if self._ranks is None else self._ranks[positions]

    @property
    def prefix(self) -> Ints:
        """Sums of all values before each position."""
        return self._remembered("prefix", lambda: _prefix(self.values))

    @property
    def square_prefix(self) -> Ints:
        """Sums of all squares before each position."""
        return self._remembered("squares", lambda: _prefix(self.values * self.values))

    @property
    def customer(self) -> Ints:
        """The customer's position, one per row."""
        return np.repeat(np.arange(len(self.starts) - 1), np.diff(self.starts))

    @property
    def former_day(self) -> Ints:
        """The day on which the customer's same value stood before, or long ago."""
        return self._remembered("former", lambda: _former_day(self.customer, self.values, self.day))

    def carried(self, half_life_days: int) -> Reals:
        """Return the decayed sum up to and with each row, as on that row's day."""
        return self._remembered(half_life_days, lambda: _carry(self, half_life_days))

    def last_sorted(self, low: Ints, high: Ints, last: int) -> Reals:
        """Return the last values of each pair in ascending order, pairs × last, padded with infinity."""
        return self._remembered(("last", last), lambda: _last_sorted(self.values, low, high, last))

    def _remembered(self, key: object, make: Callable[[], Memory]) -> Memory:
        if key not in self._memory:
            self._memory[key] = make()
        return cast("Memory", self._memory[key])


def _prefix(values: Ints | npt.NDArray[np.bool_]) -> Ints:
    return np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(values, dtype=np.int64)])


def _reduce(values: Ints, low: Ints, high: Ints, extreme: np.ufunc) -> Ints:
    """Reduce each run low … high−1; the result of an empty run means nothing."""
    if not len(values) or not len(low):
        return np.zeros(len(low), dtype=np.int64)
    # reduceat takes single positions: every second one closes a run. The row added at the end lets a run end there.
    ends = np.stack([low, high], axis=1).ravel()
    return extreme.reduceat(np.append(values, values[-1]), ends)[::2]


def _former_day(customer: Ints, values: Ints, day: Ints) -> Ints:
    former = np.full(len(day), np.iinfo(np.int64).min, dtype=np.int64)
    if len(day):
        low = values.min()
        key = customer * (values.max() - low + 1) + (values - low)
        order = np.argsort(key, kind="stable")  # stable: rows stand in order of days within a customer
        same = key[order][1:] == key[order][:-1]
        former[order[1:][same]] = day[order[:-1][same]]
    return former


def _carry(track: _Track, half_life_days: int) -> Reals:
    """Carry the decayed sum along each customer's rows, all customers side by side.

    A running sum over the whole column would be faster and not exact: its rounding depends on other customers.
    """
    carried = track.values.astype(np.float64)
    lengths = np.diff(track.starts)
    longest_first = np.argsort(-lengths, kind="stable")
    starts, shorter = track.starts[:-1][longest_first], -lengths[longest_first]
    for step in range(1, int(lengths.max(initial=0))):
        active = int(np.searchsorted(shorter, -step, side="left"))
        here = starts[:active] + step
        gap = track.day[here] - track.day[here - 1]
        carried[here] += carried[here - 1] * np.exp2(-gap / half_life_days)
    return carried


def _last_sorted(values: Ints, low: Ints, high: Ints, last: int) -> Reals:
    if not len(values):
        return np.full((len(low), last), np.inf)
    place = high[:, None] - 1 - np.arange(last)
    inside = place >= low[:, None]
    taken = np.where(inside, values[np.where(inside, place, 0)], np.inf)
    taken.sort(axis=1)
    return taken


def _quantile(ordered: Reals, count: Ints, q: float) -> Reals:
    place = q * np.maximum(count - 1, 0)
    floor = np.floor(place).astype(np.int64)
    ceiling = np.minimum(floor + 1, np.maximum(count - 1, 0))
    pair = np.arange(len(count))
    below, above = ordered[pair, floor], ordered[pair, ceiling]
    with np.errstate(invalid="ignore"):
        value = below + (above - below) * (place - floor)
    return _unless(value, count == 0)


def _unless(values: Reals, none: npt.NDArray[np.bool_]) -> Reals:
    return np.where(none, np.nan, values)


def _divide(above: Ints | Reals, below: Ints | Reals) -> Reals:
    with np.errstate(divide="ignore", invalid="ignore"):
        return _unless(above / below, below == 0)


def _scaled(values: Reals, aggregate: agg.Aggregate) -> Reals:
    return values / VALUE_SCALE if aggregate.column == "value" else values
