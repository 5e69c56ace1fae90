"""Some customers of partitions, drawn whole and evenly, as one log that fits into the memory: what is learnt from."""

from __future__ import annotations

import numpy as np

from features.log import Ints, Log
from features.sources.partitions.joined_logs import joined_logs
from features.sources.partitions.read import PartitionedLog

STRATUM_DAYS = 28  # of the last order: who came lately and who left are drawn alike


def drawn_customers(log: PartitionedLog, most: int) -> Log:
    """Return the log of at most so many customers: of each age of the last order, and of each frequency, alike many.

    Args:
        log: whose partitions lie on the disk.
        most: customers.
    """
    chosen, parts, first = drawn_evenly(log.outline, most), [], 0
    for part in log.logs():
        inside = chosen[(first <= chosen) & (chosen < first + part.n_customers)]
        parts.append(part.only(part.customer_ids[inside - first]))
        first += part.n_customers
    return joined_logs(parts)


def drawn_evenly(outline: Log, most: int) -> Ints:
    """Return the positions of at most so many customers of an outline, ascending, always the same.

    They are sorted by the four weeks of their last order, then by how many order days they have, and every n-th is
    taken: each stratum has its share, to within one customer.

    >>> from features.log import Lines
    >>> from features.roll_up import roll_up
    >>> drawn_evenly(roll_up(Lines.of(["ann", "bob", "cid", "dan"], [1, 90, 2, 91], [5, 5, 5, 5])), 2)
    array([2, 3])
    """
    customers = outline.n_customers
    if customers <= most:
        return np.arange(customers)
    orders = outline.streams["orders"]
    often = np.diff(orders.starts)
    last = np.full(customers, -1, dtype=np.int64)
    last[often > 0] = orders.day[orders.starts[1:][often > 0] - 1] // STRATUM_DAYS
    by_stratum = np.lexsort((often, last))
    places = ((np.arange(most) + 0.5) * customers / most).astype(np.int64)
    return np.sort(by_stratum[places])
