"""The same aggregates as Ibis expressions: for data beyond one machine, and as a check on the single pass.

The streams are tables (`stream_tables` brings them from a `Log`; a warehouse has its own). One query per date: every
stream is grouped by customer once per kind of query (plain, ranked from the latest row, distinct), and joined to the
population. DuckDB is the engine that the laws run on. Written for other databases too: a real literal is cast
(Spark reads it bare as a decimal), every division is on float64 (PostgreSQL truncates otherwise), no boolean is cast
(PostgreSQL refuses).
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import singledispatchmethod

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd
import pyarrow as pa
from ibis.backends import BaseBackend

from features import aggregates as agg
from features.arithmetic import Values
from features.clock import day_numbers, timestamps, window
from features.codes import Codes
from features.feature import FeatureSet, Value
from features.log import NULL, VALUE_SCALE, Log, Stream, Texts

Tables = Mapping[str, ir.Table]
CUSTOMER, ROW, RANK = "customer_id", "row_number", "rank_from_latest"


def stream_tables(log: Log, connection: BaseBackend) -> dict[str, ir.Table]:
    """Write each stream of a log as a temporary table.

    The columns are those of the stream, with `customer_id`, `day` (day number) and `row_number`, by which a
    customer's rows are sorted; a missing value is NULL.

    >>> from features.log import Lines
    >>> from features.roll_up import roll_up
    >>> tables = stream_tables(roll_up(Lines.of(["a"], [10], [500])), ibis.duckdb.connect())
    >>> tables["orders"].columns[:4]
    ('customer_id', 'day', 'row_number', 'spend')
    """
    return {
        name: connection.create_table(
            f"regulars_{i}", _arrow(log, log.streams[name], log.words.get(name)), temp=True, overwrite=True
        )
        for i, name in enumerate(sorted(log.streams))
    }


def feature_table(
    tables: Tables, as_of_dates: Sequence[date], features: FeatureSet, active_days: int | None = None
) -> pd.DataFrame:
    """Return the feature table that `features.build.feature_table` returns, computed where the tables are.

    Args:
        tables: the streams, by name.
        as_of_dates: the dates; only what came before each is read.
        features: what is asked for.
        active_days: only customers with an order in so many days before the date; None: with any order.

    >>> from features.log import Lines
    >>> from features.roll_up import roll_up
    >>> tables = stream_tables(roll_up(Lines.of(["a"], [10], [500])), ibis.duckdb.connect())
    >>> feature_table(tables, [date(1970, 1, 12)], FeatureSet(()))["customer_id"].tolist()
    ['a']
    """
    days = np.unique(day_numbers(as_of_dates))
    frames = [_frame(query(tables, int(day), features, active_days), int(day), features) for day in days]
    # Sorted here, not by the engine: databases differ in how they order text.
    return pd.concat(frames).sort_values([CUSTOMER, "as_of"], kind="stable", ignore_index=True)


def query(tables: Tables, as_of: int, features: FeatureSet, active_days: int | None = None) -> ir.Table:
    """Return the expression of one date: `customer_id`, then one column per feature.

    >>> from features.log import Lines
    >>> from features.roll_up import roll_up
    >>> tables = stream_tables(roll_up(Lines.of(["a"], [10], [500])), ibis.duckdb.connect())
    >>> query(tables, 11, FeatureSet(())).columns
    ('customer_id',)
    """
    names = {aggregate: f"aggregate_{i}" for i, aggregate in enumerate(_without_rates(features.aggregates))}
    wide = _population(tables["orders"], as_of, active_days)
    for reading, group in _grouped_queries(names, tables):
        rows = reading.rows(tables, as_of, group)
        expressions = _Expressions(rows, as_of, features.codes)
        part = rows.group_by(CUSTOMER).agg(**{names[a]: expressions.column(a) for a in group})
        wide = wide.left_join(part, CUSTOMER).drop(f"{CUSTOMER}_right")
    answers = {aggregate: _answer(wide, name, aggregate, features.codes, as_of) for aggregate, name in names.items()}
    return wide.select(CUSTOMER, **_features(features, answers))


def _without_rates(aggregates: Iterable[agg.Aggregate]) -> list[agg.Aggregate]:
    """Return the aggregates with each rate replaced by its two counts, which one stream answers each."""
    parts = [a.parts if isinstance(a, agg.Rate) else (a,) for a in aggregates]
    return list(dict.fromkeys(part for group in parts for part in group))


def _answer(wide: ir.Table, name: str, aggregate: agg.Aggregate, codes: Codes, as_of: int) -> ir.Value:
    if name not in wide.columns and isinstance(aggregate, agg.LearntNumber):
        number = codes.numbers_of_nobody(aggregate.attribute, aggregate.learnt, [as_of])[0]
        return ibis.null("float64") if np.isnan(number) else _real(float(number))
    column = wide[name] if name in wide.columns else ibis.null("float64")
    return column.fill_null(_real(0)) if isinstance(aggregate, (agg.Count, agg.Distinct)) else column


def _features(features: FeatureSet, answers: Mapping[agg.Aggregate, ir.Value]) -> dict[str, ir.Value]:
    done: dict[str, ir.Value] = {}
    for feature in features:
        value = _value(feature.value, answers, done)
        done[feature.name] = value if feature.if_none is None else value.fill_null(_real(feature.if_none))
    return done


def _value(value: Value, answers: Mapping[agg.Aggregate, ir.Value], earlier: dict[str, ir.Value]) -> ir.Value:
    if isinstance(value, agg.Rate):
        above, below = (answers[part] for part in value.parts)
        return above / below.nullif(_real(0))
    return answers[value] if isinstance(value, agg.Aggregate) else value(Values(earlier))


def _frame(expression: ir.Table, as_of: int, features: FeatureSet) -> pd.DataFrame:
    answers: pd.DataFrame = expression.to_pyarrow().to_pandas()
    keys = pd.DataFrame({CUSTOMER: answers[CUSTOMER].astype(str), "as_of": timestamps(np.full(len(answers), as_of))})
    return pd.concat([keys, answers[list(features.names)].astype("float64")], axis=1)


def _arrow(log: Log, stream: Stream, words: Texts | None = None) -> pa.Table:
    """Return a stream as an Arrow table, NULL as null."""
    ids = pa.array(log.customer_ids, pa.string()).take(pa.array(stream.customer))
    row_number = np.arange(len(stream), dtype=np.int64)
    columns = {name: pa.array(column, mask=column == NULL) for name, column in stream.columns.items()}
    if words is not None:
        columns[agg.CODE] = pa.array(words, pa.string()).take(columns[agg.CODE])  # a warehouse has the text itself
    return pa.table({CUSTOMER: ids, "day": pa.array(stream.day), ROW: pa.array(row_number), **columns})


def _population(orders: ir.Table, as_of: int, active_days: int | None) -> ir.Table:
    first, end = window(as_of, active_days)
    return orders.filter(orders.day >= first, orders.day < end).select(CUSTOMER).distinct()


@dataclass(frozen=True)
class _GroupedQuery:
    """Aggregates that one grouped query answers: those over the same rows in the same order."""

    stream: str
    skip: int = 0
    ranked: tuple[str, str | None] | None = None  # the column whose rows are ranked, and their filter
    distinct: str | None = None

    @classmethod
    def of(cls, aggregate: agg.Aggregate) -> _GroupedQuery:
        if isinstance(aggregate, agg.Distinct):
            return cls(aggregate.stream, aggregate.skip, distinct=aggregate.column)
        if aggregate.last is None and not (isinstance(aggregate, agg.Last) and aggregate.back):
            return cls(aggregate.stream)
        counted = aggregate.column if aggregate.nullable else agg.AGE
        return cls(aggregate.stream, aggregate.skip, ranked=(counted, aggregate.where))

    def rows(self, tables: Tables, as_of: int, group: Iterable[agg.Aggregate]) -> ir.Table:
        """Return the rows of history that any of the group looks at."""
        table = tables[self.stream]
        first = min(window(as_of, aggregate.days, aggregate.skip)[0] for aggregate in group)
        history = table.filter(table.day >= first, table.day < as_of - self.skip)
        if self.distinct:
            # One row per different value with its latest day: that day decides in which windows the value counts.
            known = history.filter(history[self.distinct].notnull())
            return known.group_by(CUSTOMER, self.distinct).agg(day=known.day.max())
        return self._ranked(history) if self.ranked else history

    def _ranked(self, history: ir.Table) -> ir.Table:
        assert self.ranked is not None
        column, where = self.ranked
        counted = history if column == agg.AGE else history.filter(history[column].notnull())
        counted = counted if where is None else counted.filter(counted[where] == 1)
        latest_first = ibis.window(group_by=CUSTOMER, order_by=ibis.desc(counted[ROW]))
        return counted.mutate(**{RANK: ibis.row_number().over(latest_first)})  # from 0


def _grouped_queries(
    aggregates: Iterable[agg.Aggregate], tables: Tables
) -> list[tuple[_GroupedQuery, list[agg.Aggregate]]]:
    groups: dict[_GroupedQuery, list[agg.Aggregate]] = {}
    for aggregate in aggregates:
        if aggregate.stream in tables:
            groups.setdefault(_GroupedQuery.of(aggregate), []).append(aggregate)
    return list(groups.items())


class _Expressions:
    """Makes the expression of each aggregate over a table of rows: a float64 column, NULL = None."""

    def __init__(self, rows: ir.Table, as_of: int, codes: Codes) -> None:
        self._rows, self._as_of, self._codes = rows, as_of, codes

    def _value(self, aggregate: agg.Aggregate) -> ir.Value:
        return self._as_of - self._rows.day if aggregate.column == agg.AGE else self._rows[aggregate.column]

    def _inside(self, aggregate: agg.Aggregate) -> ir.BooleanValue | None:
        """Return whether a row lies in the window, passes the filter and has a value; None where every row does."""
        first, end = window(self._as_of, aggregate.days, aggregate.skip)
        tests = [self._rows.day >= first] if aggregate.days is not None else []
        if aggregate.skip:
            tests.append(self._rows.day < end)
        if aggregate.where is not None:
            tests.append(self._rows[aggregate.where] == 1)
        if aggregate.last is not None:
            tests.append(self._rows[RANK] < aggregate.last)
        if aggregate.nullable:
            tests.append(self._value(aggregate).notnull())
        return functools.reduce(operator.and_, tests) if tests else None

    def _sum(self, aggregate: agg.Aggregate) -> ir.Value:
        return self._value(aggregate).sum(where=self._inside(aggregate)).cast("float64")

    def _count(self, aggregate: agg.Aggregate) -> ir.Value:
        return self._rows.count(where=self._inside(aggregate)).cast("float64")

    @singledispatchmethod
    def column(self, aggregate: agg.Aggregate) -> ir.Value:
        """Return the expression of an aggregate."""
        raise NotImplementedError(f"the relational engine has no reading of {type(aggregate).__name__}")

    @column.register
    def _(self, aggregate: agg.Count) -> ir.Value:
        return self._count(aggregate)

    @column.register
    def _(self, aggregate: agg.Sum) -> ir.Value:
        return _scaled(self._sum(aggregate), aggregate)

    @column.register
    def _(self, aggregate: agg.Mean) -> ir.Value:
        return _scaled(self._sum(aggregate) / self._count(aggregate).nullif(_real(0)), aggregate)

    @column.register
    def _(self, aggregate: agg.Min | agg.Max) -> ir.Value:
        value = self._value(aggregate)
        extreme = value.min if isinstance(aggregate, agg.Min) else value.max
        return _scaled(extreme(where=self._inside(aggregate)).cast("float64"), aggregate)

    @column.register
    def _(self, aggregate: agg.Std) -> ir.Value:
        value = self._value(aggregate).cast("float64")
        return _scaled(value.std(where=self._inside(aggregate), how="sample"), aggregate)

    @column.register
    def _(self, aggregate: agg.Share) -> ir.Value:
        whole = self._sum(agg.Sum(aggregate.column, on=aggregate.on, days=aggregate.days, skip=aggregate.skip))
        return self._sum(aggregate).fill_null(_real(0)) / whole.nullif(_real(0))

    @column.register
    def _(self, aggregate: agg.First) -> ir.Value:
        earliest = self._value(aggregate).argmin(self._rows[ROW], where=self._inside(aggregate))
        return _scaled(earliest.cast("float64"), aggregate)

    @column.register
    def _(self, aggregate: agg.Last) -> ir.Value:
        if aggregate.back:
            # Ranked among the rows that count, so that only the window is left to ask.
            inside, chosen = self._inside(aggregate), self._rows[RANK] == aggregate.back
            value = self._value(aggregate).max(where=chosen if inside is None else inside & chosen)
            return _scaled(value.cast("float64"), aggregate)
        latest = self._value(aggregate).argmax(self._rows[ROW], where=self._inside(aggregate))
        return _scaled(latest.cast("float64"), aggregate)

    @column.register
    def _(self, aggregate: agg.Quantile) -> ir.Value:
        value = self._value(aggregate).cast("float64")
        return _scaled(value.quantile(aggregate.q, where=self._inside(aggregate)), aggregate)

    @column.register
    def _(self, aggregate: agg.Decayed) -> ir.Value:
        age = (self._as_of - self._rows.day).cast("float64")
        weight = _real(2) ** (-age / _real(aggregate.half_life_days))
        weighted = self._value(aggregate).cast("float64") * weight
        return _scaled(weighted.sum(where=self._inside(aggregate)), aggregate)

    @column.register
    def _(self, aggregate: agg.LearntNumber) -> ir.Value:
        table, learnt = self._codes.at(aggregate.attribute, self._as_of), aggregate.learnt
        latest = self._rows[agg.CODE].argmax(self._rows[ROW])
        if table is None:
            return latest.nullif(latest).cast("float64")
        other, known = _real(table.number(learnt, "")), table.shares if learnt == "share" else table.log_odds
        branches = [(value, _real(number)) for value, number in known.items()]
        return latest.cases(*branches, else_=other) if branches else latest.isnull().ifelse(other, other)

    @column.register
    def _(self, aggregate: agg.Distinct) -> ir.Value:
        first, _ = window(self._as_of, aggregate.days, aggregate.skip)
        return self._rows.count(where=self._rows.day >= first).cast("float64")


def _real(number: float) -> ir.Value:
    return ibis.literal(number).cast("float64")


def _scaled(value: ir.Value, aggregate: agg.Aggregate) -> ir.Value:
    return value / _real(VALUE_SCALE) if aggregate.column == "value" else value
