"""Looks at the database of `[out]` before anything has to be written into it."""

from __future__ import annotations

from dataclasses import dataclass

from features.sources.databases.address import Database
from features.sources.databases.connect import connected
from features.sources.databases.failures import failures_of
from serving.out.contract import TABLES
from serving.out.private_file import is_missing_file
from serving.out.write import MARK, check_engine, columns_of, mark_of

_MAY_MAKE = """
SELECT CASE WHEN to_regnamespace(%(schema)s) IS NULL THEN has_database_privilege(current_database(), 'CREATE')
            ELSE has_schema_privilege(to_regnamespace(%(schema)s)::oid, 'CREATE') END
"""


@dataclass(frozen=True)
class Looked:
    """What is there.

    Args:
        ours: tables of `[out]`.
        foreign: tables of their names that are somebody else's.
        may_make: whether the user may make tables in the schema.
    """

    ours: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()
    may_make: bool = True


def looked_at(database: Database, schema: str) -> Looked:
    """Return what is in a database of PostgreSQL or DuckDB; a DuckDB that is not there yet holds nothing.

    Args:
        database: whose URL is complete.
        schema: in which the tables lie, or will.

    Raises:
        InputError: it is no such database.
        MachineFault: it does not answer, or refuses who asks.
    """
    check_engine(database)
    if is_missing_file(database):
        return Looked()
    with failures_of(database):
        connection = connected(database)
        try:
            there = [name for name in TABLES if columns_of(connection, schema, name)]
            ours = tuple(name for name in there if mark_of(connection, schema, name) == MARK)
            may_make = True
            if connection.name == "postgres":
                [(may_make,)] = connection.con.execute(_MAY_MAKE, {"schema": f'"{schema}"'}).fetchall()
        finally:
            connection.disconnect()
    return Looked(ours, tuple(name for name in there if name not in ours), bool(may_make))
