"""The same aggregates as Ibis expressions: for data that lives in a database, and as a check on the single pass.

The streams are tables (`stream_tables.py` brings them from a `Log`). One query per date: every stream is grouped by
customer once per kind of query (plain, ranked from the latest row, ordered by value, distinct), and joined to the
population.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from features import aggregates as agg
from features.arithmetic import Values
from features.clock import day_numbers, timestamps, window
from features.codes import Codes
from features.engines.expressions import Expressions, real
from features.engines.grouped_queries import CUSTOMER, Tables, grouped_queries
from features.feature import FeatureSet, Value


def feature_table(
    tables: Tables,
    as_of_dates: Sequence[date],
    features: FeatureSet,
    active_days: int | None = None,
    *,
    has_money: bool = True,
) -> pd.DataFrame:
    """Return the feature table that `features.build.feature_table` returns, computed where the tables are.

    Args:
        tables: the streams, by name.
        as_of_dates: the dates; only what came before each is read.
        features: what is asked for.
        active_days: only customers with an order in so many days before the date; None: with any order.
        has_money: False = orders are only counted, and what money would tell stays unknown.

    >>> from features.engines.stream_tables import stream_tables
    >>> from features.log import Lines
    >>> from features.roll_up import roll_up
    >>> tables = stream_tables(roll_up(Lines.of(["a"], [10], [500])), ibis.duckdb.connect())
    >>> feature_table(tables, [date(1970, 1, 12)], FeatureSet(()))["customer_id"].tolist()
    ['a']
    """
    days = np.unique(day_numbers(as_of_dates))
    frames = [
        _frame(query(tables, int(day), features, active_days, has_money=has_money), int(day), features) for day in days
    ]
    # Sorted here, not by the engine: databases differ in how they order text.
    return pd.concat(frames).sort_values([CUSTOMER, "as_of"], kind="stable", ignore_index=True)


def query(
    tables: Tables, as_of: int, features: FeatureSet, active_days: int | None = None, *, has_money: bool = True
) -> ir.Table:
    """Return the expression of one date: `customer_id`, then one column per feature.

    Args:
        tables: the streams, by name.
        as_of: the day number of the date; only what came before it is read.
        features: what is asked for.
        active_days: the population, as for `feature_table`.
        has_money: as for `feature_table`.

    >>> from features.engines.stream_tables import stream_tables
    >>> from features.log import Lines
    >>> from features.roll_up import roll_up
    >>> tables = stream_tables(roll_up(Lines.of(["a"], [10], [500])), ibis.duckdb.connect())
    >>> query(tables, 11, FeatureSet(())).columns
    ('customer_id',)
    """
    names = {aggregate: f"aggregate_{i}" for i, aggregate in enumerate(_without_rates(features.aggregates))}
    wide = _population(tables["orders"], as_of, active_days)
    for reading, group in grouped_queries(names, tables):
        rows = reading.rows(tables, as_of, group)
        expressions = Expressions(rows, as_of, features.codes)
        part = rows.group_by(CUSTOMER).agg(**{names[a]: expressions.column(a) for a in group})
        wide = wide.left_join(part, CUSTOMER).drop(f"{CUSTOMER}_right")
    answers = {aggregate: _answer(wide, name, aggregate, features.codes, as_of) for aggregate, name in names.items()}
    return wide.select(CUSTOMER, **_features(features, answers, frozenset() if has_money else features.of_money))


def _without_rates(aggregates: Iterable[agg.Aggregate]) -> list[agg.Aggregate]:
    """Return the aggregates with each rate replaced by its two counts, which one stream answers each."""
    parts = [a.parts if isinstance(a, agg.Rate) else (a,) for a in aggregates]
    return list(dict.fromkeys(part for group in parts for part in group))


def _answer(wide: ir.Table, name: str, aggregate: agg.Aggregate, codes: Codes, as_of: int) -> ir.Value:
    if name not in wide.columns and isinstance(aggregate, agg.LearntNumber):
        number = codes.numbers_of_nobody(aggregate.attribute, aggregate.learnt, [as_of])[0]
        return ibis.null("float64") if np.isnan(number) else real(float(number))
    column = wide[name] if name in wide.columns else ibis.null("float64")
    return column.fill_null(real(0)) if isinstance(aggregate, (agg.Count, agg.Distinct)) else column


def _features(
    features: FeatureSet, answers: Mapping[agg.Aggregate, ir.Value], unknown: frozenset[str]
) -> dict[str, ir.Value]:
    done: dict[str, ir.Value] = {}
    for feature in features:
        if feature.name in unknown:
            done[feature.name] = ibis.null("float64")
            continue
        value = _value(feature.value, answers, done)
        done[feature.name] = value if feature.if_none is None else value.fill_null(real(feature.if_none))
    return done


def _value(value: Value, answers: Mapping[agg.Aggregate, ir.Value], earlier: dict[str, ir.Value]) -> ir.Value:
    if isinstance(value, agg.Rate):
        above, below = (answers[part] for part in value.parts)
        return above / below.nullif(real(0))
    return answers[value] if isinstance(value, agg.Aggregate) else value(Values(earlier))


def _frame(expression: ir.Table, as_of: int, features: FeatureSet) -> pd.DataFrame:
    answers: pd.DataFrame = expression.to_pyarrow().to_pandas()
    keys = pd.DataFrame({CUSTOMER: answers[CUSTOMER].astype(str), "as_of": timestamps(np.full(len(answers), as_of))})
    return pd.concat([keys, answers[list(features.names)].astype("float64")], axis=1)


def _population(orders: ir.Table, as_of: int, active_days: int | None) -> ir.Table:
    first, end = window(as_of, active_days)
    return orders.filter(orders.day >= first, orders.day < end).select(CUSTOMER).distinct()
