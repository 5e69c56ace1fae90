"""Finds where windows begin and end in a stream: the row position of every edge, from one histogram.

A boundary is the edge of any window on any date. The histogram customer × boundary, summed up along its length, is the
first row at or after each boundary, for every customer, without a search.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from features.clock import window
from features.log import Ints, Log, Stream

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
    """Return the population of each date: customers with an order day in the last `active_days`.

    Args:
        log: the log or a chunk of it.
        as_of: day numbers of the dates, ascending.
        active_days: None for everyone with any order before the date.
    """
    every = Rows(np.arange(log.n_customers)[:, None], np.arange(len(as_of)))
    low, high = Edges(log.streams["orders"], as_of, [(0, active_days)]).pairs(0, active_days, every)
    return Rows(*np.nonzero(high > low))


class Edges:
    """The row positions of all window edges of one stream."""

    def __init__(self, stream: Stream, as_of: Ints, windows: list[tuple[int, int | None]]) -> None:
        self._stream, self._as_of = stream, as_of
        self._boundaries = np.unique([edge for w in windows for day in as_of for edge in _finite(int(day), *w)])
        self._cache: dict[int | None, Ints] = {}
        self._positions = self._histogram()

    def _histogram(self) -> Ints:
        """Return the first row at or after each boundary, customers × boundaries."""
        customers, slots = len(self._stream.starts) - 1, len(self._boundaries) + 1
        slot = boundaries_passed(self._stream.day, self._boundaries)
        counts = np.bincount(self._stream.customer * slots + slot, minlength=customers * slots)
        return np.cumsum(counts).reshape(customers, slots)

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


def boundaries_passed(day: Ints, boundaries: Ints) -> Ints:
    """Return how many boundaries lie at or before each day, by a table over the days instead of a search per row.

    >>> boundaries_passed(np.array([9, 10, 25]), np.array([10, 20]))
    array([0, 1, 2])
    """
    if not len(day):
        return np.zeros(0, dtype=np.int64)
    low, high = int(day.min()), int(day.max())
    table = np.searchsorted(boundaries, np.arange(low, high + 1), side="right")
    return table[day - low]
