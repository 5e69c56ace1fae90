"""The statement of a date in the SQL of a database, for the eye and for warehouses that are not connected to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import ibis
import ibis.expr.types as ir

from features.clock import day_number
from features.engines.engine_names import DIALECTS
from features.engines.relational import query
from features.engines.stream_tables import unbound_tables
from features.feature import FeatureSet
from features.log import Log

# Left alone, ClickHouse answers 0 where a customer has no row, and where a window has none.
_AT_THE_END: Mapping[str, str] = {"clickhouse": "\nSETTINGS join_use_nulls = 1, aggregate_functions_null_for_empty = 1"}


def statement(engine: str, log: Log, as_of: date, features: FeatureSet, active_days: int | None = None) -> str:
    """Return the statement that computes the features of a date over the tables of a log's streams.

    Args:
        engine: a name in DIALECTS.
        log: whose streams are the tables; none of its rows is read.
        as_of: only what came before it is read.
        features: what is asked for.
        active_days: the population: an order in the last so many days; None for anyone with an order before.

    >>> from features.log import Lines
    >>> from features.roll_up import roll_up
    >>> log = roll_up(Lines.of(["a"], [10], [500]))
    >>> print(statement("trino", log, date(1970, 1, 12), FeatureSet(())).splitlines()[0])
    SELECT DISTINCT
    """
    asked = query(unbound_tables(log), day_number(as_of), features, active_days, has_money=log.has_money)
    return str(ibis.to_sql(asked, dialect=DIALECTS[engine])) + _AT_THE_END.get(engine, "")


def tables_read(log: Log) -> dict[str, dict[str, str]]:
    """Return table → column → type, of the tables that a statement reads.

    >>> from features.log import Lines
    >>> from features.roll_up import roll_up
    >>> tables_read(roll_up(Lines.of(["a"], [10], [500])))["regulars_orders"]["spend"]
    'int64'
    """
    return {table.get_name(): _types(table) for table in unbound_tables(log).values()}


def _types(table: ir.Table) -> dict[str, str]:
    return {name: str(kind) for name, kind in table.schema().items()}
