"""Everything that the book holds of one person, table by table, as it is stored."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from serving.book.book import Book
from serving.book.privacy.holdings import HOLDINGS, Holding
from serving.book.schema import ENTRIES, ENTRY_ALIASES, EPISODES, HELD, HOLDS, LISTS

Row = dict[str, Any]


def records_of(book: Book, customer_ids: Sequence[str]) -> dict[str, list[Row]]:
    """Return table → the rows of a person, of the tables that hold any, read at one moment.

    Of rows that are others', in which the person is named as a member of their account, it is told that they name the
    person, and nothing of the others.

    Args:
        book: the database of record.
        customer_ids: all ids of the person.
    """
    ids = list(customer_ids)
    with book.reading() as connection:
        found = {each.table.name: _rows(connection, each, ids) for each in HOLDINGS if each.key is not None}
        entries = [row["entry_id"] for row in found[ENTRIES.name]]
        aliases = sa.select(ENTRY_ALIASES).where(ENTRY_ALIASES.c.entry_id.in_(entries))
        found[ENTRY_ALIASES.name] = [_plain(ENTRY_ALIASES, row) for row in connection.execute(aliases).mappings()]
        found["named_in_entries"] = _named(connection, ENTRIES.c.members, ENTRIES.c.list_id, ids)
        found["named_in_episodes"] = _named(connection, EPISODES.c.customers, EPISODES.c.list_id, ids)
    return {name: rows for name, rows in found.items() if rows}


def _rows(connection: Connection, holding: Holding, ids: Sequence[str]) -> list[Row]:
    table = holding.table
    assert holding.key is not None
    own: sa.ColumnElement[bool] = table.c[holding.key].in_(ids)
    if table is HOLDS:  # also those that follow the person from another account
        own = sa.or_(own, HOLDS.c.id.in_(sa.select(HELD.c.hold_id).where(HELD.c.customer_id.in_(ids))))
    query = sa.select(table).where(own).order_by(*table.primary_key)
    return [_plain(table, row) for row in connection.execute(query).mappings()]


def _named(connection: Connection, texts: sa.Column[Any], list_id: sa.Column[Any], ids: Sequence[str]) -> list[Row]:
    """Return the days of lists on which rows of others name the person as one of their account."""
    asked = (texts.contains(json.dumps(each, ensure_ascii=False), autoescape=True) for each in ids)
    query = sa.select(texts, LISTS.c.as_of).join_from(texts.table, LISTS, LISTS.c.id == list_id).where(sa.or_(*asked))
    rows = connection.execute(query.order_by(LISTS.c.as_of)).all()
    return [{"as_of": as_of.isoformat()} for text, as_of in rows if not set(ids).isdisjoint(json.loads(text))]


def _plain(table: sa.Table, row: Mapping[Any, Any]) -> Row:
    return {column.name: _value(column, row[column.name]) for column in table.c}


def _value(column: sa.Column[Any], value: Any) -> Any:
    if isinstance(value, bytes | memoryview):
        value = bytes(value).decode()
    if column.info.get("json") and isinstance(value, str):
        return json.loads(value)
    if isinstance(value, datetime):
        return f"{value.isoformat()}Z"
    return value.isoformat() if isinstance(value, date) else value
