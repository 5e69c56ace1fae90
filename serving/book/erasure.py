"""A customer's wish to be forgotten: everything of it leaves the book at once, and that it did stays."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from serving.book.book import Book
from serving.book.rows import digest, utc_now
from serving.book.schema import (
    ARMS,
    CONSENT,
    CONTACTS,
    ENTRIES,
    EPISODES,
    ERASURES,
    GONE,
    HOLDS,
    OUTBOX,
    OUTCOMES,
    OWNERS,
    POSTED_EVENTS,
    POSTED_ORDERS,
    SCORES,
    SUPPRESSED,
)

BY_CUSTOMER: tuple[sa.Table, ...] = (
    SCORES,
    ENTRIES,
    SUPPRESSED,
    GONE,
    EPISODES,
    CONTACTS,
    OUTCOMES,
    CONSENT,
    POSTED_ORDERS,
    POSTED_EVENTS,
    OUTBOX,
)
# A customer without a parent is its own account. Another one's account stays: it is of its branches too.
BY_ACCOUNT: tuple[sa.Table, ...] = (ARMS, HOLDS, OWNERS, EPISODES)


def erase(book: Book, customer_id: str, who: str) -> Mapping[str, int]:
    """Delete all rows of a customer in one transaction, and record that they were.

    Args:
        book: the database of record.
        customer_id: as the order source has it.
        who: asked for it; kept.

    Returns:
        Table → rows; only those that held any. Nothing is recorded where there were none.
    """
    with book.writing() as connection:
        _overwrite(connection)
        deleted = {table.name: 0 for table in (*BY_CUSTOMER, *BY_ACCOUNT)}
        for name, count in _deletions(connection, customer_id):
            deleted[name] += count
        deleted["entries"] += _leave_accounts(connection, customer_id)
        rows = {name: count for name, count in deleted.items() if count}
        if rows:
            facts = {"at": utc_now(), "who": who, "customer_digest": digest(customer_id), "rows": json.dumps(rows)}
            connection.execute(sa.insert(ERASURES).values(facts))
    return rows


def _overwrite(connection: Connection) -> None:
    # SQLite would leave the bytes where they were until another row needs the place.
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA secure_delete = ON")


def _deletions(connection: Connection, customer_id: str) -> Iterable[tuple[str, int]]:
    for column, tables in (("customer_id", BY_CUSTOMER), ("account_id", BY_ACCOUNT)):
        for table in tables:
            done = connection.execute(sa.delete(table).where(table.c[column] == customer_id))
            yield table.name, done.rowcount


def _leave_accounts(connection: Connection, customer_id: str) -> int:
    """Take the customer out of the entries of others that name it as a member of their account."""
    holding = sa.select(ENTRIES.c.list_id, ENTRIES.c.customer_id, ENTRIES.c.members).where(
        ENTRIES.c.members.contains(json.dumps(customer_id, ensure_ascii=False), autoescape=True)
    )
    changed = 0
    for row in connection.execute(holding).all():
        left = [member for member in json.loads(row.members) if member != customer_id]
        this = sa.and_(ENTRIES.c.list_id == row.list_id, ENTRIES.c.customer_id == row.customer_id)
        connection.execute(sa.update(ENTRIES).where(this).values(members=json.dumps(left, ensure_ascii=False)))
        changed += 1
    return changed
