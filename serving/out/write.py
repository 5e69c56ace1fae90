"""Writes tables into the database of `[out]`: all of them in one transaction, and each run once.

A run that is written again takes the place of what was there of it. A table is marked as ours when it is made, and no
other is ever written into.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pandas as pd

from features.errors import ConfigError, InputError
from features.file_access import OWNER_ONLY, Access
from features.sources.databases.address import Database
from features.sources.databases.connect import connected
from features.sources.databases.failures import failures_of
from serving.config.out_settings import OutTableName
from serving.out.contract import RUN_NAMES, SQL_TYPES, TABLES
from serving.out.private_file import is_missing_file, made_private
from serving.out.rows import Rows, RunKey
from serving.outreach.exports.safe_text import joined, scrubbed

if TYPE_CHECKING:  # Ibis takes a second to import
    import pyarrow as pa
    from ibis.backends import BaseBackend

MARK = "a table of [out], written by Regulars"
ENGINES = ("duckdb", "postgresql", "postgres")
_GIVEN = "rows_of_out"  # under which DuckDB sees the rows
_OF_RUN = " AND ".join(f"{name} = {{}}" for name in RUN_NAMES)


def write_tables(
    database: Database, schema: str, tables: Mapping[OutTableName, Rows], access: Access = OWNER_ONLY
) -> None:
    """Write the rows of each table in one transaction.

    Args:
        database: of PostgreSQL or DuckDB.
        schema: is made where there is none.
        tables: name → rows.
        access: who may read the file of a DuckDB that is made.

    Raises:
        ConfigError: a database of another kind.
        InputError: a table of that name is there and not ours.
        MachineFault: the database does not answer or refuses; nothing is written then.
    """
    with made_private(database, access), _transaction(database) as connection:
        connection.con.execute(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
        for name, rows in tables.items():
            _prepare(connection, schema, name, rows.frame)
            _delete_runs(connection, _place(schema, name), rows.replaces)
            _insert(connection, _place(schema, name), rows.frame)


def erase_rows(database: Database, schema: str, customer_ids: Sequence[str], *, only_count: bool = False) -> int:
    """Delete the rows of customers, and their ids where they name an account; return how many rows that were.

    Args:
        database: of PostgreSQL or DuckDB.
        schema: in which the tables lie.
        customer_ids: whose rows.
        only_count: leave everything as it is.

    Raises:
        ConfigError: a database of another kind.
        MachineFault: the database does not answer or refuses; nothing is deleted then.
    """
    if is_missing_file(database):
        return 0
    with _transaction(database) as connection:
        ours = [name for name in TABLES if mark_of(connection, schema, name) == MARK]
        found = [_erased(connection, _place(schema, name), customer_ids, only_count) for name in ours]
        if "lists" in ours and not only_count:
            _unname_accounts(connection, _place(schema, "lists"), customer_ids)
        return sum(found)


def _erased(connection: BaseBackend, place: str, customer_ids: Sequence[str], only_count: bool) -> int:
    where, given = f"customer_id = ANY({_slot(connection)})", [list(customer_ids)]
    [(count,)] = connection.con.execute(f"SELECT count(*) FROM {place} WHERE {where}", given).fetchall()
    if not only_count:
        connection.con.execute(f"DELETE FROM {place} WHERE {where}", given)
    return int(count)


def _unname_accounts(connection: BaseBackend, place: str, customer_ids: Sequence[str]) -> None:
    """Take a customer's id out of rows of others, whose account has it for a name."""
    change = f"UPDATE {place} SET account_id = NULL WHERE account_id = ANY({_slot(connection)})"
    connection.con.execute(change, [list(customer_ids)])


def check_engine(database: Database) -> None:
    """Refuse a database that is neither PostgreSQL nor DuckDB.

    Args:
        database: of `[out]`.

    Raises:
        ConfigError: it is of another kind.
    """
    if database.scheme not in ENGINES:
        raise ConfigError(f"[out] writes into PostgreSQL and DuckDB, and url is that of {database.scheme}")


@contextmanager
def _transaction(database: Database) -> Iterator[BaseBackend]:
    check_engine(database)
    with failures_of(database, writing=True):
        connection = connected(database, to_write=True)
        try:
            connection.con.execute("BEGIN")
            if connection.name == "postgres":  # a second run waits for the first: both would make the tables
                connection.con.execute(f"SELECT pg_advisory_xact_lock(hashtext('{MARK}'))")
            yield connection
            connection.con.execute("COMMIT")
        finally:  # what was not committed is taken back with the connection
            connection.disconnect()


def _prepare(connection: BaseBackend, schema: str, name: OutTableName, frame: pd.DataFrame) -> None:
    """Have the table there, ours, with every column; older runs have none of a new one."""
    place, types, there = _place(schema, name), _types(name, frame), columns_of(connection, schema, name)
    if not there:
        needed = {column.name for column in TABLES[name].columns if not column.is_optional}
        columns = ", ".join(f'"{each}" {kind}{" NOT NULL" * (each in needed)}' for each, kind in types.items())
        connection.con.execute(f"CREATE TABLE {place} ({columns})")
        connection.con.execute(f"COMMENT ON TABLE {place} IS '{MARK}'")
    elif mark_of(connection, schema, name) != MARK:
        raise InputError(f"{schema}.{name} is there, and not a table of [out]; name another schema under [out]")
    for each in types.keys() - there if there else ():
        connection.con.execute(f'ALTER TABLE {place} ADD COLUMN "{each}" {types[each]}')


def _types(name: OutTableName, frame: pd.DataFrame) -> dict[str, str]:
    known = {column.name: SQL_TYPES[column.type] for column in TABLES[name].columns}
    return {str(each): known.get(str(each), SQL_TYPES["number"]) for each in frame.columns}


def _delete_runs(connection: BaseBackend, place: str, runs: Sequence[RunKey]) -> None:
    slot = _slot(connection)
    for run in runs:
        connection.con.execute(f"DELETE FROM {place} WHERE {_OF_RUN.format(slot, slot, slot)}", list(run))


def _insert(connection: BaseBackend, place: str, frame: pd.DataFrame) -> None:
    if frame.empty:  # DuckDB knows no types for it
        return
    columns, rows = ", ".join(f'"{each}"' for each in frame.columns), _arrow(frame)
    if connection.name == "postgres":
        from features.engines.stream_tables import as_copied  # only here: Ibis takes a second to import

        with connection.con.cursor() as cursor, cursor.copy(f"COPY {place} ({columns}) FROM STDIN (FORMAT csv)") as to:
            for batch in rows.to_batches(max_chunksize=100_000):
                to.write(as_copied(batch))
        return
    connection.con.register(_GIVEN, rows)
    connection.con.execute(f"INSERT INTO {place} ({columns}) SELECT {columns} FROM {_GIVEN}")
    connection.con.unregister(_GIVEN)


def _arrow(frame: pd.DataFrame) -> pa.Table:
    import pyarrow as pa

    return pa.table({str(name): pa.array(_plain(frame[name]), from_pandas=True) for name in frame.columns})


def _plain(column: pd.Series) -> Any:
    """Return values as a database holds them: sentences as one text, and no text that UTF-8 cannot hold."""
    if column.dtype != object:
        return column
    return [_told(joined(value)) for value in column]


def _told(value: Any) -> Any:
    if isinstance(value, str):
        return scrubbed(value).replace("\0", "")  # PostgreSQL holds none
    return value if isinstance(value, Decimal | date) or pd.notna(value) else None


def _place(schema: str, name: str) -> str:
    return f'"{schema}"."{name}"'


def _slot(connection: BaseBackend) -> str:
    return "%s" if connection.name == "postgres" else "?"


def columns_of(connection: BaseBackend, schema: str, name: str) -> set[str]:
    """Return the columns of a table; none where there is no such table.

    Args:
        connection: to PostgreSQL or DuckDB.
        schema: in which it lies.
        name: of the table.
    """
    slot = _slot(connection)
    query = f"SELECT column_name FROM information_schema.columns WHERE table_schema = {slot} AND table_name = {slot}"
    return {str(column) for (column,) in connection.con.execute(query, [schema, name]).fetchall()}


def mark_of(connection: BaseBackend, schema: str, name: str) -> str | None:
    """Return the comment on a table; None where there is none, and of a view.

    Args:
        connection: to PostgreSQL or DuckDB.
        schema: in which it lies.
        name: of the table.
    """
    postgres = "SELECT obj_description(to_regclass(%s), 'pg_class')"
    duckdb = "SELECT comment FROM duckdb_tables() WHERE schema_name = ? AND table_name = ?"
    if connection.name == "postgres":
        found = connection.con.execute(postgres, [_place(schema, name)]).fetchall()
    else:
        found = connection.con.execute(duckdb, [schema, name]).fetchall()
    return found[0][0] if found else None
