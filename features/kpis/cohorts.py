"""Cohorts: customers by the month of their first order, and the share that ordered in each month since.

The cohorts of a log's first months are a mix: who first ordered in the log may have been a customer long before it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.churn.labels import complete_until
from features.kpis.order_counts import order_counts
from features.kpis.periods import Calendar, Period, periods
from features.log import Ints, Log


@dataclass(frozen=True, eq=False)
class Cohorts:
    """Who came back how long after the first order.

    Args:
        months: of the first order, oldest first, without a gap.
        sizes: customers per cohort; of the last month so far, where it is unfinished.
        ordering: customers who ordered k months after, cohorts × months since.
        finished: whether that month has ended; an unfinished month has no share.
    """

    months: tuple[Period, ...]
    sizes: tuple[int, ...]
    ordering: Ints
    finished: np.typing.NDArray[np.bool_]

    def shares(self) -> list[list[float | None]]:
        """Return the share of each cohort that ordered k months after its first one; None = unfinished or empty."""
        return [
            [int(count) / size if done and size else None for count, done in zip(counts, dones, strict=True)]
            for size, counts, dones in zip(self.sizes, self.ordering, self.finished, strict=True)
        ]


def cohorts(log: Log, end: int | None = None, calendar: Calendar = "gregorian") -> Cohorts:
    """Count the customers of each month's cohort in each calendar month since.

    Args:
        log: the shop's log.
        end: first day number that is not known; `complete_until(log)` where none is given.
        calendar: whose months they are.

    >>> from features.log import Lines
    >>> from features.roll_up import roll_up
    >>> cohorts(roll_up(Lines.of(["ann", "bob", "ann"], [3, 20, 40], [700, 300, 50])), end=59).shares()
    [[1.0, 0.5], [None, None]]
    """
    known_until = complete_until(log) if end is None else end
    months = periods("month", log.first_day, known_until, calendar)
    ordering = np.zeros((len(months), len(months)), dtype=np.int64)
    edges = [span.first_day for span in months] + [known_until]
    for counts in order_counts(log, edges) if months else ():
        customer, month = np.nonzero(counts.ordered[:, 1:])
        first = np.argmax(counts.gained[:, 1:], axis=1)[customer]
        cells = first * len(months) + (month - first)
        ordering += np.bincount(cells, minlength=ordering.size).reshape(ordering.shape)
    whole = np.array([span.end <= known_until for span in months], dtype=bool)
    later = np.add.outer(np.arange(len(months)), np.arange(len(months)))
    finished = np.append(whole, np.zeros(len(months), dtype=bool))[later]
    return Cohorts(months, tuple(ordering[:, 0].tolist()) if months else (), ordering, finished)
