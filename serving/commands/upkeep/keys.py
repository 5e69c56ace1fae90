"""`regulars keys`: who may ask over HTTP, for what, and until when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from features.errors import InputError
from serving.book.keys import Key, all_keys, create_key, replace_key, revoke_key
from serving.book.sql_rows import utc_now
from serving.book.visits.links import create_link
from serving.commands.result import WordedResult
from serving.shop import OpenShop

SHOWN = ("id", "name", "owner", "created_at", "expires_at", "revoked_at", "last_used_at")
SERVED_AT = "http://127.0.0.1:3000"  # where `regulars serve` listens, unless told otherwise
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
    key, text = create_key(shop.book, name, roles, owner, _end(expires))
    return WordedResult({**_facts(key), "key": text}, [text, KEEP, f"id: {key.id}", f"{key.name} may: {_may(key)}"])


def make_link(
    shop: OpenShop, name: str | None, roles: Sequence[str], owner: str | None, expires: date | None
) -> WordedResult:
    """Make a person's link to the pages.

    Args:
        shop: the open shop.
        name: who it is; None = the owner.
        roles: none: what a person sees follows from the owner.
        owner: whose accounts alone the person sees; None = everybody's, and the owner's desk.
        expires: the first day, in UTC, on which the person is refused; None for never.

    Raises:
        InputError: nobody is named, roles are, or the person could never come.
    """
    if roles:
        raise InputError("--page takes no --role: with --owner NAME a person sees those accounts, without one all")
    key, secret, until = create_link(shop.book, name or owner or "", owner, _end(expires))
    link = f"{shop.settings.pages.home or f'{SERVED_AT}/pages/'}enter/{secret}"
    whose = f"the accounts of {owner}" if owner else "everybody's accounts, and the owner's desk"
    words = [
        link,
        f"for {key.name} alone: it is shown once, works once, and until {until:{MINUTE}}",
        f"id: {key.id} (regulars keys revoke {key.id} ends all that it began)",
        f"{key.name} sees {whose}",
    ]
    if shop.settings.pages.address is None:
        words.append(f"with another address than {SERVED_AT}, put it in its place, or under [pages] address")
    return WordedResult({**_facts(key), "link": link, "link_expires_at": until}, words)


def _end(expires: date | None) -> datetime | None:
    """Return the start of a day in UTC, as the book has times.

    Raises:
        InputError: it is over.
    """
    if expires is None:
        return None
    ends = datetime(expires.year, expires.month, expires.day, tzinfo=UTC).replace(tzinfo=None)
    if ends <= utc_now():
        raise InputError(f"a key that expires on {expires} could never be used")
    return ends


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
