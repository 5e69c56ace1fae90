"""Which aggregates one grouped query answers: those over the same rows in the same order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from features import aggregates as agg
from features.clock import window

Tables = Mapping[str, ir.Table]
CUSTOMER, ROW = "customer_id", "row_number"
RANK, PLACE, SIZE = "rank_from_latest", "place_by_value", "rows_in_window"


@dataclass(frozen=True)
class GroupedQuery:
    """Aggregates that one grouped query answers: those over the same rows in the same order."""

    stream: str
    skip: int = 0
    ranked: tuple[str, str | None] | None = None  # the column whose rows are ranked, and their filter
    distinct: str | None = None
    ordered: tuple[str, int] | None = None  # the column by which the last so many rows are put in order

    @classmethod
    def of(cls, aggregate: agg.Aggregate) -> GroupedQuery:
        """Return the query that answers an aggregate."""
        if isinstance(aggregate, agg.Distinct):
            return cls(aggregate.stream, aggregate.skip, distinct=aggregate.column)
        if aggregate.last is None and not reads_one_row(aggregate):
            return cls(aggregate.stream)
        counted = aggregate.column if aggregate.nullable else agg.AGE
        quantile = isinstance(aggregate, agg.Quantile)
        ordered = (aggregate.column, aggregate.last) if quantile and aggregate.last is not None else None
        return cls(aggregate.stream, aggregate.skip, ranked=(counted, aggregate.where), ordered=ordered)

    def rows(self, tables: Tables, as_of: int, group: Iterable[agg.Aggregate]) -> ir.Table:
        """Return the rows of history that any of the group looks at."""
        table = tables[self.stream]
        first = min(window(as_of, aggregate.days, aggregate.skip)[0] for aggregate in group)
        history = table.filter(table.day >= first, table.day < as_of - self.skip)
        if self.distinct:
            # One row per different value with its latest day: that day decides in which windows the value counts.
            known = history.filter(history[self.distinct].notnull())
            return known.group_by(CUSTOMER, self.distinct).agg(day=known.day.max())
        ranked = self._ranked(history) if self.ranked else history
        return ranked if self.ordered is None else _ordered(ranked, *self.ordered)

    def _ranked(self, history: ir.Table) -> ir.Table:
        assert self.ranked is not None
        column, where = self.ranked
        counted = history if column == agg.AGE else history.filter(history[column].notnull())
        counted = counted if where is None else counted.filter(counted[where] == 1)
        latest_first = ibis.window(group_by=CUSTOMER, order_by=ibis.desc(counted[ROW]))
        return counted.mutate(**{RANK: ibis.row_number().over(latest_first)})  # from 0


def reads_one_row(aggregate: agg.Aggregate) -> bool:
    """Return whether the value is that of one row, counted back from the latest; the age of the latest is the least.

    >>> reads_one_row(agg.Last("spend")), reads_one_row(agg.Last("age_days"))
    (True, False)
    """
    if isinstance(aggregate, agg.Last):
        return bool(aggregate.back) or aggregate.column != agg.AGE
    return isinstance(aggregate, agg.LearntNumber)


def _ordered(ranked: ir.Table, column: str, last: int) -> ir.Table:
    """Return the last rows of each customer with their place by value, from 0, and how many they are."""
    latest = ranked.filter(ranked[RANK] < last)
    by_value = ibis.window(group_by=CUSTOMER, order_by=latest[column])
    size = latest.count().over(ibis.window(group_by=CUSTOMER))
    return latest.mutate(**{PLACE: ibis.row_number().over(by_value), SIZE: size})


def grouped_queries(
    aggregates: Iterable[agg.Aggregate], tables: Tables
) -> list[tuple[GroupedQuery, list[agg.Aggregate]]]:
    """Return the queries that together answer aggregates, each with those that it answers; not of streams that lack."""
    groups: dict[GroupedQuery, list[agg.Aggregate]] = {}
    for aggregate in aggregates:
        if aggregate.stream in tables:
            groups.setdefault(GroupedQuery.of(aggregate), []).append(aggregate)
    return list(groups.items())
