"""Rows into the book and out of it: many at once, in pieces that every database takes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from itertools import islice
from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from features.money import Money

IDS_PER_QUERY = 1_000  # well below the number of parameters that SQLite and PostgreSQL allow in one statement
ROWS_PER_INSERT = 20_000
_JSON = json.JSONEncoder(ensure_ascii=False)


def digest(*parts: str) -> str:
    """Return the SHA-256 of texts, in hexadecimal: the key by which the same row is known again.

    >>> digest("a", "bc") == digest("ab", "c")
    False
    """
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def utc_now() -> datetime:
    """Return the time in UTC, without a zone, as the book keeps it."""
    return datetime.now(UTC).replace(tzinfo=None)


def plain(values: pd.Series) -> list[Any]:
    """Return a column as Python values, what is missing as None.

    >>> plain(pd.Series([1.5, float("nan")]))
    [1.5, None]
    """
    found: list[Any] = values.astype(object).where(values.notna(), None).tolist()
    return found


def to_minor_units(values: Iterable[Decimal | None], money: Money) -> list[int | None]:
    """Return amounts in minor units as `Money.minor` does, four times as fast where they have the currency's digits.

    >>> to_minor_units([Decimal("12.30"), Decimal("0.005"), None], Money("EUR"))
    [1230, 1, None]
    """
    factor = Decimal(10) ** money.decimals
    return [None if value is None else _minor(value, value * factor, money) for value in values]


def to_amounts(values: Iterable[int | None], money: Money) -> list[Decimal | None]:
    """Return minor units as decimal amounts with the currency's digits.

    >>> to_amounts([1230, None], Money("EUR"))
    [Decimal('12.30'), None]
    """
    digits = -money.decimals
    return [None if value is None else Decimal(value).scaleb(digits) for value in values]


def texts_to_json(texts: Sequence[str] | None) -> str | None:
    """Return texts as the book keeps them; none stays none.

    >>> texts_to_json(("a", "é"))
    '["a", "é"]'
    """
    return None if texts is None else _JSON.encode(list(texts))


def texts_from_json(text: str | None) -> tuple[str, ...] | None:
    """Return texts as they were before `texts_to_json`.

    >>> texts_from_json('["a", "é"]')
    ('a', 'é')
    """
    return None if text is None else tuple(json.loads(text))


def batches(rows: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """Give rows in lists of at most `size`.

    >>> list(batches("abc", 2))
    [['a', 'b'], ['c']]
    """
    left = iter(rows)
    while piece := list(islice(left, size)):
        yield piece


def insert_columns(connection: Connection, table: sa.Table, columns: Mapping[str, Iterable[Any]]) -> None:
    """Insert many rows, given column by column, the fastest way the database has.

    Args:
        connection: of a writer.
        table: the rows' own.
        columns: name → values, all equally long, as the driver takes them; dates as dates.

    Raises:
        sqlalchemy.exc.IntegrityError: a key is there twice, or a row that it points to is missing.
    """
    if connection.dialect.name == "postgresql":
        _copy(connection, table, columns)
        return
    marks = ", ".join("?" * len(columns))
    statement = f"INSERT INTO {table.name} ({_names(table, columns)}) VALUES ({marks})"
    values = (_for_sqlite(table.c[name], of_column) for name, of_column in columns.items())
    for piece in batches(zip(*values, strict=True), ROWS_PER_INSERT):
        connection.exec_driver_sql(statement, piece)


def insert_missing(connection: Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert the rows whose key is not there yet; what is there stays as it is."""
    made = postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)
    for piece in batches(rows, ROWS_PER_INSERT):
        connection.execute(made.on_conflict_do_nothing(), piece)


def insert_row(connection: Connection, table: sa.Table, row: Mapping[str, Any]) -> int:
    """Insert one row and return the number that it got."""
    result = connection.execute(sa.insert(table).values(**row))
    assert result.inserted_primary_key is not None
    return int(result.inserted_primary_key[0])


def latest_row(table: sa.Table) -> sa.Select[Any]:
    """Return the query for the row that holds: of the latest as_of, and of these the one recorded last."""
    return sa.select(table).order_by(table.c.as_of.desc(), table.c.id.desc()).limit(1)


def frame_of(connection: Connection, query: sa.Select[Any]) -> pd.DataFrame:
    """Return what a query finds as a frame of objects, in the query's columns."""
    found = connection.execute(query)
    names = list(found.keys())
    return pd.DataFrame([tuple(row) for row in found], columns=names, dtype=object)


def rows_with(
    connection: Connection, query: sa.Select[Any], column: sa.ColumnElement[Any], values: Iterable[str]
) -> Iterator[Any]:
    """Give the rows (as mappings) of a query whose `column` is one of `values`, however many these are."""
    for piece in batches(dict.fromkeys(values), IDS_PER_QUERY):
        yield from connection.execute(query.where(column.in_(piece))).mappings()


def _minor(value: Decimal, scaled: Decimal, money: Money) -> int:
    whole = int(scaled)
    return whole if whole == scaled else money.minor(value)


def _names(table: sa.Table, columns: Iterable[str]) -> str:
    return ", ".join(f'"{table.c[name].name}"' for name in columns)


def _for_sqlite(column: sa.Column[Any], values: Iterable[Any]) -> Iterable[Any]:
    # The driver's own way to write dates is deprecated, and few days are written a million times.
    if not isinstance(column.type, sa.Date):
        return values
    days = list(values)
    written = {day: day.isoformat()[:10] for day in set(days) if day is not None}
    return [written.get(day) for day in days]


def _copy(connection: Connection, table: sa.Table, columns: Mapping[str, Iterable[Any]]) -> None:
    statement = f"COPY {table.name} ({_names(table, columns)}) FROM STDIN"
    driver: Any = connection.connection.driver_connection
    errors: Any = connection.dialect.dbapi
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for row in zip(*columns.values(), strict=True):
                copy.write_row(row)
    except errors.IntegrityError as error:
        raise sa.exc.IntegrityError(statement, None, error) from error
