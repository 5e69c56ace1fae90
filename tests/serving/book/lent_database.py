"""A database on PostgreSQL that one test after another is given: emptying it is a tenth of making and dropping one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier

# Of tables, sequences and indexes each column, each constraint, and the schemas: what a test may not have changed.
SHAPE = """
SELECT md5(string_agg(part, ';' ORDER BY part)) FROM (
    SELECT concat_ws(' ', nspname, relname, relkind, attname, atttypid, attnotnull)
    FROM pg_namespace n JOIN pg_class c ON relnamespace = n.oid JOIN pg_attribute a ON attrelid = c.oid
    WHERE attnum > 0 AND nspname !~ '^(pg_|information_schema)'
    UNION ALL
    SELECT concat_ws(' ', nspname, conname, pg_get_constraintdef(c.oid))
    FROM pg_namespace n JOIN pg_constraint c ON connamespace = n.oid WHERE nspname !~ '^(pg_|information_schema)'
    UNION ALL
    SELECT 'schema ' || nspname FROM pg_namespace WHERE nspname !~ '^pg_'
) AS parts(part)
"""
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
ALONE = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
BEGIN_AGAIN = "SELECT setval(oid::regclass, 1, false) FROM pg_class WHERE relkind = 'S'"

Make = Callable[[], str]
Lend = Callable[[], AbstractContextManager[str]]


class Emptied:
    """A database, and how it was when it was new: its shape, and the rows of each table.

    Args:
        url: of the database, as psycopg reads it.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        with self._asking() as connection:
            self.shape = connection.execute(SHAPE).fetchone()
            tables = [str(name) for (name,) in connection.execute(TABLES)]
            self.rows = {
                name: connection.execute(SQL("TABLE {}").format(Identifier(name))).fetchall() for name in tables
            }

    def anew(self) -> bool:
        """Make it as it was, and return whether that worked; not where a test has changed more than rows."""
        try:
            with self._asking() as connection:
                connection.execute(ALONE)
                if connection.execute(SHAPE).fetchone() != self.shape:
                    return False
                connection.execute("SET session_replication_role = replica")  # no order among the tables
                for name, rows in self.rows.items():
                    _refill(connection, name, rows)
                connection.execute(BEGIN_AGAIN)
        except psycopg.Error:
            return False
        return True

    def _asking(self) -> psycopg.Connection[Any]:
        return psycopg.connect(self.url, autocommit=True)


def _refill(connection: psycopg.Connection[Any], name: str, rows: list[Any]) -> None:
    table = Identifier(name)
    connection.execute(SQL("DELETE FROM {}").format(table))
    for row in rows:
        values = SQL(", ").join(SQL("%s") for _ in row)
        connection.execute(SQL("INSERT INTO {} VALUES ({})").format(table, values), row)


def lender(make: Make) -> Lend:
    """Return what lends a database until a block ends: the one that came back last, or a new one.

    Args:
        make: makes a database and returns its URL.
    """
    free: list[Emptied] = []

    @contextmanager
    def lent() -> Iterator[str]:
        one = free.pop() if free else Emptied(make())
        yield one.url
        if one.anew():
            free.append(one)

    return lent
