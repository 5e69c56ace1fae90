"""Erasure of a customer: all its rows leave the book at once, and the fact that they did is recorded."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from serving.book.book import Book
from serving.book.privacy.entry_ids import forget_aliases
from serving.book.privacy.holdings import BY_ACCOUNT, BY_CUSTOMER
from serving.book.privacy.sealing import digests_of, secret_of
from serving.book.schema import (
    DRAWN,
    ENTRIES,
    EPISODES,
    ERASURES,
    HELD,
    HOLDS,
    OUTBOX,
    OWNED,
    OWNERS,
    PROGRAMME,
    SUPPRESSED,
)
from serving.book.sql_rows import digest, insert_missing, utc_now

# Tables in which rows of others may name the customer as their account: each of these becomes its own account.
NAMING_ACCOUNTS: tuple[sa.Table, ...] = (ENTRIES, SUPPRESSED, EPISODES, DRAWN, PROGRAMME, HELD, OWNED)
ONE_PER_ACCOUNT = "one entry per account"  # the detail in a list, followed by the customer who stands for the account


def erase(
    book: Book,
    customer_id: str,
    who: str,
    elsewhere: Mapping[str, int] = MappingProxyType({}),
    *,
    always: bool = False,
) -> Mapping[str, int]:
    """Delete all rows of a customer in one transaction, and record the deletion, by which the customer is kept out.

    Args:
        book: the database of record.
        customer_id: as the order source has it.
        who: who asked for it; recorded.
        elsewhere: what was erased outside the book → rows; recorded with the tables.
        always: record it even where there were no rows: the shop's files may hold some.

    Raises:
        InputError: there were rows, and the secret of this book is not here.

    Returns:
        Table → deleted or changed rows, of the tables that had any. Unless `always`, nothing is recorded without rows.
    """
    with book.writing() as connection:
        overwrite_deleted(connection)
        found = Counter(_erased(connection, customer_id))
        found.update(elsewhere)
        rows = {name: count for name, count in found.items() if count}
        if rows or always:
            whose = secret_of(connection, book.keeper).digest(digest(customer_id))
            facts = {"at": utc_now(), "who": who, "customer_digest": whose, "rows": json.dumps(rows)}
            connection.execute(sa.insert(ERASURES).values(facts))
    return rows


def would_erase(book: Book, customer_id: str) -> Mapping[str, int]:
    """Return what `erase` would delete or change, and leave everything as it is.

    Args:
        book: the database of record.
        customer_id: as the order source has it.
    """
    with book.writing() as connection:
        rows = _erased(connection, customer_id)
        connection.rollback()
    return rows


def overwrite_freed(book: Book) -> bool:
    """Write SQLite's file anew, so that no page holds bytes of what was deleted, and empty its write-ahead log.

    Returns:
        Whether it could be done: not while somebody reads the book for a minute, nor without room on the disk. What
        PostgreSQL keeps of deleted rows is its own vacuum's.
    """
    if book.engine.dialect.name != "sqlite":
        return True
    opened = book.engine.raw_connection()
    try:
        cursor = opened.cursor()
        cursor.execute("VACUUM")  # deleting overwrites cells, and what was freed before stays in the pages
        busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    except sqlite3.OperationalError:
        return False
    finally:
        opened.close()
    return not busy


@dataclass(frozen=True)
class Erasure:
    """When a customer was erased, in UTC, and who asked for it."""

    at: datetime
    who: str


def erasures_of(book: Book, customer_id: str) -> tuple[Erasure, ...]:
    """Return the erasures of a customer, oldest first, under whichever secret of the book they were recorded.

    Args:
        book: the database of record.
        customer_id: as the order source has it.

    Raises:
        InputError: there are records, and the secret of this book is not here.
    """
    with book.reading() as connection:
        if connection.scalar(sa.select(ERASURES.c.id).limit(1)) is None:
            return ()
        whose = ERASURES.c.customer_digest.in_(digests_of(connection, book.keeper, digest(customer_id)))
        rows = connection.execute(sa.select(ERASURES.c.at, ERASURES.c.who).where(whose).order_by(ERASURES.c.id))
        return tuple(Erasure(row.at, row.who) for row in rows)


def _erased(connection: Connection, customer_id: str) -> dict[str, int]:
    """Delete and change all rows of a customer, and return table → how many, of the tables that had any."""
    counts: Counter[str] = Counter()
    for name, count in chain(_deletions(connection, customer_id), _mentions_removed(connection, customer_id)):
        counts[name] += count
    return {name: count for name, count in counts.items() if count}


def overwrite_deleted(connection: Connection) -> None:
    """Have SQLite overwrite what is deleted on a connection."""
    # It would leave the deleted bytes in the file until another row needs the space.
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA secure_delete = ON")


def _deletions(connection: Connection, customer_id: str) -> Iterable[tuple[str, int]]:
    yield "holds", _hold_by_others(connection, customer_id)
    yield "owners", _own_by_others(connection, customer_id)
    for column, tables in (("customer_id", BY_CUSTOMER), ("account_id", BY_ACCOUNT)):
        for table in tables:
            done = connection.execute(sa.delete(table).where(table.c[column] == customer_id))
            yield table.name, done.rowcount


def _hold_by_others(connection: Connection, customer_id: str) -> int:
    """Let another customer stand for a hold of the customer's account that is of others, too: they stay held."""
    own = sa.and_(HELD.c.hold_id == HOLDS.c.id, HELD.c.customer_id != customer_id)
    other = sa.select(sa.func.min(HELD.c.customer_id)).where(own).correlate(HOLDS).scalar_subquery()
    of_others = sa.and_(HOLDS.c.account_id == customer_id, sa.exists().where(own))
    # Where a lift is of the same customer under both accounts, one row of it is enough.
    twice = HELD.alias()
    same = sa.and_(
        twice.c.hold_id == HELD.c.hold_id,
        twice.c.customer_id == HELD.c.customer_id,
        twice.c.account_id == HELD.c.customer_id,
    )
    connection.execute(sa.delete(HELD).where(HELD.c.account_id == customer_id, sa.exists().where(same)))
    return connection.execute(sa.update(HOLDS).where(of_others).values(account_id=other)).rowcount


def _own_by_others(connection: Connection, customer_id: str) -> int:
    """Let each other customer whom the account's owners were given to stand for itself: they keep them."""
    of_others = sa.and_(OWNED.c.account_id == OWNERS.c.account_id, OWNED.c.since == OWNERS.c.since)
    facts = (OWNERS.c[name] for name in ("since", "owner", "how", "by", "why"))
    query = sa.select(OWNED.c.customer_id.label("account_id"), *facts).join_from(OWNERS, OWNED, of_others)
    rows = query.where(OWNERS.c.account_id == customer_id, OWNED.c.customer_id != customer_id)
    given = [dict(row) for row in connection.execute(rows).mappings()]
    insert_missing(connection, OWNERS, given)
    return len(given)


def _mentions_removed(connection: Connection, customer_id: str) -> Iterable[tuple[str, int]]:
    """Remove the customer's id from the rows of others, and yield each table with its number of changed rows."""
    for column in (ENTRIES.c.members, EPISODES.c.customers):
        yield column.table.name, _remove_from_texts(connection, column, customer_id)
    named = f"{ONE_PER_ACCOUNT}: see {customer_id}"
    unnamed = sa.update(SUPPRESSED).where(SUPPRESSED.c.detail == named).values(detail=ONE_PER_ACCOUNT)
    yield "suppressed", connection.execute(unnamed).rowcount
    yield "outbox", _remove_from_messages(connection, customer_id)
    yield "entry_aliases", forget_aliases(connection, customer_id)
    _drop_duplicate_episodes(connection, customer_id)
    for table in NAMING_ACCOUNTS:
        own = sa.update(table).where(table.c.account_id == customer_id).values(account_id=table.c.customer_id)
        yield table.name, connection.execute(own).rowcount


def _remove_from_texts(connection: Connection, column: sa.Column[Any], customer_id: str) -> int:
    """Remove the customer from the JSON in which rows of others name the customers of their account."""
    key = list(column.table.primary_key)
    named = column.contains(json.dumps(customer_id, ensure_ascii=False), autoescape=True)
    changed = 0
    for row in connection.execute(sa.select(*key, column).where(named)).all():
        texts = json.loads(row[-1])
        left = [text for text in texts if text != customer_id]
        if left != texts:  # SQLite's LIKE ignores case, so another id may match
            this = sa.and_(*(each == value for each, value in zip(key, row, strict=False)))
            text = json.dumps(left, ensure_ascii=False)
            connection.execute(sa.update(column.table).where(this).values({column.name: text}))
            changed += 1
    return changed


def _remove_from_messages(connection: Connection, customer_id: str) -> int:
    """Replace the customer as the account in messages about others: they become their own account."""
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


def _drop_duplicate_episodes(connection: Connection, customer_id: str) -> None:
    """Drop an episode of the account where its customer has one of its own on that day: a day has one."""
    own = EPISODES.alias()
    same = sa.and_(own.c.account_id == EPISODES.c.customer_id, own.c.began_on == EPISODES.c.began_on)
    connection.execute(sa.delete(EPISODES).where(EPISODES.c.account_id == customer_id, sa.exists().where(same)))
