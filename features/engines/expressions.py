"""Each aggregate as an expression over the rows of one grouped query.

Written for every database that Ibis knows: a real literal is cast (Spark reads it bare as a decimal), every division is
on float64 (PostgreSQL truncates otherwise), no boolean is cast (PostgreSQL refuses), and nothing of a default feature
asks for the row of an extreme or for a quantile, which half of the databases have not or have otherwise.
"""

from __future__ import annotations

import functools
import operator
from functools import singledispatchmethod

import ibis
import ibis.expr.types as ir

from features import aggregates as agg
from features.clock import window
from features.codes import Codes
from features.engines.grouped_queries import PLACE, RANK, ROW, SIZE, reads_one_row
from features.log import VALUE_SCALE

# A weight so small adds nothing, and a smaller one is an error to PostgreSQL: underflow.
MOST_HALVINGS = 900


class Expressions:
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
        return _scaled(self._sum(aggregate) / self._count(aggregate).nullif(real(0)), aggregate)

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
        return self._sum(aggregate).fill_null(real(0)) / whole.nullif(real(0))

    @column.register
    def _(self, aggregate: agg.First) -> ir.Value:
        if aggregate.column == agg.AGE:
            return self._value(aggregate).max(where=self._inside(aggregate)).cast("float64")
        earliest = self._value(aggregate).argmin(self._rows[ROW], where=self._inside(aggregate))
        return _scaled(earliest.cast("float64"), aggregate)

    @column.register
    def _(self, aggregate: agg.Last) -> ir.Value:
        if not reads_one_row(aggregate):
            return self._value(aggregate).min(where=self._inside(aggregate)).cast("float64")
        # Ranked among the rows that count, so that only the window is left to ask.
        inside, chosen = self._inside(aggregate), self._rows[RANK] == aggregate.back
        value = self._value(aggregate).max(where=chosen if inside is None else inside & chosen)
        return _scaled(value.cast("float64"), aggregate)

    @column.register
    def _(self, aggregate: agg.Quantile) -> ir.Value:
        """Weigh the two values beside the rank by how near it lies; in as many words where an engine has a quantile."""
        rank = real(aggregate.q) * (self._rows[SIZE] - 1).cast("float64")
        distance = (self._rows[PLACE].cast("float64") - rank).abs()
        weight = (distance < real(1)).ifelse(real(1) - distance, real(0))
        return _scaled((self._value(aggregate).cast("float64") * weight).sum(), aggregate)

    @column.register
    def _(self, aggregate: agg.Decayed) -> ir.Value:
        halvings = (self._as_of - self._rows.day).cast("float64") / real(aggregate.half_life_days)
        bounded = (halvings > real(MOST_HALVINGS)).ifelse(real(MOST_HALVINGS), halvings)
        weight = real(2) ** -bounded
        weighted = self._value(aggregate).cast("float64") * weight
        return _scaled(weighted.sum(where=self._inside(aggregate)), aggregate)

    @column.register
    def _(self, aggregate: agg.LearntNumber) -> ir.Value:
        table, learnt = self._codes.at(aggregate.attribute, self._as_of), aggregate.learnt
        latest = self._rows[agg.CODE].max(where=self._rows[RANK] == 0)
        if table is None:
            return latest.nullif(latest).cast("float64")
        other, known = real(table.number(learnt, "")), table.shares if learnt == "share" else table.log_odds
        branches = [(value, real(number)) for value, number in known.items()]
        return latest.cases(*branches, else_=other) if branches else latest.isnull().ifelse(other, other)

    @column.register
    def _(self, aggregate: agg.Distinct) -> ir.Value:
        first, _ = window(self._as_of, aggregate.days, aggregate.skip)
        return self._rows.count(where=self._rows.day >= first).cast("float64")


def real(number: float) -> ir.Value:
    """Return a number as an expression of float64.

    >>> real(0.5).type()
    Float64(nullable=True)
    """
    # As text: a float64 that is cast to float64 is printed bare, and bare it is a decimal on Spark and Trino.
    return ibis.literal(int(number) if float(number).is_integer() else repr(float(number))).cast("float64")


def _scaled(value: ir.Value, aggregate: agg.Aggregate) -> ir.Value:
    return value / real(VALUE_SCALE) if aggregate.column == "value" else value
