"""`regulars keys`: who may ask over HTTP, for what, and until when."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from features.errors import InputError
from serving.book.keys import Key, all_keys, create_key, revoke_key
from serving.book.sql_rows import utc_now
from serving.shop import OpenShop

SHOWN = ("id", "name", "owner", "created_at", "expires_at", "revoked_at", "last_used_at")


@dataclass(frozen=True)
class CreatedKey:
    """A new key with its text."""

    key: Key
    text: str

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON, the text with it: it is told once."""
        return {**_facts(self.key), "key": self.text}

    def lines(self) -> Iterator[str]:
        """Say it to a person."""
        yield self.text
        yield f"keep it: the book has a hash of it alone. {_line(self.key)}"


@dataclass(frozen=True)
class Keys:
    """The keys of a shop."""

    keys: Sequence[Key]

    def to_dict(self) -> dict[str, Any]:
        """Return them for JSON, without salts and hashes."""
        return {"keys": [_facts(key) for key in self.keys]}

    def lines(self) -> Iterator[str]:
        """Say them to a person, oldest first."""
        yield from (_line(key) for key in self.keys)
        if not self.keys:
            yield "there is no key yet: regulars keys create NAME --role scores"


def make_key(shop: OpenShop, name: str, roles: Sequence[str], owner: str | None, expires: date | None) -> CreatedKey:
    """Make a key.

    Args:
        shop: the open shop.
        name: what it is for.
        roles: what it may do.
        owner: whose accounts alone it sees.
        expires: the first day, in UTC, on which it is refused; None for never.

    Raises:
        InputError: it could never be used, or what it may do makes no sense.
    """
    ends = None if expires is None else datetime(expires.year, expires.month, expires.day, tzinfo=UTC)
    if ends is not None and ends.replace(tzinfo=None) <= utc_now():
        raise InputError(f"a key that expires on {expires} could never be used")
    return CreatedKey(*create_key(shop.book, name, roles, owner, None if ends is None else ends.replace(tzinfo=None)))


def known_keys(shop: OpenShop) -> Keys:
    """Return every key of a shop."""
    with shop.book.reading() as connection:
        return Keys(all_keys(connection))


def take_back(shop: OpenShop, key_id: str) -> Keys:
    """Revoke a key, and return it.

    Raises:
        InputError: there is no such key.
    """
    return Keys([revoke_key(shop.book, key_id)])


def _facts(key: Key) -> dict[str, Any]:
    return {**{name: getattr(key, name) for name in SHOWN}, "roles": sorted(key.roles)}


def _line(key: Key) -> str:
    whose = f", accounts of {key.owner} alone" if key.owner else ""
    used = f"last used {_minute(key.last_used_at)}" if key.last_used_at else "never used"
    ends = f", expires {_minute(key.expires_at)}" if key.expires_at else ""
    gone = f", revoked {_minute(key.revoked_at)}" if key.revoked_at else ""
    return f"{key.id}  {key.name}: {', '.join(sorted(key.roles))}{whose}; {used}{ends}{gone}"


def _minute(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment:%Y-%m-%d %H:%M} UTC"
