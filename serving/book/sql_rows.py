"""Writing and reading many rows at once, in batches that every database accepts, and values as the book stores them."""

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
    """Return the SHA-256 of texts, in hexadecimal: the key that identifies a row.

    >>> digest("a", "bc") == digest("ab", "c")
    False
    """
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def utc_now() -> datetime:
    """Return the time in UTC without a zone, as the book stores it."""
    return datetime.now(UTC).replace(tzinfo=None)


def to_minor_units(values: Iterable[Decimal | None], money: Money) -> list[int | None]:
    """Return amounts in minor units like `Money.minor`, four times as fast for amounts in the currency's digits.

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
    """Return texts as the JSON that the book stores; None stays None.

    >>> texts_to_json(("a", "é"))
    '["a", "é"]'
    """
    return None if texts is None else _JSON.encode(list(texts))


def texts_from_json(text: str | None) -> tuple[str, ...] | None:
    """Return the texts of a JSON array; None stays None.

    >>> texts_from_json('["a", "é"]')
    ('a', 'é')
    """
    return None if text is None else tuple(json.loads(text))


def batches(rows: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """Yield rows in lists of at most `size`.

    >>> list(batches("abc", 2))
    [['a', 'b'], ['c']]
    """
    left = iter(rows)
    while batch := list(islice(left, size)):
        yield batch


def insert_columns(connection: Connection, table: sa.Table, columns: Mapping[str, Iterable[Any]]) -> None:
    """Insert many rows, given column by column, the fastest way the database has.

    Args:
        connection: of a writer.
        table: of the rows.
        columns: name → values, all equally long, in the driver's types.

    Raises:
        sqlalchemy.exc.IntegrityError: a key is a duplicate, or a foreign key has no row.
    """
    if connection.dialect.name == "postgresql":
        _copy(connection, table, columns)
        return
    marks = ", ".join("?" * len(columns))
    statement = f"INSERT INTO {table.name} ({_names(table, columns)}) VALUES ({marks})"
    values = (_for_sqlite(table.c[name], of_column) for name, of_column in columns.items())
    for batch in batches(zip(*values, strict=True), ROWS_PER_INSERT):
        connection.exec_driver_sql(statement, batch)


def insert_missing(connection: Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert the rows whose key is not in the table yet; existing rows stay as they are."""
    for batch in batches(rows, ROWS_PER_INSERT):
        connection.execute(_insert(connection, table).on_conflict_do_nothing(), batch)


def insert_or_replace(connection: Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows; where the table has a row with the same key, the new one takes its place."""
    made, key = _insert(connection, table), list(table.primary_key)
    newer = {column.name: made.excluded[column.name] for column in table.c if column not in key}
    for batch in batches(rows, ROWS_PER_INSERT):
        connection.execute(made.on_conflict_do_update(index_elements=key, set_=newer), batch)


def insert_row(connection: Connection, table: sa.Table, row: Mapping[str, Any]) -> int:
    """Insert one row and return its new id."""
    result = connection.execute(sa.insert(table).values(**row))
    assert result.inserted_primary_key is not None
    return int(result.inserted_primary_key[0])


def latest_row(table: sa.Table) -> sa.Select[Any]:
    """Return the query of the current row: of the latest as_of, the one recorded last."""
    return sa.select(table).order_by(table.c.as_of.desc(), table.c.id.desc()).limit(1)


def frame_of(connection: Connection, query: sa.Select[Any]) -> pd.DataFrame:
    """Return the rows of a query as a frame of objects, with the query's columns."""
    found = connection.execute(query)
    names = list(found.keys())
    return pd.DataFrame([tuple(row) for row in found], columns=names, dtype=object)


def rows_with(
    connection: Connection, query: sa.Select[Any], column: sa.ColumnElement[Any], values: Iterable[str]
) -> Iterator[Any]:
    """Yield the rows (as mappings) of a query whose `column` is one of `values`, however many these are."""
    for batch in batches(dict.fromkeys(values), IDS_PER_QUERY):
        yield from connection.execute(query.where(column.in_(batch))).mappings()


def _insert(connection: Connection, table: sa.Table) -> Any:
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


def _minor(value: Decimal, scaled: Decimal, money: Money) -> int:
    whole = int(scaled)
    return whole if whole == scaled else money.minor(value)


def _names(table: sa.Table, columns: Iterable[str]) -> str:
    return ", ".join(f'"{table.c[name].name}"' for name in columns)


def _for_sqlite(column: sa.Column[Any], values: Iterable[Any]) -> Iterable[Any]:
    # The driver's own conversion of dates is deprecated; and of a million rows few have different days.
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
