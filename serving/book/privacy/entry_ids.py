"""Ids of entries: drawn when an account is first listed on a day, so that an id says nothing of whose entry it is.

Every list of that day gives the account's entry the same id. Entries that were published before ids were drawn have got
new ones; their former ids, which were a digest of the account, are aliases, so that sheets that are out find them.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from serving.book.schema import ENTRIES, ENTRY_ALIASES, LISTS
from serving.book.sql_rows import rows_with
from serving.outreach.plan.outreach_list import OutreachList

LETTERS = 12  # of five bits each: among a million entries of a day two are alike once in two million days
# Crockford's letters in place of Base32's: an id is typed from paper, and there are no o, i, l and u to be misread.
_READABLE = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "0123456789abcdefghjkmnpqrstvwxyz")


def drawn_id(as_of: date) -> str:
    """Return a new id of an entry: its day, and twelve letters by chance.

    >>> drawn_id(date(2026, 3, 2))[:9], drawn_id(date(2026, 3, 2)) == drawn_id(date(2026, 3, 2))
    ('20260302-', False)
    """
    letters = base64.b32encode(secrets.token_bytes(8)).decode()[:LETTERS]
    return f"{as_of:%Y%m%d}-{letters.translate(_READABLE)}"


def derived_id(as_of: date, account_id: str) -> str:
    """Return the id that an entry had before ids were drawn: whoever guesses the account finds it.

    >>> derived_id(date(2026, 3, 2), "ann")
    '20260302-49915e0d7d4b'
    """
    return f"{as_of:%Y%m%d}-{_tail(account_id)}"


def with_entry_ids(connection: Connection, outreach: OutreachList) -> OutreachList:
    """Return a list whose entries have ids: of the book where a list of that day holds their account, else drawn ones.

    Args:
        connection: of the writer that publishes the list.
        outreach: the list as it was planned.
    """
    account = sa.func.coalesce(ENTRIES.c.account_id, ENTRIES.c.customer_id)
    query = sa.select(account, ENTRIES.c.entry_id).join_from(ENTRIES, LISTS).where(LISTS.c.as_of == outreach.as_of)
    known = {who: entry_id for who, entry_id in connection.execute(query.order_by(LISTS.c.id)) if entry_id}
    return outreach.with_groups(lambda frame: _with_ids(frame, known, outreach.as_of))


def _with_ids(entries: pd.DataFrame, known: Mapping[str, str], as_of: date) -> pd.DataFrame:
    if "entry_id" not in entries:  # a list that was planned without this column
        return entries
    ids = [known.get(who) or drawn_id(as_of) for who in entries["account_id"]]
    return entries.assign(entry_id=pd.Series(ids, entries.index, dtype=object))


def ids_by_alias(connection: Connection, entry_ids: Collection[str]) -> dict[str, str]:
    """Return alias → id of the entry, of those ids that are aliases."""
    query = sa.select(ENTRY_ALIASES)
    return {row["alias"]: row["entry_id"] for row in rows_with(connection, query, ENTRY_ALIASES.c.alias, entry_ids)}


def forget_aliases(connection: Connection, account_id: str) -> int:
    """Delete the aliases that were made of an account, and those whose entry is gone, and return how many they were."""
    of_account = ENTRY_ALIASES.c.alias.like(f"%-{_tail(account_id)}")
    entry_there = sa.exists().where(ENTRIES.c.entry_id == ENTRY_ALIASES.c.entry_id)
    return connection.execute(sa.delete(ENTRY_ALIASES).where(sa.or_(of_account, ~entry_there))).rowcount


def with_current_ids(rows: Iterable[Any], entries: Mapping[str, Mapping[Any, Any]]) -> list[Any]:
    """Return reports with the ids that their entries have now, whatever alias they were sent with.

    Args:
        rows: frozen objects with an `entry_id`, or None for none.
        entries: from `entries_of`.
    """
    return [row if row.entry_id is None else replace(row, entry_id=entries[row.entry_id]["entry_id"]) for row in rows]


def _tail(account_id: str) -> str:
    return hashlib.sha256(account_id.encode("utf-8", "surrogatepass")).hexdigest()[:12]
