"""The webhooks of the book: URL, events and secret of each receiver.

A secret is stored sealed, because signing needs it; it is shown once, to whoever adds the webhook.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping

from features.errors import InputError, suggest
from serving.book import Book
from serving.book.privacy.sealing import begin_anew, is_lost, secret_of, unsealed
from serving.book.privacy.secret import Secret
from serving.book.schema import OUTBOX, WEBHOOKS
from serving.book.sql_rows import utc_now
from serving.webhooks.address import target_of
from serving.webhooks.messages import EVENTS
from serving.webhooks.signing import new_secret

REMOVED = "the webhook was removed"
NO_SECRETS: Mapping[str, Any] = {"secret": "", "former_secret": None, "former_until": None}
# What `receiver_in` needs of a row.
RECEIVER_NAMES = ("url", "secret", "allow_private", "former_secret", "former_until")


@dataclass(frozen=True)
class Receiver:
    """URL and secret of a webhook: where its messages go, and how they are signed.

    Args:
        former_secret: signs too, while the receiver takes over the new one; None = none does.
    """

    webhook_id: str
    url: str
    secret: str = field(repr=False)
    allow_private: bool
    former_secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Webhook:
    """A webhook as it may be shown: its URL, its events, and the state of its messages; times are in UTC.

    Args:
        waiting: messages still to be sent.
        given_up: messages that never arrived.
        trouble: the last error of the oldest waiting message; None where none failed.
        former_until: until when the former secret signs, too; None where none does.
    """

    id: str
    url: str
    events: tuple[str, ...]
    allow_private: bool
    created_at: datetime
    waiting: int = 0
    given_up: int = 0
    trouble: str | None = None
    former_until: datetime | None = None


def add_webhook(book: Book, url: str, events: Iterable[str], *, allow_private: bool = False) -> Receiver:
    """Add a webhook, which gets the events of every list from now on, and return it with its new secret.

    Args:
        book: the database of record.
        url: https, or with `allow_private` also http; its address is checked again at every attempt.
        events: of EVENTS; none = all of them.
        allow_private: whether it may lead into a private network.

    Raises:
        InputError: an unknown event, a URL that cannot be one of a webhook, or the secret of this book is not here.
    """
    chosen = tuple(dict.fromkeys(events)) or EVENTS
    for event in chosen:
        if event not in EVENTS:
            raise InputError(f'"{event}" is no event; known are {", ".join(EVENTS)}.{suggest(event, EVENTS)}')
    target_of(url, allow_private=allow_private)
    receiver = Receiver(secrets.token_hex(8), url, new_secret(), allow_private)
    row = {"id": receiver.webhook_id, "url": url, "events": json.dumps(chosen), "allow_private": allow_private}
    with book.writing() as connection:
        sealed = secret_of(connection, book.keeper).seal(receiver.secret, receiver.webhook_id)
        connection.execute(sa.insert(WEBHOOKS).values(row | {"secret": sealed, "created_at": utc_now()}))
    return receiver


def remove_webhook(book: Book, webhook_id: str) -> int:
    """Remove a webhook, and return how many of its waiting messages are given up.

    Raises:
        InputError: there is no such webhook, or it was removed.
    """
    now = utc_now()
    with book.writing() as connection:
        gone = sa.update(WEBHOOKS).where(WEBHOOKS.c.id == webhook_id, WEBHOOKS.c.removed_at.is_(None))
        if not connection.execute(gone.values(removed_at=now, **NO_SECRETS)).rowcount:
            raise _no_webhook(webhook_id)
        waiting = sa.update(OUTBOX).where(OUTBOX.c.webhook_id == webhook_id, OUTBOX.c.next_at.is_not(None))
        return connection.execute(waiting.values(next_at=None, gave_up_at=now, trouble=REMOVED)).rowcount


def renew_secret(book: Book, webhook_id: str, overlap: timedelta) -> Receiver:
    """Give a webhook a new secret, and return the receiver; the former one signs too until the overlap is over.

    Args:
        book: the database of record.
        webhook_id: the webhook.
        overlap: while a message carries both signatures; none at all: the new one signs alone at once.

    Raises:
        InputError: there is no such webhook, it was removed, or the secret of this book is not here.
    """
    with book.writing() as connection:
        row = connection.execute(active().where(WEBHOOKS.c.id == webhook_id)).mappings().first()
        if row is None:
            raise _no_webhook(webhook_id)
        secret, new = secret_of(connection, book.keeper), new_secret()
        unsealed(secret, row["secret"], webhook_id)  # what was changed in the book is not taken over
        former = (row["secret"], utc_now() + overlap) if overlap else (None, None)
        facts = dict(zip(("former_secret", "former_until"), former, strict=True))
        changed = sa.update(WEBHOOKS).where(WEBHOOKS.c.id == webhook_id)
        connection.execute(changed.values(secret=secret.seal(new, webhook_id), **facts))
    return receiver_of(book, webhook_id)


def start_over(book: Book) -> int:
    """Remove every webhook of a book whose secret is lost, go on with another secret, and return how many there were.

    Raises:
        InputError: the secret is not lost.
    """
    now = utc_now()
    with book.writing() as connection:
        if not is_lost(connection, book.keeper):
            raise InputError("the secret of this book is not lost: its webhooks and erasures can be read")
        begin_anew(connection, book.keeper)
        waiting = sa.update(OUTBOX).where(OUTBOX.c.next_at.is_not(None))
        connection.execute(waiting.values(next_at=None, gave_up_at=now, trouble=REMOVED))
        gone = sa.update(WEBHOOKS).where(WEBHOOKS.c.removed_at.is_(None)).values(removed_at=now, **NO_SECRETS)
        return connection.execute(gone).rowcount


def webhooks(book: Book) -> tuple[Webhook, ...]:
    """Return all webhooks that were not removed, oldest first, without their secrets."""
    per_webhook = sa.select(
        OUTBOX.c.webhook_id,
        sa.func.count(OUTBOX.c.next_at).label("waiting"),
        sa.func.count(OUTBOX.c.gave_up_at).label("given_up"),
        sa.func.min(sa.case((OUTBOX.c.next_at.is_not(None) & OUTBOX.c.trouble.is_not(None), OUTBOX.c.id))).label("id"),
    ).group_by(OUTBOX.c.webhook_id)
    with book.reading() as connection:
        found = connection.execute(active().order_by(WEBHOOKS.c.created_at, WEBHOOKS.c.id)).mappings().all()
        counts = {row["webhook_id"]: row for row in connection.execute(per_webhook).mappings()}
        failing = sa.select(OUTBOX.c.id, OUTBOX.c.trouble).where(
            OUTBOX.c.id.in_([row["id"] for row in counts.values()])
        )
        troubles = {row.id: row.trouble for row in connection.execute(failing)}
    return tuple(_webhook(row, counts.get(row["id"]), troubles) for row in found)


def receiver_of(book: Book, webhook_id: str) -> Receiver:
    """Return URL and secret of a webhook.

    Raises:
        InputError: there is no such webhook, it was removed, or the secret of this book is not here.
    """
    with book.writing() as connection:
        row = connection.execute(active().where(WEBHOOKS.c.id == webhook_id)).mappings().first()
        if row is None:
            raise _no_webhook(webhook_id)
        return receiver_in(row, secret_of(connection, book.keeper))


def active() -> sa.Select[Any]:
    """Return the query of the webhooks that were not removed."""
    return sa.select(WEBHOOKS, WEBHOOKS.c.id.label("webhook_id")).where(WEBHOOKS.c.removed_at.is_(None))


def _no_webhook(webhook_id: str) -> InputError:
    return InputError(f'there is no webhook "{webhook_id}"; regulars webhooks list shows them')


def receiver_in(row: RowMapping, secret: Secret) -> Receiver:
    """Return the receiver in a row of a query that names its id `webhook_id`.

    Raises:
        InputError: its secret was changed in the book.
    """
    webhook_id = row["webhook_id"]
    both = row["former_secret"] is not None and utc_now() < row["former_until"]
    former = unsealed(secret, row["former_secret"], webhook_id) if both else None
    return Receiver(webhook_id, row["url"], unsealed(secret, row["secret"], webhook_id), row["allow_private"], former)


def _webhook(row: RowMapping, counted: RowMapping | None, troubles: dict[int, str]) -> Webhook:
    facts = (row["id"], row["url"], tuple(json.loads(row["events"])), row["allow_private"], row["created_at"])
    until = row["former_until"]
    former_until = until if until is not None and utc_now() < until else None
    if counted is None:
        return Webhook(*facts, former_until=former_until)
    return Webhook(*facts, counted["waiting"], counted["given_up"], troubles.get(counted["id"]), former_until)
