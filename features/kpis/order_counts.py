"""Counts the orders of each customer between given days, in one pass over the order days, chunk by chunk.

Every figure of a period is a sum over such a table, customers × spans, so thirty million order days are read once. A
span is the days between two ascending edges; span 0 is all that lies before the first edge.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from features.churn.survival import Flags
from features.clock import LONG_AGO
from features.engines.windows import boundaries_passed
from features.log import Ints, Log, Stream
from features.roll_up import totals

# Cells of one table, customers × spans: big enough for NumPy to be fast, small enough for its caches.
CELLS_AT_ONCE = 2_000_000


@dataclass(frozen=True, eq=False)
class OrderCounts:
    """Orders of some customers between edges; every array is customers × spans, span 0 = before the first edge.

    Args:
        edges: day numbers, ascending; span j is the days edges[j − 1] … edges[j] − 1.
        customers: positions of the customers in the log.
        order_days: with an order.
        orders: of these days.
        spend: minor units.
        refunded: minor units that came back of what was spent, in the span in which they did.
        last_day: of the last order in the span, LONG_AGO where there is none.
    """

    edges: Ints
    customers: Ints
    order_days: Ints
    orders: Ints
    spend: Ints
    refunded: Ints
    last_day: Ints

    def take(self, order: Ints) -> OrderCounts:
        """Return the same customers in another order, given by their rows in this one."""
        customers = self.customers[order]
        tables = (self.order_days, self.orders, self.spend, self.refunded, self.last_day)
        return OrderCounts(self.edges, customers, *(table[order] for table in tables))

    @cached_property
    def ordered(self) -> Flags:
        """Whether there was an order in the span."""
        return self.order_days > 0

    @cached_property
    def last_until(self) -> Ints:
        """Day of the last order up to the end of the span, LONG_AGO where there is none yet."""
        return np.maximum.accumulate(self.last_day, axis=1)

    @cached_property
    def known(self) -> Flags:
        """Whether the customer had ordered by the end of the span."""
        return self.last_until > LONG_AGO

    @cached_property
    def gained(self) -> Flags:
        """Whether the first order lies in the span."""
        return np.diff(self.known, axis=1, prepend=False)

    def active(self, active_days: int) -> Flags:
        """Say who is active at the end of each span: the last order lies within so many days before it."""
        return self.last_until >= self.edges - active_days


def order_counts(log: Log, edges: Sequence[int]) -> Iterator[OrderCounts]:
    """Yield the orders before the last edge by customer and span, chunk by chunk, customers in the log's order.

    Args:
        log: the shop's log.
        edges: day numbers, ascending, one at least.

    >>> from features.log import Lines
    >>> from features.roll_up import roll_up
    >>> log = roll_up(Lines.of(["ann", "ann", "bob"], [1, 12, 25], [700, 300, 50]))
    >>> [counts] = order_counts(log, [10, 20, 30])
    >>> counts.order_days.tolist(), counts.active(10).tolist()
    ([[1, 1, 0], [0, 0, 1]], [[True, True, False], [False, False, True]])
    """
    bounds, orders, back = np.asarray(edges, dtype=np.int64), log.streams["orders"], log.streams["returns"]
    size = max(1, CELLS_AT_ONCE // (len(bounds) + 1))
    for first in range(0, log.n_customers, size):
        end = min(first + size, log.n_customers)
        yield _counts(orders.slice(first, end), back.slice(first, end), bounds, np.arange(first, end))


def _counts(orders: Stream, back: Stream, edges: Ints, customers: Ints) -> OrderCounts:
    bought, returned = _Cells(orders, edges), _Cells(back, edges)
    return OrderCounts(
        edges=edges,
        customers=customers,
        order_days=bought.table(bought.ends - bought.begins),
        orders=bought.table(totals(orders.columns["orders"], bought.begins)),
        spend=bought.table(totals(orders.columns["spend"], bought.begins)),
        refunded=returned.table(totals(back.columns["refunded"], returned.begins)),
        last_day=bought.table(orders.day[bought.ends - 1], LONG_AGO),
    )


class _Cells:
    """The rows of a stream, gathered by customer and span: where those of each cell begin and end."""

    def __init__(self, stream: Stream, edges: Ints) -> None:
        self._size, self._spans = len(stream.starts) - 1, len(edges) + 1  # behind the last edge is cut off again
        key = stream.customer * self._spans + boundaries_passed(stream.day, edges)
        self.begins = np.flatnonzero(np.diff(key, prepend=-1))
        self.ends = np.append(self.begins[1:], len(key))[: len(self.begins)]
        self._cell = key[self.begins]

    def table(self, values: Ints, nothing: int = 0) -> Ints:
        """Return the values of the cells as customers × spans."""
        cells = np.full(self._size * self._spans, nothing, dtype=np.int64)
        cells[self._cell] = values
        return cells.reshape(self._size, self._spans)[:, :-1]
