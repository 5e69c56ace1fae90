"""`regulars features`: the features of everyone who can churn, as known on a day, in a file or in a table.

They are computed by the single pass, or by a database: the streams of the log are loaded there as temporary tables, and
one statement computes the features of the day, from the same definitions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from features.build import feature_table
from features.clock import day_number
from features.engines.engine_names import DATABASES, DIALECTS, NUMPY, SPARK
from features.errors import InputError
from features.feature import FeatureSet
from features.sources.databases.address import Database
from serving.out.private_file import made_private
from serving.outreach.exports.write_table import write_table, writer_of
from serving.shop import OpenShop
from training.attribute_codes import coded

if TYPE_CHECKING:  # Ibis takes a second to import, and the single pass needs none of it
    from ibis.backends import BaseBackend


@dataclass(frozen=True, eq=False)
class FeaturesWritten:
    """How many customers were written where."""

    rows: int
    place: str
    as_of: date
    engine: str = NUMPY
    is_table: bool = False
    notes: Sequence[str] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return what was written where."""
        where = {"table" if self.is_table else "file": self.place}
        return {**where, "as_of": str(self.as_of), "rows": self.rows, "engine": self.engine}

    def lines(self) -> Iterator[str]:
        """Say it in one line."""
        yield from self.notes
        customers = "customer" if self.rows == 1 else "customers"
        yield f"{self.rows:,} {customers} as of {self.as_of} written to {self.place}"


@dataclass(frozen=True, eq=False)
class Statement:
    """The statement that computes the features of a day."""

    engine: str
    as_of: date
    sql: str
    tables: dict[str, dict[str, str]]

    def to_dict(self) -> dict[str, Any]:
        """Return the statement, and the tables that it reads."""
        return {"engine": self.engine, "as_of": str(self.as_of), "sql": self.sql, "tables": self.tables}

    def lines(self) -> Iterator[str]:
        """Print it as a file of SQL: the tables that it reads are comments."""
        for table, columns in self.tables.items():
            yield f"-- reads {table}({', '.join(f'{name} {kind}' for name, kind in columns.items())})"
        yield f"{self.sql};"


def write_features(shop: OpenShop, out: Path, engine: str = NUMPY, url: str | None = None) -> FeaturesWritten:
    """Compute the features of the population on the shop's day and write them into a file.

    Args:
        shop: whose features.
        out: a .csv, .parquet or .json file.
        engine: what computes them.
        url: of the database that computes them.

    Raises:
        InputError: the engine is only compiled for, or is not that of the database.
        MachineFault: the database does not answer.
    """
    if engine == NUMPY and url is not None:
        raise InputError("--url names what computes: add --engine duckdb, --engine postgresql or --engine spark")
    writer_of(out)
    frame = _frame(shop, _features_of(shop)) if engine == NUMPY else _queried(shop, engine, url)
    frame["as_of"] = frame["as_of"].dt.date
    write_table(frame, out, shop.settings.files.access())
    return FeaturesWritten(len(frame), str(out), shop.as_of, engine, notes=_notes(shop))


def write_feature_rows(shop: OpenShop, into: str, engine: str, url: str | None = None) -> FeaturesWritten:
    """Compute the features in a database, and write them into a table of it, in one transaction.

    Args:
        shop: whose features.
        into: the table, as schema.table; for Spark a folder of Parquet files, a partition for each day.
        engine: duckdb, postgresql or spark.
        url: of the database; None = that of the orders, and for Spark all cores of this machine.

    Raises:
        InputError: the engine holds no tables, or the table is not one of features.
        MachineFault: the database does not answer or refuses.
    """
    from features.engines.feature_rows import Place, write_rows
    from features.engines.relational import query
    from features.engines.spark.written import folder_at, write_day
    from features.engines.stream_tables import stream_tables

    place = folder_at(into) if engine == SPARK else Place.of(into)
    features, log, active_days = _features_of(shop), shop.log, shop.definition.active_days
    with _connected(shop, engine, url, into) as connection:
        tables = stream_tables(log, connection)
        asked = query(tables, day_number(shop.as_of), features, active_days, has_money=log.has_money)
        if isinstance(place, Path):
            rows = write_day(connection, asked, place, shop.as_of, shop.settings.files.access())
        else:
            rows = write_rows(connection, asked, place, shop.as_of)
    return FeaturesWritten(rows, str(place), shop.as_of, engine, is_table=True, notes=_notes(shop))


def explain_features(shop: OpenShop, engine: str) -> Statement:
    """Return the statement that a database computes the features of the shop's day with.

    Raises:
        InputError: the single pass has none.
    """
    from features.engines.statements import statement, tables_read

    if engine not in DIALECTS:
        raise InputError(f"--explain prints SQL: name a database, as --engine duckdb; known are {', '.join(DIALECTS)}")
    features = _features_of(shop)
    sql = statement(engine, shop.log, shop.as_of, features, shop.definition.active_days)
    return Statement(engine, shop.as_of, sql, tables_read(shop.log))


def _features_of(shop: OpenShop) -> FeatureSet:
    return coded(shop.features, shop.log, [shop.as_of], shop.definition)


def _notes(shop: OpenShop) -> Sequence[str]:
    return shop.settings.auto_note(shop.definition)


def _frame(shop: OpenShop, features: FeatureSet) -> pd.DataFrame:
    return feature_table(shop.log, [shop.as_of], features, shop.definition.active_days)


def _queried(shop: OpenShop, engine: str, url: str | None) -> pd.DataFrame:
    from features.engines import relational
    from features.engines.stream_tables import stream_tables

    features, log, days = _features_of(shop), shop.log, [shop.as_of]
    with _connected(shop, engine, url) as connection:
        tables = stream_tables(log, connection)
        return relational.feature_table(tables, days, features, shop.definition.active_days, has_money=log.has_money)


@contextmanager
def _connected(shop: OpenShop, engine: str, url: str | None, into: str | None = None) -> Iterator[BaseBackend]:
    """Connect to what computes, for the block; `into` = a table that is written there."""
    if engine == SPARK:
        from features.engines.spark.session import spark

        with spark(url) as connection:
            yield connection
        return
    database = _database(shop, engine, url, into or "features")
    if database is None and (into is not None or engine != "duckdb"):
        raise _without_url(engine)
    if database is None or into is None:
        with _open(database) as connection:
            yield connection
        return
    with made_private(database, shop.settings.files.access()), _open(database, writing=True) as connection:
        yield connection


def _database(shop: OpenShop, engine: str, url: str | None, table: str) -> Database | None:
    """Return where the features are computed: the given database, else that of the orders; None = nowhere yet."""
    if engine not in DATABASES:
        raise InputError(_holds_no_tables(engine))
    orders = shop.settings.orders.url
    chosen = url or orders
    if chosen is None:
        return None
    database = Database(chosen, table)
    if database.scheme in DATABASES[engine]:
        return database
    if url is None:
        return None
    raise InputError(f"--engine {engine} computes in a database of {engine}, and --url is that of {database.scheme}")


def _holds_no_tables(engine: str) -> str:
    if engine == NUMPY:
        return "--into writes where it computes: add --engine duckdb, --engine postgresql or --engine spark"
    return f"for {engine} the statement is compiled, and not run from here: print it with --explain"


def _without_url(engine: str) -> InputError:
    example = {"duckdb": "duckdb:///shop.duckdb"}.get(engine, "postgresql://shop:${SHOP_DB_PASSWORD}@host/db")
    return InputError(f"--engine {engine} needs a database: --url '{example}'")


@contextmanager
def _open(database: Database | None, *, writing: bool = False) -> Iterator[BaseBackend]:
    """Open a database for the block; None = one of DuckDB in memory."""
    import ibis

    from features.sources.databases.connect import connected
    from features.sources.databases.failures import failures_of

    if database is None:
        in_memory = ibis.duckdb.connect()
        yield in_memory
        in_memory.disconnect()
        return
    with failures_of(database, writing=writing):
        connection = connected(database, to_write=writing)
        try:
            yield connection
        finally:
            connection.disconnect()
