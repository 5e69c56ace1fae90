"""`regulars keys`: who may ask over HTTP, for what, and until when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from features.errors import InputError
from serving.book.keys import Key, all_keys, create_key, replace_key, revoke_key
from serving.book.sql_rows import utc_now
from serving.commands.result import WordedResult
from serving.shop import OpenShop

SHOWN = ("id", "name", "owner", "created_at", "expires_at", "revoked_at", "last_used_at")
MINUTE = "%Y-%m-%d %H:%M UTC"
KEEP = "keep this key: it is shown once, and the book has a hash of it alone"


def make_key(shop: OpenShop, name: str, roles: Sequence[str], owner: str | None, expires: date | None) -> WordedResult:
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
    key, text = create_key(shop.book, name, roles, owner, None if ends is None else ends.replace(tzinfo=None))
    return WordedResult({**_facts(key), "key": text}, [text, KEEP, f"id: {key.id}", f"{key.name} may: {_may(key)}"])


def replace(shop: OpenShop, key_id: str, overlap_hours: int) -> WordedResult:
    """Make a key that may do the same as another one, which is refused after a while.

    Args:
        shop: the open shop.
        key_id: of the former key.
        overlap_hours: how long it holds beside the new one.

    Raises:
        InputError: there is no such key, or it holds no more.
    """
    key, former, text = replace_key(shop.book, key_id, timedelta(hours=overlap_hours))
    ends = f"{former.id} is refused from {former.expires_at:{MINUTE}} on"
    words = [text, KEEP, f"id: {key.id}", f"{key.name} may: {_may(key)}", ends]
    return WordedResult({**_facts(key), "key": text, "former": _facts(former)}, words)


def list_keys(shop: OpenShop) -> WordedResult:
    """Return every key of a shop, oldest first, without salts and hashes."""
    with shop.book.reading() as connection:
        return _listed(all_keys(connection))


def revoke(shop: OpenShop, key_id: str) -> WordedResult:
    """Revoke a key, and return it.

    Raises:
        InputError: there is no such key.
    """
    return _listed([revoke_key(shop.book, key_id)])


def _listed(keys: Sequence[Key]) -> WordedResult:
    words = [_line(key) for key in keys] or ["there is no key yet: regulars keys create NAME --role scores"]
    return WordedResult({"keys": [_facts(key) for key in keys]}, words)


def _facts(key: Key) -> dict[str, Any]:
    return {**{name: getattr(key, name) for name in SHOWN}, "roles": sorted(key.roles)}


def _line(key: Key) -> str:
    used = f"last used {key.last_used_at:{MINUTE}}" if key.last_used_at else "never used"
    gone = f"; revoked {key.revoked_at:{MINUTE}}" if key.revoked_at else ""
    return f"{key.id}  {key.name}: {_may(key)}; {used}{gone}"


def _may(key: Key) -> str:
    whose = f", accounts of {key.owner} alone" if key.owner else ""
    ends = f"; expires {key.expires_at:{MINUTE}}" if key.expires_at else ""
    return f"{', '.join(sorted(key.roles))}{whose}{ends}"
