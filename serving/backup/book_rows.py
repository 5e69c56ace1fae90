"""Copies every row of a book into another one, of either kind of database, and sums them up so that two are compared.

A backup always holds the book as a file of SQLite: it is checked and opened without a server, and goes into either.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from features.errors import InputError
from serving.book.connection import shown_name
from serving.book.schema import METADATA

ROWS_AT_ONCE = 5_000
_MODULUS = 2**256


@dataclass(frozen=True)
class Sum:
    """How many rows a table has, and a sum over them that does not depend on their order."""

    rows: int = 0
    total: int = 0

    def plus(self, row: tuple[object, ...]) -> Sum:
        """Return the sum with one row more."""
        hashed = int.from_bytes(hashlib.sha256(repr(row).encode("utf-8", "surrogatepass")).digest())
        return Sum(self.rows + 1, (self.total + hashed) % _MODULUS)


Sums = Mapping[str, Sum]


def copy_rows(source: Connection, target: Connection) -> Sums:
    """Copy all rows of a book into the empty tables of another, and return table → sum of what was read.

    Args:
        source: reads one moment of a book.
        target: writes to a book whose tables are empty.
    """
    sums = {}
    for table in METADATA.sorted_tables:
        found = Sum()
        for rows in _batches(source, table):
            for row in rows:
                found = found.plus(tuple(row))
            target.execute(sa.insert(table), [dict(row._mapping) for row in rows])
        sums[table.name] = found
    _continue_numbers(target)
    return sums


def sums_of(connection: Connection) -> Sums:
    """Return table → sum of its rows."""
    sums = {}
    for table in METADATA.sorted_tables:
        found = Sum()
        for rows in _batches(connection, table):
            for row in rows:
                found = found.plus(tuple(row))
        sums[table.name] = found
    return sums


def refuse_different(read: Sums, written: Sums, connection: Connection) -> None:
    """Refuse a copy that does not hold what was read.

    Raises:
        InputError: names the tables.
    """
    wrong = [name for name, found in read.items() if written.get(name) != found]
    if wrong:
        raise InputError(
            f"the copy in {shown_name(connection.engine)} does not hold what was read, in {', '.join(wrong)}; it is "
            "not used"
        )


def _batches(connection: Connection, table: sa.Table) -> Iterator[list[sa.Row[tuple[object, ...]]]]:
    options = {"yield_per": ROWS_AT_ONCE}
    found = connection.execute(sa.select(table), execution_options=options)
    yield from (list(rows) for rows in found.partitions())


def _continue_numbers(connection: Connection) -> None:
    """Let PostgreSQL draw numbers behind those that were copied; SQLite looks at its rows."""
    if connection.dialect.name != "postgresql":
        return
    for table in METADATA.sorted_tables:
        column = table.autoincrement_column
        if column is None:
            continue
        sequence = sa.func.pg_get_serial_sequence(table.name, column.name)
        last = sa.func.coalesce(sa.func.max(column), 0)
        connection.execute(sa.select(sa.func.setval(sequence, last + 1, sa.false())).select_from(table))
