"""A log of which some customers are known whole, and of all others what is asked of a shop at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from features.log import EVENT, Log, Stream
from features.sources.partitions.joined_logs import joined_logs, narrow
from features.sources.partitions.read import PartitionedLog
from features.sources.partitions.sums import outline, outlines_together


@dataclass(frozen=True, eq=False)
class OutlinedLog(Log):
    """The order days of all customers, what each is worth, and the kinds of events; `some` are known whole.

    Customers come in no order, and whoever is not among `some` has no id: `only` gives these alone.

    Args:
        some: the log of those who are known whole.
    """

    some: Log = field(default_factory=lambda: Log(np.zeros(0, dtype=object)))

    def only(self, customer_ids: Iterable[str]) -> Log:
        """Return the log of the given customers, as far as they are known whole."""
        return self.some.only(customer_ids)


def outlined(log: PartitionedLog, customer_ids: Collection[str], as_of: int) -> OutlinedLog:
    """Return a log of which some customers are known whole.

    Args:
        log: whose partitions lie on the disk.
        customer_ids: of those who are.
        as_of: a day number; of each kind of events the largest value before it is kept, beside the largest of all.
    """
    wanted, some = set(customer_ids), list[Log]()
    all_of_them: list[Log] = []
    for part in log.logs():
        known = part.only(wanted.intersection(part.customer_ids))
        some.append(known)
        all_of_them += _outlines(part, wanted, as_of)
    whole = outlines_together(all_of_them)
    return OutlinedLog(whole.customer_ids, whole.streams, whole.has_money, some=joined_logs(some))


def _outlines(part: Log, wanted: Collection[str], as_of: int) -> Iterator[Log]:
    """Yield the outline of a partition, and that of its events before the day, as of one who ordered nothing."""
    found = outline(part, with_spend=True)
    ids = np.array([who if who in wanted else "" for who in part.customer_ids], dtype=object)
    yield replace(found, customer_ids=ids)
    kinds = [name for name in part.streams if name.startswith(EVENT)]
    if kinds:
        asked = {"orders": ("orders", "spend"), **dict.fromkeys(kinds, ("value",))}
        before = outline(narrow(part, asked).before(as_of), with_spend=True)
        yield Log(np.array([""], dtype=object), {n: _of_one(s) for n, s in before.streams.items()}, part.has_money)


def _of_one(stream: Stream) -> Stream:
    """Return the only row of a kind of events as that of one customer; of order days none."""
    if set(stream.columns) != {"value"}:
        return Stream(np.zeros(2, dtype=np.int64), stream.day[:0], {n: c[:0] for n, c in stream.columns.items()})
    return Stream(np.array([0, len(stream)], dtype=np.int64), stream.day, stream.columns)
