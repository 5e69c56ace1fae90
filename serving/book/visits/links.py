"""Personal links to the pages: each is made for one person, shown once, and used once.

A person is a key of the role `pages`, whose own secret nobody ever learns: it opens the pages by its link and nothing
over HTTP besides. A link holds 256 random bits, so one round of SHA-256 is enough.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from features.errors import InputError
from serving.book.book import Book
from serving.book.keys import PAGES_ROLE, Key, insert_key, make_key
from serving.book.schema import KEYS, LINKS
from serving.book.sql_rows import digest, utc_now

LINK_DAYS = 7
LONGEST_TOKEN = 64


def token() -> str:
    """Return 256 random bits as a text that an address can hold."""
    return secrets.token_urlsafe(32)


def create_link(
    book: Book, name: str, owner: str | None = None, expires_at: datetime | None = None
) -> tuple[Key, str, datetime]:
    """Make a person who may open the pages, and a link that lets them in once.

    Args:
        book: the database of record.
        name: who it is; recorded with what they do.
        owner: whose accounts alone they see; None = everybody's, and the owner's desk.
        expires_at: from when on they are refused, in UTC without zone; None = never.

    Returns:
        The person's key, the secret part of the link, and when the link ends if nobody uses it, in UTC.

    Raises:
        InputError: a person or an owner without a name.
    """
    if not name.strip() or (owner is not None and not owner.strip()):
        raise InputError("a link is somebody's: name them, with --owner NAME for the accounts of one owner")
    roles = [PAGES_ROLE] if owner is not None else [PAGES_ROLE, "admin"]
    key, _ = make_key(name, roles, owner, expires_at)
    secret, now = token(), utc_now()
    ends = now + timedelta(days=LINK_DAYS)
    with book.writing() as connection:
        insert_key(connection, key)
        row = {"hash": digest(secret), "key_id": key.id, "created_at": now, "expires_at": ends}
        connection.execute(sa.insert(LINKS).values(row))
    return key, secret, ends


def link_holds(book: Book, secret: str) -> bool:
    """Return whether a link can still be used."""
    with book.reading() as connection:
        return connection.scalar(_usable(secret)) is not None


def use_link(connection: sa.Connection, secret: str) -> str | None:
    """Use a link up, and return the id of its person's key; None where it is unknown, used, too old or revoked.

    Args:
        connection: of the writer that begins the session.
        secret: as the address had it.
    """
    key_id: Any = connection.scalar(_usable(secret))
    if key_id is not None:
        connection.execute(sa.update(LINKS).where(LINKS.c.hash == digest(secret)).values(used_at=utc_now()))
    return None if key_id is None else str(key_id)


def _usable(secret: str) -> sa.Select[Any]:
    now = utc_now()
    fresh = sa.and_(LINKS.c.hash == digest(secret[:LONGEST_TOKEN]), LINKS.c.used_at.is_(None), LINKS.c.expires_at > now)
    holds = sa.and_(KEYS.c.revoked_at.is_(None), sa.or_(KEYS.c.expires_at.is_(None), KEYS.c.expires_at > now))
    return sa.select(LINKS.c.key_id).join_from(LINKS, KEYS).where(fresh, holds)
