"""The outbox: the messages that are still to be sent to the webhooks.

Messages are written in the transaction that publishes their list, so none is lost and none tells of a list that is not
in the book. A worker claims messages for a limited time, the lease, sends them outside of any transaction, and records
the result. The messages of a worker that dies are due again after the lease: each arrives at least once.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from serving.book import Book
from serving.book.lists import Publication, publish_list
from serving.book.privacy.sealing import secret_of
from serving.book.privacy.secret import Secret
from serving.book.privacy.tombstones import refuse_forgotten
from serving.book.schema import ENTRIES, GONE, OUTBOX, WEBHOOKS
from serving.book.sql_rows import ROWS_PER_INSERT, batches, insert_columns, utc_now
from serving.book.withdrawals import standing_entries
from serving.outreach.plan.outreach_list import OutreachList
from serving.webhooks.messages import ENTRY_FACTS, LEFT, NO_TITLES, NewMessage, Titles, messages_of
from serving.webhooks.receivers import RECEIVER_NAMES, Receiver, active, receiver_in

# The pause after each failed attempt; after the last of them, some 43 hours in all, the message is given up.
BACK_OFF_SECONDS = (5, 30, 120, 600, 3_600, 21_600, 43_200, 86_400)
JITTER = 0.25  # up to this share later, so that receivers that failed together are not retried together
SETTLED_DAYS = 30  # how long messages are kept once they were delivered or given up
_CHANCE = secrets.SystemRandom()


@dataclass(frozen=True)
class Message:
    """A claimed message: no other worker sends it until the lease is over."""

    id: int
    message_id: str
    receiver: Receiver
    body: str = field(repr=False)
    attempts: int
    due_at: datetime
    leased_until: datetime


def publish_and_enqueue(book: Book, outreach: OutreachList, run_id: int, titles: Titles = NO_TITLES) -> Publication:
    """Record a list made from a run's scores and enqueue its messages to the webhooks, in one transaction.

    The same list twice changes nothing, and gives its entries the same ids.

    Args:
        book: the shop's.
        outreach: the list.
        run_id: of the scores behind it.
        titles: playbook → its title in the shop's language.

    Raises:
        InputError: an account was drawn for the other arm, or a customer was forgotten meanwhile.
        sqlalchemy.exc.IntegrityError: there is no such run.
    """
    with book.writing() as connection:
        refuse_forgotten(connection, book.keeper, outreach.recorded_ids)
        published = publish_list(connection, outreach, run_id)
        if published.is_new:
            enqueue(connection, published.outreach, published.list_id, titles)
    return published


def enqueue(connection: Connection, outreach: OutreachList, list_id: int, titles: Titles = NO_TITLES) -> int:
    """Write the messages of a list for every webhook that subscribes to them, and return how many those are.

    Args:
        connection: of the writer that publishes the list, so that both are in the book or neither.
        outreach: the published list.
        list_id: its number.
        titles: playbook → its title in the shop's language.
    """
    now, subscribed = utc_now(), subscribers(connection)
    long_ago = now - timedelta(days=SETTLED_DAYS)
    connection.execute(sa.delete(OUTBOX).where(OUTBOX.c.next_at.is_(None), OUTBOX.c.created_at < long_ago))
    if not subscribed:
        return 0
    events = frozenset().union(*subscribed.values())
    former = _former_entries(connection, outreach, list_id) if LEFT in events else {}
    return put(connection, messages_of(outreach, list_id, former, now, events, titles), subscribed, now)


def subscribers(connection: Connection) -> dict[str, frozenset[str]]:
    """Return webhook → the events that it is told of."""
    return {row["id"]: frozenset(json.loads(row["events"])) for row in connection.execute(active()).mappings()}


def put(
    connection: Connection, messages: Iterable[NewMessage], subscribed: Mapping[str, frozenset[str]], now: datetime
) -> int:
    """Put messages into the outbox for every webhook that is told of them, and return how many those are."""
    return sum(_insert(connection, rows, now) for rows in batches(_addressed(messages, subscribed), ROWS_PER_INSERT))


def due_webhooks(book: Book) -> tuple[str, ...]:
    """Return the webhooks with a message that is due, without taking a lock."""
    with book.reading() as connection:
        return _due(connection, utc_now())


def claim(book: Book, limit: int, lease_seconds: float, webhook_id: str | None = None) -> tuple[Message, ...]:
    """Claim due messages, those that have been due longest first: no other worker gets them until the lease is over.

    Args:
        book: the database of record.
        limit: the most of each webhook, so that no webhook waits for another.
        lease_seconds: how long the claim lasts.
        webhook_id: the webhook; None = all of them.

    Raises:
        InputError: the secret of this book is not here, so nothing can be signed; nothing is claimed.
    """
    with book.writing() as connection:
        now = utc_now()
        until = now + timedelta(seconds=lease_seconds)
        due = _due(connection, now) if webhook_id is None else (webhook_id,)
        found = [row for each in due for row in connection.execute(_oldest(each, now, limit)).mappings()]
        leased = sa.update(OUTBOX).where(OUTBOX.c.id.in_([row["id"] for row in found]))
        if found:
            connection.execute(leased.values(next_at=until))
            secret = secret_of(connection, book.keeper)
    return tuple(_message(row, until, secret) for row in found)


def mark_delivered(book: Book, messages: Sequence[Message]) -> None:
    """Record that messages have arrived."""
    if messages:
        with book.writing() as connection:
            arrived = sa.update(OUTBOX).where(OUTBOX.c.id.in_([each.id for each in messages]))
            facts = {"delivered_at": utc_now(), "next_at": None, "gave_up_at": None, "trouble": None}
            connection.execute(arrived.values(attempts=OUTBOX.c.attempts + 1, **facts))


def mark_failed(book: Book, message: Message, trouble: str) -> bool:
    """Record a failed attempt and return whether the message is given up; else it is due again after a longer pause.

    Where the lease is over, or the webhook removed, nothing changes.

    Args:
        book: the database of record.
        message: as it was claimed.
        trouble: the error, without URL and secret: it is shown to whoever lists the webhooks.
    """
    now, attempts = utc_now(), message.attempts + 1
    last = attempts > len(BACK_OFF_SECONDS)
    facts: dict[str, datetime | None] = {"gave_up_at": now, "next_at": None}
    if not last:
        pause = BACK_OFF_SECONDS[attempts - 1] * _CHANCE.uniform(1, 1 + JITTER)
        facts = {"next_at": now + timedelta(seconds=pause)}
    with book.writing() as connection:
        connection.execute(_still_leased(message).values(attempts=attempts, trouble=trouble, **facts))
    return last


def release(book: Book, messages: Sequence[Message]) -> None:
    """Release claimed messages that were not sent: they are due as before."""
    if messages:
        with book.writing() as connection:
            for each in messages:
                connection.execute(_still_leased(each).values(next_at=each.due_at))


def _former_entries(connection: Connection, outreach: OutreachList, list_id: int) -> dict[str, dict[str, Any]]:
    """Return customer → its entry on the list before (the latest of an earlier day), of those who left."""
    query = (
        sa.select(*(ENTRIES.c[name] for name in ENTRY_FACTS))
        .join_from(GONE, ENTRIES, ENTRIES.c.customer_id == GONE.c.customer_id)
        .where(GONE.c.list_id == list_id, standing_entries(connection, outreach.as_of))
    )
    return {row["customer_id"]: dict(row) for row in connection.execute(query).mappings()}


def _addressed(messages: Iterable[NewMessage], subscribed: Mapping[str, frozenset[str]]) -> Iterator[tuple[Any, ...]]:
    """Yield a row per message and webhook; webhooks take turns, so that none comes last."""
    for message in messages:
        message_id = f"msg_{secrets.token_hex(14)}"
        for webhook_id, events in subscribed.items():
            if message.event in events:
                yield (message_id, webhook_id, *message)


def _insert(connection: Connection, rows: list[tuple[Any, ...]], now: datetime) -> int:
    names = ("message_id", "webhook_id", "event", "customer_id", "body")
    # As text, which both databases read: Python's own conversion of times for SQLite is deprecated.
    moment = [now.strftime("%Y-%m-%d %H:%M:%S.%f")] * len(rows)
    columns = dict(zip(names, zip(*rows, strict=True), strict=True))
    insert_columns(
        connection, OUTBOX, {**columns, "attempts": [0] * len(rows), "next_at": moment, "created_at": moment}
    )
    return len(rows)


def _due(connection: Connection, now: datetime) -> tuple[str, ...]:
    waits = sa.exists().where(OUTBOX.c.webhook_id == WEBHOOKS.c.id, OUTBOX.c.next_at <= now)
    return tuple(connection.scalars(sa.select(WEBHOOKS.c.id).where(WEBHOOKS.c.removed_at.is_(None), waits)))


def _oldest(webhook_id: str, now: datetime, limit: int) -> sa.Select[Any]:
    own = (OUTBOX.c[name] for name in ("id", "message_id", "webhook_id", "body", "attempts", "next_at"))
    to = (WEBHOOKS.c[name] for name in RECEIVER_NAMES)
    query = sa.select(*own, *to).join_from(OUTBOX, WEBHOOKS)
    due = query.where(OUTBOX.c.webhook_id == webhook_id, OUTBOX.c.next_at <= now)
    return due.order_by(OUTBOX.c.next_at, OUTBOX.c.id).limit(limit)


def _message(row: RowMapping, until: datetime, secret: Secret) -> Message:
    receiver = receiver_in(row, secret)
    return Message(row["id"], row["message_id"], receiver, row["body"], row["attempts"], row["next_at"], until)


def _still_leased(message: Message) -> sa.Update:
    return sa.update(OUTBOX).where(OUTBOX.c.id == message.id, OUTBOX.c.next_at == message.leased_until)
