"""Published lists page by page, as programs read them: filtered in the database, in a fixed order.

A page continues after the last entry of the page before, in the same list: a list that is published meanwhile does not
mix in, and no entry is missing or comes twice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from serving.book.lists import entries_in
from serving.book.people.owned import owners_of
from serving.book.runs import Run, run_of
from serving.book.schema import ENTRIES, LISTS, SCORES
from serving.book.sql_rows import IDS_PER_QUERY, batches, frame_of, latest_row
from serving.book.withdrawals import in_force
from serving.outreach.plan.accounts import Accounts
from serving.outreach.plan.candidates import LISTED_KINDS
from serving.outreach.plan.owners import NO_OWNER

LISTED_NAMES = ("customer_id", "account_id", "owner")
Owners = Callable[[pd.DataFrame], list[str]]  # whose entries in LISTED_NAMES are today
kind_rank = sa.case({kind: rank for rank, kind in enumerate(LISTED_KINDS)}, value=ENTRIES.c.kind)


@dataclass(frozen=True)
class EntryFilter:
    """Which entries a page holds; None = any.

    Args:
        owner: the account's owner on `today`.
        state: the customer's.
        band: of the probability.
        playbook: its id.
        kind: regular, new, winback, reminder or shrunk.
    """

    owner: str | None = None
    state: str | None = None
    band: str | None = None
    playbook: str | None = None
    kind: str | None = None


@dataclass(frozen=True)
class PageEnd:
    """The last entry of a page: its list, the rank of its kind in LISTED_KINDS, and its position within that kind."""

    list_id: int
    kind: int
    position: int


@dataclass(frozen=True, eq=False)
class Page:
    """One page of a list.

    Args:
        facts: the row of LISTS.
        run: the scores behind it.
        entries: a frame in ENTRY_NAMES, `owner` as of today.
        after: the end of this page, for the next one; None on the last page.
    """

    facts: RowMapping
    run: Run
    entries: pd.DataFrame
    after: PageEnd | None


def page_of(
    connection: Connection,
    day: date | None,
    entry_filter: EntryFilter,
    today: date,
    after: PageEnd | None,
    limit: int | None,
    accounts: Accounts | None = None,
) -> Page | None:
    """Return a page of the list of a day, or of the list that the page before was of; None where there is no list.

    Args:
        connection: of a reader.
        day: the day of the list itself; None = the latest.
        entry_filter: which entries.
        today: the day whose owners count.
        after: the end of the page before; None for the first page.
        limit: the most entries; None = all.
        accounts: who belongs to which account today; None = as the list has it.
    """
    facts = connection.execute(_list(day, after)).mappings().first()
    if facts is None:
        return None
    run = run_of(connection, facts["run_id"])
    most, owners = None if limit is None else limit + 1, partial(_owners, connection, today, accounts)
    where = _where(facts["id"], run, entry_filter, after)
    if entry_filter.owner is None:
        frame = entries_in(connection, _whole(where).limit(most), run)
    else:
        frame = _of_owner(connection, where, run, owners, entry_filter.owner, most)
    frame = frame.assign(owner=pd.Series(owners(frame), frame.index, dtype=object))
    more = limit is not None and len(frame) > limit
    shown = frame.iloc[:limit] if more else frame
    return Page(facts, run, shown, _page_end(facts["id"], shown) if more else None)


def _list(day: date | None, after: PageEnd | None) -> sa.Select[Any]:
    if after is not None:
        return sa.select(LISTS).where(LISTS.c.id == after.list_id)
    return in_force() if day is None else latest_row(LISTS).where(LISTS.c.as_of == day)


def _where(list_id: int, run: Run, entry_filter: EntryFilter, after: PageEnd | None) -> sa.Select[Any]:
    """Return the query of whose entries a page is made of, before anybody is asked whose they are today."""
    query = (
        sa.select(*(ENTRIES.c[name] for name in LISTED_NAMES))
        .join_from(ENTRIES, SCORES, SCORES.c.customer_id == ENTRIES.c.customer_id)
        .where(ENTRIES.c.list_id == list_id, SCORES.c.run_id == run.id)
        .order_by(kind_rank, ENTRIES.c.position)
    )
    columns = {"state": SCORES.c.state, "band": SCORES.c.band}
    for name in (each for each in EntryFilter.__dataclass_fields__ if each != "owner"):
        if (value := getattr(entry_filter, name)) is not None:
            query = query.where(columns.get(name, ENTRIES.c.get(name)) == value)
    if after is None:
        return query
    behind = sa.and_(kind_rank == after.kind, ENTRIES.c.position > after.position)
    return query.where(sa.or_(kind_rank > after.kind, behind))


def _whole(where: sa.Select[Any]) -> sa.Select[Any]:
    facts = (column for column in SCORES.c if column.name not in ("run_id", "customer_id"))
    return where.with_only_columns(*ENTRIES.c, *facts)


def _of_owner(
    connection: Connection, where: sa.Select[Any], run: Run, owners: Owners, owner: str, most: int | None
) -> pd.DataFrame:
    """Return the first entries that are an owner's today: whose each is depends on all customers of its account."""
    listed = frame_of(connection, where)
    own = [who for who, its in zip(listed["customer_id"], owners(listed), strict=True) if its == owner][:most]
    parts = [
        entries_in(connection, _whole(where).where(ENTRIES.c.customer_id.in_(batch)), run)
        for batch in batches(own, IDS_PER_QUERY)
    ]
    return pd.concat(parts, ignore_index=True) if parts else entries_in(connection, _whole(where).limit(0), run)


def _owners(connection: Connection, today: date, accounts: Accounts | None, listed: pd.DataFrame) -> list[str]:
    """Return whose each entry is: as the book keeps it for its customer's account of today, else as it was listed."""
    now = _accounts_of(listed, accounts)
    kept = owners_of(connection, listed["customer_id"], today, now)
    pairs = zip(listed["customer_id"], listed["owner"], strict=True)
    return [kept.get(now.of(who)) or owner or NO_OWNER for who, owner in pairs]


def _accounts_of(listed: pd.DataFrame, accounts: Accounts | None) -> Accounts:
    """Return today's accounts, and for customers whom nobody knows today those of the list."""
    known = accounts or Accounts({})
    pairs = zip(listed["customer_id"], listed["account_id"], strict=True)
    gone = {who: account or who for who, account in pairs if who not in known.known and who not in known.parent}
    if not gone:
        return known
    parent = {who: account for who, account in gone.items() if account != who}
    return Accounts({**known.parent, **parent}, known.known | gone.keys())


def _page_end(list_id: int, frame: pd.DataFrame) -> PageEnd:
    last = frame.iloc[-1]
    return PageEnd(list_id, LISTED_KINDS.index(last["kind"]), int(last["position"]))
