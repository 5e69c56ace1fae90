"""What partitions say of the whole file together: the balance sheet, the counts of rules, the days of orders."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace

import numpy as np

from features.log import EVENT, Ints, Log, Stream, Texts
from features.sources.balance.parts import NO_FATE, changes_of, in_order, line_of, lines_of
from features.sources.balance.sheet import BalanceSheet, Counted


def sheet_of(sheets: Sequence[BalanceSheet]) -> BalanceSheet:
    """Return the sheet of a file, from those of its partitions, once it adds up.

    A partition holds customers and orders whole, so that these are added, too. `fate` is empty: rows are in no order.

    Raises:
        RegularsError: it does not add up.
    """
    first, rules = sheets[0], in_order(each.rules for each in sheets)
    whole = replace(
        first,
        read=line_of([each.read for each in sheets]),
        left_out=tuple(lines_of([each.left_out for each in sheets], rules)),
        returns=line_of([each.returns for each in sheets]),
        order_lines=line_of([each.order_lines for each in sheets]),
        changes=changes_of([each.changes for each in sheets]),
        counted=_counted([each.counted for each in sheets]),
        rules=tuple(rules),
        fate=NO_FATE,
    )
    whole.check()
    return whole


def counts_of(parts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Add counts of rows by rule.

    >>> counts_of([{"guests": 2}, {"guests": 1, "returns": 0}])
    {'guests': 3, 'returns': 0}
    """
    total: dict[str, int] = {}
    for counts in parts:
        for rule, rows in counts.items():
            total[rule] = total.get(rule, 0) + rows
    return total


def outline(log: Log, *, with_spend: bool) -> Log:
    """Return what is asked of all customers of a shop at once: their order days, and the kinds of their events.

    Only the id of the customer of most orders is kept.

    Args:
        log: of a partition.
        with_spend: whether it is asked, too, what each order day is worth.
    """
    orders = log.streams["orders"]
    names = ("orders", "spend") if with_spend else ("orders",)
    days = Stream(orders.starts, orders.day, {name: orders.columns[name] for name in names})
    events = {name: _kind(stream) for name, stream in log.streams.items() if name.startswith(EVENT)}
    return Log(_largest_alone(log), {"orders": days, **events}, log.has_money)


def outlines_together(parts: Sequence[Log]) -> Log:
    """Put the outlines of partitions together, one under the other: no customer is in two of them."""
    names = list(dict.fromkeys(name for part in parts for name in part.streams))
    streams = {name: _under_each_other([_stream(part, name) for part in parts]) for name in names}
    ids = np.concatenate([part.customer_ids for part in parts])
    return Log(ids, streams, all(part.has_money for part in parts))  # a partition without an order knows of none


def with_streams(log: Log, names: Mapping[str, Sequence[str]], *, has_money: bool) -> Log:
    """Return the log of a partition with the streams that only other partitions have, empty.

    Args:
        log: of the partition.
        names: stream → its columns.
        has_money: whether the shop knows what orders are worth.
    """
    missing = {name: _empty(log, columns) for name, columns in names.items() if name not in log.streams}
    return replace(log, streams={**log.streams, **missing}, has_money=has_money)


def _empty(log: Log, columns: Sequence[str]) -> Stream:
    nothing = np.zeros(0, dtype=np.int64)
    return Stream(np.zeros(log.n_customers + 1, dtype=np.int64), nothing, dict.fromkeys(columns, nothing))


def _kind(events: Stream) -> Stream:
    """Return a kind of events as one row, of the largest value: whether it has any is all that is asked."""
    value = events.columns["value"]
    starts = np.zeros(len(events.starts), dtype=np.int64)
    starts[-1] = min(len(value), 1)
    largest = np.flatnonzero(value == value.max())[:1] if len(value) else np.zeros(0, dtype=np.int64)
    return Stream(starts, events.day[largest], {"value": value[largest]})


def _largest_alone(log: Log) -> Texts:
    orders = log.streams["orders"]
    ids = np.full(log.n_customers, "", dtype=object)
    if len(ids):
        often = np.diff(np.concatenate([[0], np.cumsum(orders.columns["orders"])])[orders.starts])
        largest = int(often.argmax())
        ids[largest] = log.customer_ids[largest]
    return ids


def _stream(part: Log, name: str) -> Stream:
    return part.streams[name] if name in part.streams else _empty(part, ("value",))


def _under_each_other(streams: Sequence[Stream]) -> Stream:
    ends = np.cumsum([0, *(len(stream) for stream in streams)])
    starts: list[Ints] = [stream.starts[:-1] + end for stream, end in zip(streams, ends, strict=False)]
    columns = {name: np.concatenate([stream.columns[name] for stream in streams]) for name in streams[0].columns}
    days = np.concatenate([stream.day for stream in streams])
    return Stream(np.concatenate([*starts, ends[-1:]]), days, columns)


def _counted(parts: Sequence[Counted]) -> Counted:
    return Counted(*(sum((getattr(each, name.name) for each in parts[1:]), getattr(parts[0], name.name))
                     for name in fields(Counted)))  # fmt: skip
