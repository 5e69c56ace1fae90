"""One column of one stream, with what is computed once and read by many windows."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import TypeVar, cast

import numpy as np
import numpy.typing as npt

from features import aggregates as agg
from features.log import NULL, Ints, Stream

Reals = npt.NDArray[np.float64]
Memory = TypeVar("Memory", Ints, Reals)
FEW_CUSTOMERS = 8  # below it, one NumPy step over all customers costs more than the sums in it


class Track:
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
        return self._remembered("prefix", lambda: prefix_sums(self.values))

    @property
    def square_prefix(self) -> Ints:
        """Sums of all squares before each position."""
        return self._remembered("squares", lambda: prefix_sums(self.values * self.values))

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


def prefix_sums(values: Ints | npt.NDArray[np.bool_]) -> Ints:
    """Return the sums of all values before each position, and of all of them at the end.

    >>> prefix_sums(np.array([2, 3]))
    array([0, 2, 5])
    """
    return np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(values, dtype=np.int64)])


def _former_day(customer: Ints, values: Ints, day: Ints) -> Ints:
    former = np.full(len(day), np.iinfo(np.int64).min, dtype=np.int64)
    if len(day):
        low = values.min()
        key = customer * (values.max() - low + 1) + (values - low)
        order = np.argsort(key, kind="stable")  # stable: rows stand in order of days within a customer
        same = key[order][1:] == key[order][:-1]
        former[order[1:][same]] = day[order[:-1][same]]
    return former


def _carry(track: Track, half_life_days: int) -> Reals:
    """Carry the decayed sum along each customer's rows, all customers side by side.

    A running sum over the whole column would be faster and not exact: its rounding depends on other customers.
    """
    carried = track.values.astype(np.float64)
    gaps = np.maximum(np.diff(track.day, prepend=track.day[:1]), 0)  # before a customer's first row it is not read
    kept = np.exp2(-gaps / half_life_days)
    lengths = np.diff(track.starts)
    if len(lengths) < FEW_CUSTOMERS:
        return _carry_each(carried, kept, track.starts)
    longest_first = np.argsort(-lengths, kind="stable")
    starts, shorter = track.starts[:-1][longest_first], -lengths[longest_first]
    for step in range(1, int(lengths.max(initial=0))):
        active = int(np.searchsorted(shorter, -step, side="left"))
        here = starts[:active] + step
        carried[here] += carried[here - 1] * kept[here]
    return carried


def _carry_each(values: Reals, kept: Reals, starts: Ints) -> Reals:
    """Carry one customer after the other, row by row; sums and bits equal those of all customers at once."""
    carried, factors = values.tolist(), kept.tolist()
    for first, end in pairwise(starts.tolist()):
        for row in range(first + 1, end):
            carried[row] += carried[row - 1] * factors[row]
    return np.array(carried, dtype=np.float64)


def _last_sorted(values: Ints, low: Ints, high: Ints, last: int) -> Reals:
    if not len(values):
        return np.full((len(low), last), np.inf)
    row = high[:, None] - 1 - np.arange(last)
    inside = row >= low[:, None]
    taken = np.where(inside, values[np.where(inside, row, 0)], np.inf)
    taken.sort(axis=1)
    return taken
