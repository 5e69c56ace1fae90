"""The single pass: computes every aggregate with NumPy over customer-sorted streams, for all dates at once.

How it works. For each stream one histogram customer × boundary (a boundary is the edge of any window on any date),
summed up along its length, gives the row position of every edge without a search. An additive aggregate is then the
difference of one integer prefix sum at two positions; extremes are `reduceat` over the rows between them; distinct
values are the rows whose former occurrence lies before the window; a decayed sum is carried from row to row.
Integers wrap around without loss in differences, so all sums are exact, and a real number is made once, at the end:
that is why many dates, one date and a shuffled file give the same bits.

Customers are independent, so they are taken in chunks: memory does not grow with the log.
"""

from __future__ import annotations

from functools import singledispatchmethod

import numpy as np
import numpy.typing as npt

from features import aggregates as agg
from features.clock import age_days, window
from features.codes import NO_CODES, Codes
from features.engines.tracks import Reals, Track, prefix_sums
from features.engines.windows import Edges, Rows
from features.log import VALUE_SCALE, Ints, Log


class SinglePass:
    """Aggregates of one chunk of customers at the wanted pairs.

    Args:
        log: a chunk of customers.
        as_of: day numbers of the dates, ascending.
        rows: the wanted pairs.
        wanted: all aggregates that will be asked for; their windows fix the boundaries.
        codes: what was learnt about the values of attributes.
    """

    def __init__(
        self, log: Log, as_of: Ints, rows: Rows, wanted: tuple[agg.Aggregate, ...], codes: Codes = NO_CODES
    ) -> None:
        self._log, self._as_of, self._rows, self._codes = log, as_of, rows, codes
        self._windows: dict[str, list[tuple[int, int | None]]] = {}
        parts = (part for a in wanted for part in (a.parts if isinstance(a, agg.Rate) else (a,)))
        for aggregate in parts:
            self._windows.setdefault(aggregate.stream, []).append((aggregate.skip, aggregate.days))
        self._tracks: dict[tuple[str, str, str | None], Track] = {}
        self._edges: dict[str, Edges] = {}

    def column(self, aggregate: agg.Aggregate) -> Reals:
        """Return the aggregate at every wanted pair, NaN = None."""
        if aggregate.stream not in self._log.streams and not isinstance(aggregate, agg.Rate):
            return self._nothing(aggregate)
        return self._read(aggregate)

    def _nothing(self, aggregate: agg.Aggregate) -> Reals:
        if isinstance(aggregate, agg.LearntNumber):
            days = self._as_of.tolist()
            return self._codes.numbers_of_nobody(aggregate.attribute, aggregate.learnt, days)[self._rows.date]
        empty = 0.0 if isinstance(aggregate, (agg.Count, agg.Distinct)) else np.nan
        return np.full(len(self._rows.customer), empty)

    def _edges_of(self, stream: str) -> Edges:
        if stream not in self._edges:
            self._edges[stream] = Edges(self._log.streams[stream], self._as_of, self._windows[stream])
        return self._edges[stream]

    def _track(self, aggregate: agg.Aggregate) -> Track:
        key = (aggregate.stream, aggregate.column, aggregate.where)
        if key not in self._tracks:
            stream = self._log.streams[aggregate.stream]
            self._tracks[key] = Track(stream, aggregate.column, aggregate.where, aggregate.nullable)
        return self._tracks[key]

    def _span(self, aggregate: agg.Aggregate) -> tuple[Track, Ints, Ints]:
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
    def _(self, aggregate: agg.Min | agg.Max) -> Reals:
        track, low, high = self._span(aggregate)
        is_age = aggregate.column == agg.AGE
        least = isinstance(aggregate, agg.Min) != is_age  # the greatest age is the least day
        found = _reduce(track.values, low, high, np.minimum if least else np.maximum)
        if is_age:
            found = age_days(found, self._dates())
        return _scaled(_unless(found.astype(np.float64), high == low), aggregate)

    @_read.register
    def _(self, aggregate: agg.First) -> Reals:
        track, low, high = self._span(aggregate)
        return self._value_at(aggregate, track, low, high > low)

    @_read.register
    def _(self, aggregate: agg.Last) -> Reals:
        track, low, high = self._span(aggregate)
        row = high - 1 - aggregate.back
        return self._value_at(aggregate, track, row, row >= low)

    def _value_at(self, aggregate: agg.Aggregate, track: Track, row: Ints, found: npt.NDArray[np.bool_]) -> Reals:
        if not len(track.values):
            return np.full(len(row), np.nan)
        value = track.values[np.where(found, row, 0)]
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
        row = np.maximum(high - 1, 0)
        carried = track.carried(aggregate.half_life_days)[row]
        rest = age_days(track.day[row], self._dates())
        decayed = carried * np.exp2(-rest / aggregate.half_life_days)
        return _scaled(_unless(decayed, high == low), aggregate)

    @_read.register
    def _(self, aggregate: agg.LearntNumber) -> Reals:
        track, low, high = self._span(aggregate)
        if not len(track.values):
            return np.full(len(low), np.nan)
        known, words = high > low, self._log.words[aggregate.stream].tolist()
        numbers = self._codes.numbers(aggregate.attribute, aggregate.learnt, words, self._as_of.tolist())
        latest = track.values[np.where(known, high - 1, 0)]
        return _unless(numbers[self._rows.date, latest], ~known)

    @_read.register
    def _(self, aggregate: agg.Distinct) -> Reals:
        track, low, high = self._span(aggregate)
        first = np.array([window(int(day), aggregate.days, aggregate.skip)[0] for day in self._as_of])
        # A value is new in the window where it stood before the window or never.
        length = high - low
        ends = np.cumsum(length)
        rows = np.arange(ends[-1] if len(ends) else 0) + np.repeat(high - ends, length)
        new = track.former_day[rows] < np.repeat(first[self._rows.date], length)
        seen = prefix_sums(new)
        distinct: Ints = seen[ends] - seen[ends - length]
        return distinct.astype(np.float64)


def _reduce(values: Ints, low: Ints, high: Ints, extreme: np.ufunc) -> Ints:
    """Return the least or the greatest value of each run low … high−1; that of an empty run means nothing."""
    if not len(values) or not len(low):
        return np.zeros(len(low), dtype=np.int64)
    # reduceat takes single positions: every second one closes a run. The row added at the end lets a run end there.
    ends = np.stack([low, high], axis=1).ravel()
    return extreme.reduceat(np.append(values, values[-1]), ends)[::2]


def _quantile(ordered: Reals, count: Ints, q: float) -> Reals:
    rank = q * np.maximum(count - 1, 0)
    floor = np.floor(rank).astype(np.int64)
    ceiling = np.minimum(floor + 1, np.maximum(count - 1, 0))
    pair = np.arange(len(count))
    below, above = ordered[pair, floor], ordered[pair, ceiling]
    with np.errstate(invalid="ignore"):
        value = below + (above - below) * (rank - floor)
    return _unless(value, count == 0)


def _unless(values: Reals, none: npt.NDArray[np.bool_]) -> Reals:
    return np.where(none, np.nan, values)


def _divide(above: Ints | Reals, below: Ints | Reals) -> Reals:
    with np.errstate(divide="ignore", invalid="ignore"):
        return _unless(above / below, below == 0)


def _scaled(values: Reals, aggregate: agg.Aggregate) -> Reals:
    return values / VALUE_SCALE if aggregate.column == "value" else values
