"""Writes the features of a date into a table of the database that computes them, in one transaction.

The table holds the days that were written, a row per customer and day. A day that is written again takes the place of
what was there of it, so that a run that is done twice, or was killed, leaves each day once and whole. The table is
marked as ours when it is made: no other is ever written into.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

import ibis.expr.types as ir
from ibis.backends import BaseBackend

from features.engines.grouped_queries import CUSTOMER
from features.engines.stream_tables import MOST_NAME_BYTES
from features.errors import InputError

MARK = "features, written by Regulars"
AS_OF = "as_of"


@dataclass(frozen=True)
class Place:
    """A table of a database, by its schema and name; without a schema, the one of the connection.

    >>> Place.of("features.daily").quoted
    '"features"."daily"'
    >>> Place.of("a.b.c")
    Traceback (most recent call last):
    ...
    features.errors.InputError: --into a.b.c: write it as schema.table
    """

    schema: str
    name: str

    @classmethod
    def of(cls, text: str) -> Place:
        """Read a table as it is written on the command line.

        Raises:
            InputError: it is no name of a table.
        """
        schema, _, name = text.rpartition(".")
        if not name or "." in schema or text.startswith(".") or "\0" in text:
            raise InputError(f"--into {text}: write it as schema.table")
        return cls(schema, name)

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}" if self.schema else self.name

    @property
    def quoted(self) -> str:
        """The table as a statement names it."""
        return ".".join(_quoted(part) for part in (self.schema, self.name) if part)


def write_rows(connection: BaseBackend, features: ir.Table, place: Place, as_of: date) -> int:
    """Write the rows of one date, and return how many they are.

    Args:
        connection: of DuckDB or PostgreSQL.
        features: the expression of the date: `customer_id`, then the features.
        place: the table, which is made where there is none.
        as_of: the date.

    Raises:
        InputError: the table is not ours, its schema is not there, or a feature has a name that no column can have.

    >>> import ibis
    >>> connection = ibis.duckdb.connect()
    >>> _ = connection.con.execute("CREATE TABLE asked AS SELECT 'ann' AS customer_id, 2.0::DOUBLE AS frequency")
    >>> features = connection.table("asked")
    >>> write_rows(connection, features, Place.of("daily"), date(2026, 3, 2))
    1
    >>> connection.con.execute("SELECT * FROM daily").fetchall()
    [('ann', datetime.date(2026, 3, 2), 2.0)]
    """
    names = features.columns[1:]
    _check_names(names)
    statement = connection.compile(features)
    with _transaction(connection):
        place = _with_schema(connection, place)
        _prepare(connection, place, names)
        connection.con.execute(f"DELETE FROM {place.quoted} WHERE {AS_OF} = DATE '{as_of}'")
        columns = ", ".join(map(_quoted, (AS_OF, *features.columns)))
        # One statement computes the features and writes them: no row leaves the database.
        connection.con.execute(
            f"INSERT INTO {place.quoted} ({columns}) SELECT DATE '{as_of}', answers.* FROM ({statement}) AS answers"
        )
        counted = connection.con.execute(f"SELECT count(*) FROM {place.quoted} WHERE {AS_OF} = DATE '{as_of}'")
        return int(counted.fetchall()[0][0])


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _check_names(names: Sequence[str]) -> None:
    """Refuse names that a database would cut, or would take for one another."""
    if long := [name for name in names if len(name.encode()) > MOST_NAME_BYTES]:
        raise InputError(
            f"{long[0]} has more than {MOST_NAME_BYTES} bytes, and no column may: give its kind of event or its "
            "column a shorter name, or write a file with --out"
        )
    same = [name for name, times in Counter(name.casefold() for name in names).items() if times > 1]
    if same:
        raise InputError(f"two features are called {same[0]}, but for case: a table holds one; write a file with --out")


@contextmanager
def _transaction(connection: BaseBackend) -> Iterator[None]:
    connection.con.execute("BEGIN")
    try:
        yield
        connection.con.execute("COMMIT")
    except BaseException:
        connection.con.execute("ROLLBACK")
        raise


def _with_schema(connection: BaseBackend, place: Place) -> Place:
    """Return the place with its schema: without it a temporary table of the name would be taken for it."""
    schema = place.schema or str(_rows(connection, "SELECT current_schema()")[0][0])
    if not _rows(connection, f"SELECT 1 FROM information_schema.schemata WHERE schema_name = {_text(schema)}"):
        raise InputError(f"--into {place}: there is no schema {schema}; make it: CREATE SCHEMA {_quoted(schema)}")
    return Place(schema, place.name)


def _prepare(connection: BaseBackend, place: Place, names: Sequence[str]) -> None:
    """Have the table there, ours, with a column for each feature; older days have none of a new one."""
    if connection.name == "postgres":  # a second run waits for the first: both would make the table
        connection.con.execute(f"SELECT pg_advisory_xact_lock(hashtext({_text(place.quoted)}))")
    there = _columns(connection, place)
    if not there:
        _create(connection, place, names)
    elif _mark(connection, place) != MARK:
        raise InputError(f"--into {place}: it is there, and not a table of features; name another one")
    for name in (name for name in names if there and name not in there):
        connection.con.execute(f"ALTER TABLE {place.quoted} ADD COLUMN {_quoted(name)} DOUBLE PRECISION")


def _create(connection: BaseBackend, place: Place, names: Sequence[str]) -> None:
    columns = ", ".join(f"{_quoted(name)} DOUBLE PRECISION" for name in names)
    keys = f"{CUSTOMER} VARCHAR NOT NULL, {AS_OF} DATE NOT NULL"
    connection.con.execute(f"CREATE TABLE {place.quoted} ({', '.join(filter(None, (keys, columns)))})")
    connection.con.execute(f"COMMENT ON TABLE {place.quoted} IS {_text(MARK)}")


def _columns(connection: BaseBackend, place: Place) -> set[str]:
    where = f"table_schema = {_text(place.schema)} AND table_name = {_text(place.name)}"
    found = _rows(connection, f"SELECT column_name FROM information_schema.columns WHERE {where}")
    return {str(column) for (column,) in found}


def _mark(connection: BaseBackend, place: Place) -> str | None:
    """Return the comment on a table; None of a view, which is nobody's table of features."""
    postgres = f"SELECT obj_description({_text(place.quoted)}::regclass, 'pg_class')"
    where = f"schema_name = {_text(place.schema)} AND table_name = {_text(place.name)}"
    duckdb = f"SELECT comment FROM duckdb_tables() WHERE {where}"
    found = _rows(connection, postgres if connection.name == "postgres" else duckdb)
    return found[0][0] if found else None


def _rows(connection: BaseBackend, statement: str) -> list[tuple[Any, ...]]:
    return list(connection.con.execute(statement).fetchall())
