"""What partitions say of the whole file together: the balance sheet, the counts of rules, the days of orders."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace

import numpy as np

from features.log import EVENT, Ints, Log, Stream, Texts
from features.sources.balance.sheet import ORDER_LINES, BalanceSheet, Change, Counted, SheetLine, added

NO_FATE = np.zeros(0, dtype=np.int8)


def sheet_of(sheets: Sequence[BalanceSheet]) -> BalanceSheet:
    """Return the sheet of a file, from those of its partitions, once it adds up.

    A partition holds customers and orders whole, so that these are added, too. `fate` is empty: rows are in no order.

    Raises:
        RegularsError: it does not add up.
    """
    first = sheets[0]
    whole = replace(
        first,
        read=_line([each.read for each in sheets]),
        left_out=tuple(_lines([each.left_out for each in sheets], in_order(each.rules for each in sheets))),
        returns=_line([each.returns for each in sheets]),
        order_lines=_line([each.order_lines for each in sheets]),
        changes=tuple(_changes([each.changes for each in sheets])),
        counted=_counted([each.counted for each in sheets]),
        rules=tuple(in_order(each.rules for each in sheets)),
        fate=NO_FATE,
    )
    whole.check()
    return whole


def in_order(lists: Iterable[Iterable[str]]) -> list[str]:
    """Put lists together, each name behind the one that it follows in its own list.

    >>> in_order([["", "a", "c"], ["", "b", "c"]])
    ['', 'b', 'a', 'c']
    """
    found: list[str] = []
    for names in lists:
        place = 0
        for name in names:
            if name not in found:
                found.insert(place, name)
            place = found.index(name) + 1
    return found


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


def _line(lines: Sequence[SheetLine]) -> SheetLine:
    rows, orders, customers = (sum(getattr(each, name) for each in lines) for name in ("rows", "orders", "customers"))
    # A partition of one currency names it even where a line has no rows.
    money = added(*(each.money for each in lines if each.rows)) or lines[0].money
    return SheetLine(lines[0].rule, rows, orders, customers, money)


def _lines(parts: Sequence[Sequence[SheetLine]], rules: Sequence[str]) -> Iterable[SheetLine]:
    for rule in rules:
        if of_rule := [each for lines in parts for each in lines if each.rule == rule]:
            yield _line(of_rule)


def _changes(parts: Sequence[Sequence[Change]]) -> Iterable[Change]:
    keys = in_order([f"{each.of}\0{each.rule}" for each in changes] for changes in parts)
    keys.sort(key=lambda key: not key.startswith(ORDER_LINES))
    for of, rule in (key.split("\0") for key in keys):
        found = [each for changes in parts for each in changes if (each.of, each.rule) == (of, rule)]
        yield Change(rule, of, sum(each.rows for each in found), added(*(each.money for each in found)))


def _counted(parts: Sequence[Counted]) -> Counted:
    return Counted(*(sum((getattr(each, name.name) for each in parts[1:]), getattr(parts[0], name.name))
                     for name in fields(Counted)))  # fmt: skip
