"""API keys: each is made once and shown once, and the book keeps only a salted hash of it.

A key reads `reg_<id>_<secret>`. The id may be shown and logged. The secret has 256 random bits, so one round of SHA-256
over salt and secret is enough: a slow hash protects passwords that people choose, and would cost every request.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal, get_args

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from features.errors import InputError, suggest
from serving.book.book import Book
from serving.book.schema import KEYS
from serving.book.sql_rows import utc_now

Role = Literal["scores", "lists", "outcomes", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)
PAGES_ROLE = "pages"  # of people: they open the pages by a link, and nothing over HTTP besides
PREFIX = "reg"
LONGEST_KEY = 128


@dataclass(frozen=True)
class Key:
    """A key as the book stores it; times are in UTC.

    Args:
        id: the part that may be shown.
        name: its purpose.
        roles: what it may do; `admin` may do everything.
        owner: the only owner whose accounts it sees; None for all owners.
        salt: in hexadecimal.
        hash: of salt and secret, in hexadecimal.
        created_at: when it was made.
        expires_at: refused from then on; None for never.
        revoked_at: refused since then.
        last_used_at: accurate to about a minute.
    """

    id: str
    name: str
    roles: frozenset[str]
    owner: str | None
    salt: str
    hash: str
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None

    def holds(self, now: datetime) -> bool:
        """Return whether the key is neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)

    def may(self, roles: Collection[str]) -> bool:
        """Return whether the key has one of the roles."""
        return "admin" in self.roles or not self.roles.isdisjoint(roles)


def create_key(
    book: Book, name: str, roles: Sequence[str], owner: str | None = None, expires_at: datetime | None = None
) -> tuple[Key, str]:
    """Make a key and return it with its text, which cannot be shown again.

    Args:
        book: the database of record.
        name: its purpose.
        roles: of ROLES, at least one.
        owner: the only owner whose accounts it sees; not with `admin`, whose changes concern everyone.
        expires_at: in UTC, without zone.

    Raises:
        InputError: no name, an unknown role, or `admin` with an owner.
    """
    _check(name, roles, owner)
    key, text = make_key(name, roles, owner, expires_at)
    with book.writing() as connection:
        insert_key(connection, key)
    return key, text


def make_key(name: str, roles: Sequence[str], owner: str | None, expires_at: datetime | None) -> tuple[Key, str]:
    """Return a key that is not in the book yet, with its text."""
    secret, salt, id_ = secrets.token_urlsafe(32), secrets.token_hex(16), secrets.token_hex(6)
    key = Key(id_, name.strip(), frozenset(roles), owner, salt, hashed(salt, secret), utc_now(), expires_at)
    return key, f"{PREFIX}_{id_}_{secret}"


def insert_key(connection: Connection, key: Key) -> None:
    """Write a new key."""
    row = {column.name: getattr(key, column.name) for column in KEYS.c}
    connection.execute(sa.insert(KEYS).values(row | {"roles": json.dumps(sorted(key.roles))}))


def replace_key(book: Book, key_id: str, overlap: timedelta) -> tuple[Key, Key, str]:
    """Make a key that may do what another one may, let that one expire, and return both with the new one's text.

    Args:
        book: the database of record.
        key_id: of the former key; its own end stays where it comes sooner.
        overlap: how long the former one holds.

    Raises:
        InputError: there is no such key, or it holds no more.
    """
    now = utc_now()
    with book.writing() as connection:
        row = connection.execute(sa.select(KEYS).where(KEYS.c.id == key_id)).mappings().first()
        if row is None:
            raise _no_key(key_id)
        former = _key(row)
        if PAGES_ROLE in former.roles:
            raise InputError("this is a person's: regulars keys create --page makes another link")
        if not former.holds(now):
            raise InputError(f'the key "{key_id}" holds no more: regulars keys create makes another one')
        new, text = make_key(former.name, sorted(former.roles), former.owner, former.expires_at)
        ends = min(former.expires_at or datetime.max, now + overlap)  # noqa: DTZ901 — as the book has times
        connection.execute(sa.update(KEYS).where(KEYS.c.id == key_id).values(expires_at=ends))
        insert_key(connection, new)
    return new, replace(former, expires_at=ends), text


def revoke_key(book: Book, key_id: str) -> Key:
    """Revoke a key; one that was revoked before keeps its time.

    Raises:
        InputError: there is no such key.
    """
    with book.writing() as connection:
        changed = sa.update(KEYS).where(KEYS.c.id == key_id, KEYS.c.revoked_at.is_(None)).values(revoked_at=utc_now())
        connection.execute(changed)
        row = connection.execute(sa.select(KEYS).where(KEYS.c.id == key_id)).mappings().first()
    if row is None:
        raise _no_key(key_id)
    return _key(row)


def _no_key(key_id: str) -> InputError:
    return InputError(f'there is no key "{key_id}": regulars keys list shows the ids')


def all_keys(connection: Connection) -> tuple[Key, ...]:
    """Return every key, oldest first."""
    return tuple(map(_key, connection.execute(sa.select(KEYS).order_by(KEYS.c.created_at, KEYS.c.id)).mappings()))


def record_use(book: Book, used: Iterable[tuple[str, datetime]]) -> None:
    """Record when keys were last used, in one transaction."""
    rows = [{"key_id": key_id, "at": at} for key_id, at in used]
    if rows:
        query = sa.update(KEYS).where(KEYS.c.id == sa.bindparam("key_id")).values(last_used_at=sa.bindparam("at"))
        with book.writing() as connection:
            connection.execute(query, rows)


def split_key(text: str) -> tuple[str, str] | None:
    """Return id and secret of a key's text; None for any other text.

    >>> split_key("reg_0f3a_s_e"), split_key("secret")
    (('0f3a', 's_e'), None)
    """
    prefix, _, rest = text.partition("_")
    key_id, _, secret = rest.partition("_")
    return (key_id, secret) if prefix == PREFIX and key_id and secret and len(text) <= LONGEST_KEY else None


def hashed(salt: str, secret: str) -> str:
    """Return the hash of a secret, in hexadecimal."""
    return hashlib.sha256(f"{salt}:{secret}".encode("utf-8", "surrogatepass")).hexdigest()


def matches(key: Key, secret: str) -> bool:
    """Return whether a secret is the key's, in a time that does not depend on how much of it is right."""
    return hmac.compare_digest(key.hash, hashed(key.salt, secret))


def _check(name: str, roles: Sequence[str], owner: str | None) -> None:
    if not name.strip():
        raise InputError("a key has a name: what it is for")
    for role in roles:
        if role not in ROLES:
            raise InputError(f'"{role}" is not a role; known are {", ".join(ROLES)}.{suggest(role, ROLES)}')
    if not roles:
        raise InputError(f"a key has at least one role of {', '.join(ROLES)}")
    if owner is not None and ("admin" in roles or not owner.strip()):
        raise InputError("an owner's key cannot be admin: that role changes what concerns everyone")


def _key(row: RowMapping) -> Key:
    facts = {name: row[name] for name in Key.__dataclass_fields__}
    return Key(**{**facts, "roles": frozenset(json.loads(row["roles"]))})
