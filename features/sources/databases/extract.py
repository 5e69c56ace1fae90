"""Streams rows of a database, through Ibis, to a Parquet file that is read like any other, and that is gone afterwards.

The rules and the row numbers are therefore those of files. Only mapped columns are asked for, and of them only the rows
before a day where the database itself knows days; what a row is worth, and which business day it is of, is decided
where files are read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from features.errors import InputError
from features.sources.databases.address import Database
from features.sources.databases.connect import connected
from features.sources.databases.failures import failures_of, missing_column, missing_table, refusal
from features.sources.opening.copies import folder_for_copies

if TYPE_CHECKING:
    from ibis.backends import BaseBackend
    from ibis.expr.types import Table, Value

CHUNK_ROWS = 100_000
QUERY = "regulars_query"
MOST_DECIMALS = 9
ZONES = timedelta(days=2)  # no zone and no start of a business day moves a moment further


@dataclass(frozen=True)
class Wanted:
    """What is read of a table.

    Args:
        columns: their names, without regard to case; None = all.
        before: a column of days or moments, and the day from which on nothing is needed.
        sorted_by: columns whose order the rows are read in, so that two readings number them alike.
        most_rows: no more than so many, for a sample.
    """

    columns: Sequence[str] | None = None
    before: tuple[str, date] | None = None
    sorted_by: Sequence[str] = ()
    most_rows: int | None = None


@contextmanager
def extracted(database: Database, wanted: Wanted) -> Iterator[Path]:
    """Give the rows of a database as a Parquet file of the source's name, for the time of the block.

    Raises:
        ConfigError: a variable of the URL is not set.
        InputError: no such table or column, a query that is none, a driver that is not installed.
        MachineFault: the database does not answer or refuses, or the disk takes no more.
    """
    with folder_for_copies() as folder:
        path = folder / database.name.replace("/", "_")
        with failures_of(database):
            connection = connected(database)
            try:
                rows = _write(path, connection, _selected(connection, database, wanted))
            finally:
                connection.disconnect()
        if not rows:
            raise refusal(database, "has no rows", "look at the table, or at what the query selects")
        yield path


def _selected(connection: BaseBackend, database: Database, wanted: Wanted) -> Table:
    """Return the rows that are wanted, as an expression that the database computes."""
    table = _table(connection, database)
    names = _names(database, table.columns, wanted.columns)
    if wanted.before is not None:
        column, day = _names(database, table.columns, wanted.before[:1])[0], wanted.before[1]
        if table[column].type().is_date() or table[column].type().is_timestamp():
            table = table.filter(table[column].isnull() | (table[column] < _bound(table[column], day + ZONES)))
    if wanted.sorted_by:
        table = table.order_by(_names(database, table.columns, wanted.sorted_by))
    if wanted.most_rows is not None:
        table = table.limit(wanted.most_rows)
    return table.select([_plain(table[name]).name(name) for name in names])


def _bound(column: Value, day: date) -> Value:
    import ibis

    if column.type().is_date():
        return ibis.date(day)
    return ibis.literal(day.isoformat()).cast(column.type())


def _table(connection: BaseBackend, database: Database) -> Table:
    if database.query is not None:
        return _of_query(connection, database.query.strip().rstrip(";"))
    from ibis.common.exceptions import TableNotFound

    assert database.table is not None
    *schema, name = database.table.split(".")
    place = {"database": tuple(schema) if len(schema) > 1 else schema[0]} if schema else {}
    try:
        return connection.table(name, **place)
    except TableNotFound:
        tables = [".".join([*schema, each]) for each in _tables(connection, place)]
        raise missing_table(database, tables) from None


def _tables(connection: BaseBackend, place: Mapping[str, Any]) -> list[str]:
    if connection.name != "duckdb":
        return list(connection.list_tables(**place))
    schema = place.get("database", "main")
    schema = schema if isinstance(schema, str) else schema[-1]
    names = "SELECT table_name FROM information_schema.tables WHERE table_schema = ? ORDER BY 1"
    return [str(row[0]) for row in connection.con.execute(names, [schema]).fetchall()]


def _of_query(connection: BaseBackend, query: str) -> Table:
    if connection.name != "duckdb":
        return connection.sql(query)
    connection.con.execute(f"CREATE TEMP VIEW {QUERY} AS {query}")  # nor does Ibis 12 know its columns
    return connection.table(QUERY)


def _names(database: Database, known: Sequence[str], wanted: Sequence[str] | None) -> list[str]:
    """Return columns as the database writes them: exact, else without regard to case and spaces around."""
    if wanted is None:
        return list(known)
    folded = {name.strip().casefold(): name for name in known}
    found = {name: name if name in known else folded.get(name.strip().casefold()) for name in wanted}
    missing = [missing_column(database, name, known) for name, column in found.items() if column is None]
    if missing:
        raise InputError(f"{database.name} cannot be used", missing)
    return list(dict.fromkeys(column for column in found.values() if column is not None))


def _plain(column: Value) -> Value:
    """Return a column in a type that a Parquet file holds; a decimal number of no stated size gets one."""
    kind = column.type()
    if kind.is_decimal() and (kind.precision is None or kind.scale is None or kind.scale > MOST_DECIMALS):
        return column.cast(f"decimal(38, {MOST_DECIMALS})")
    kept = kind.is_numeric() or kind.is_boolean() or kind.is_date() or kind.is_timestamp()
    return column if kept or type(kind).__name__ == "String" else column.cast("string")


def _batches(connection: BaseBackend, table: Table) -> pa.RecordBatchReader:
    if connection.name == "duckdb":  # Ibis 12 asks DuckDB 2 for what has another name there
        return connection.con.sql(connection.compile(table)).to_arrow_reader(CHUNK_ROWS)
    return table.to_pyarrow_batches(chunk_size=CHUNK_ROWS)


def _write(path: Path, connection: BaseBackend, table: Table) -> int:
    """Write the rows chunk by chunk, and return how many they are."""
    rows = 0
    with _batches(connection, table) as reader, pq.ParquetWriter(path, reader.schema) as writer:
        for batch in reader:
            writer.write_batch(batch)
            rows += batch.num_rows
    return rows
