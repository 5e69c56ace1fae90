"""Sessions of the pages, in the book so that every worker knows them: each ends with its person's key.

The cookie holds 256 random bits and the book a hash of them: whoever reads the book cannot open a page.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from serving.book.book import Book
from serving.book.schema import KEYS, SESSIONS
from serving.book.sql_rows import digest, utc_now
from serving.book.visits.links import LONGEST_TOKEN, token, use_link

SEEN_EVERY = timedelta(hours=1)  # so often a session that goes on is written


@dataclass(frozen=True)
class Session:
    """A session that holds.

    Args:
        key_id: of its person.
        name: of the person.
        owner: whose accounts alone it shows; None = everybody's.
        seen_at: when it was used last, accurate to an hour, in UTC.
    """

    key_id: str
    name: str
    owner: str | None
    seen_at: datetime


def begin_session(book: Book, link: str, days: int, former: str | None = None) -> str | None:
    """Use a link up and return the new session's secret; None where the link lets nobody in.

    Args:
        book: the database of record.
        link: the link's secret.
        days: a session ends after so many days without a visit.
        former: the secret of the session that the browser had before; it ends.
    """
    with book.writing() as connection:
        key_id = use_link(connection, link)
        if key_id is None:
            return None
        if former is not None:
            connection.execute(_ended(former))
        secret, now = token(), utc_now()
        facts = {"hash": digest(secret), "key_id": key_id, "created_at": now, "seen_at": now}
        connection.execute(sa.insert(SESSIONS).values(facts | {"expires_at": now + timedelta(days=days)}))
    return secret


def session_of(book: Book, secret: str) -> Session | None:
    """Return the session of a cookie; None where it is unknown, over, or its person's key holds no more."""
    now = utc_now()
    open_ = sa.and_(SESSIONS.c.ended_at.is_(None), SESSIONS.c.expires_at > now)
    holds = sa.and_(KEYS.c.revoked_at.is_(None), sa.or_(KEYS.c.expires_at.is_(None), KEYS.c.expires_at > now))
    facts = (SESSIONS.c.key_id, KEYS.c.name, KEYS.c.owner, SESSIONS.c.seen_at)
    query = sa.select(*facts).join_from(SESSIONS, KEYS).where(SESSIONS.c.hash == _hash(secret), open_, holds)
    with book.reading() as connection:
        row = connection.execute(query).mappings().first()
    return None if row is None else Session(**row)


def go_on(book: Book, secret: str, session: Session, days: int) -> None:
    """Let a session that is used last longer; written once an hour.

    Args:
        book: the database of record.
        secret: of its cookie.
        session: as it was read.
        days: it ends after so many days without a visit.
    """
    now = utc_now()
    if now - session.seen_at < SEEN_EVERY:
        return
    facts = {"seen_at": now, "expires_at": now + timedelta(days=days)}
    with book.writing() as connection:
        of_it = sa.and_(SESSIONS.c.hash == _hash(secret), SESSIONS.c.ended_at.is_(None))
        connection.execute(sa.update(SESSIONS).where(of_it).values(facts))
        connection.execute(sa.update(KEYS).where(KEYS.c.id == session.key_id).values(last_used_at=now))


def end_session(book: Book, secret: str) -> None:
    """End a session: its person logs out."""
    with book.writing() as connection:
        connection.execute(_ended(secret))


def _ended(secret: str) -> sa.Update:
    of_it = sa.and_(SESSIONS.c.hash == _hash(secret), SESSIONS.c.ended_at.is_(None))
    return sa.update(SESSIONS).where(of_it).values(ended_at=utc_now())


def _hash(secret: str) -> str:
    return digest(secret[:LONGEST_TOKEN])
