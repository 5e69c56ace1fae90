"""A customer's wish to be forgotten: everything of it leaves the book at once, and that it did stays."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from serving.book.book import Book
from serving.book.schema import (
    ANSWERS,
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
from serving.book.sql_rows import digest, utc_now

BY_CUSTOMER: tuple[sa.Table, ...] = (
    SCORES,
    ANSWERS,
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
BY_ACCOUNT: tuple[sa.Table, ...] = (ARMS, HOLDS, OWNERS)
# Where others' rows may name the customer as their account: each becomes its own.
NAMING_ACCOUNTS: tuple[sa.Table, ...] = (ENTRIES, SUPPRESSED, EPISODES)
ONE_PER_ACCOUNT = "one entry per account"  # as lists say it, with the customer who stands for the account


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
        for name, count in _unnamings(connection, customer_id):
            deleted[name] += count
        rows = {name: count for name, count in deleted.items() if count}
        if rows:
            facts = {"at": utc_now(), "who": who, "customer_digest": digest(customer_id), "rows": json.dumps(rows)}
            connection.execute(sa.insert(ERASURES).values(facts))
    if rows:
        _settle(book)
    return rows


def _settle(book: Book) -> None:
    """Empty SQLite's log of changes, which still holds the pages as they were."""
    if book.engine.dialect.name == "sqlite":
        opened = book.engine.raw_connection()
        try:
            opened.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            opened.close()


def _overwrite(connection: Connection) -> None:
    # SQLite would leave the bytes where they were until another row needs the place.
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA secure_delete = ON")


def _deletions(connection: Connection, customer_id: str) -> Iterable[tuple[str, int]]:
    for column, tables in (("customer_id", BY_CUSTOMER), ("account_id", BY_ACCOUNT)):
        for table in tables:
            done = connection.execute(sa.delete(table).where(table.c[column] == customer_id))
            yield table.name, done.rowcount


def _unnamings(connection: Connection, customer_id: str) -> Iterable[tuple[str, int]]:
    """Take the customer's id out of the rows of others, and give table → how many named it."""
    yield "entries", _leave_accounts(connection, customer_id)
    named = f"{ONE_PER_ACCOUNT}: see {customer_id}"
    told = sa.update(SUPPRESSED).where(SUPPRESSED.c.detail == named).values(detail=ONE_PER_ACCOUNT)
    yield "suppressed", connection.execute(told).rowcount
    yield "outbox", _leave_messages(connection, customer_id)
    _drop_twice(connection, customer_id)
    for table in NAMING_ACCOUNTS:
        own = sa.update(table).where(table.c.account_id == customer_id).values(account_id=table.c.customer_id)
        yield table.name, connection.execute(own).rowcount


def _leave_accounts(connection: Connection, customer_id: str) -> int:
    """Take the customer out of the entries of others that name it as a member of their account."""
    holding = sa.select(ENTRIES.c.list_id, ENTRIES.c.customer_id, ENTRIES.c.members).where(
        ENTRIES.c.members.contains(json.dumps(customer_id, ensure_ascii=False), autoescape=True)
    )
    changed = 0
    for row in connection.execute(holding).all():
        members = json.loads(row.members)
        left = [member for member in members if member != customer_id]
        if left != members:  # SQLite finds an id in other letters too
            this = sa.and_(ENTRIES.c.list_id == row.list_id, ENTRIES.c.customer_id == row.customer_id)
            connection.execute(sa.update(ENTRIES).where(this).values(members=json.dumps(left, ensure_ascii=False)))
            changed += 1
    return changed


def _leave_messages(connection: Connection, customer_id: str) -> int:
    """Let messages about others name those as their own account."""
    holding = sa.select(OUTBOX.c.id, OUTBOX.c.body).where(
        OUTBOX.c.body.contains(json.dumps(customer_id), autoescape=True)
    )
    changed = 0
    for row in connection.execute(holding).all():
        body = json.loads(row.body)
        if body["data"].get("account_id") == customer_id:
            body["data"]["account_id"] = body["data"]["customer_id"]
            text = json.dumps(body, separators=(",", ":"))
            connection.execute(sa.update(OUTBOX).where(OUTBOX.c.id == row.id).values(body=text))
            changed += 1
    return changed


def _drop_twice(connection: Connection, customer_id: str) -> None:
    """Drop an episode of the account that its customer has as its own account too: a day has one."""
    own = EPISODES.alias()
    same = sa.and_(own.c.account_id == EPISODES.c.customer_id, own.c.began_on == EPISODES.c.began_on)
    connection.execute(sa.delete(EPISODES).where(EPISODES.c.account_id == customer_id, sa.exists().where(same)))
