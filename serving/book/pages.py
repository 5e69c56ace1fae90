"""Published lists page by page, as programs read them: filtered in the database, in a fixed order.

A page continues after the last entry of the page before, in the same list: a list that is published meanwhile does not
mix in, and no entry is missing or comes twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from serving.book.lists import entries_in
from serving.book.runs import Run, run_of
from serving.book.schema import ENTRIES, LISTS, OWNERS, SCORES
from serving.book.sql_rows import latest_row
from serving.book.withdrawals import in_force
from serving.outreach.plan.candidates import KINDS
from serving.outreach.plan.owners import NO_OWNER

_kind_rank = sa.case({kind: rank for rank, kind in enumerate(KINDS)}, value=ENTRIES.c.kind)


@dataclass(frozen=True)
class EntryFilter:
    """Which entries a page holds; None = any.

    Args:
        owner: the account's owner on `today`.
        state: the customer's.
        band: of the probability.
        playbook: its id.
        kind: regular, new or winback.
    """

    owner: str | None = None
    state: str | None = None
    band: str | None = None
    playbook: str | None = None
    kind: str | None = None


@dataclass(frozen=True)
class PageEnd:
    """The last entry of a page: its list, the rank of its kind in KINDS, and its position within that kind."""

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
) -> Page | None:
    """Return a page of the list of a day, or of the list that the page before was of; None where there is no list.

    Args:
        connection: of a reader.
        day: the day of the list itself; None = the latest.
        entry_filter: which entries.
        today: the day whose owners count.
        after: the end of the page before; None for the first page.
        limit: the most entries; None = all.
    """
    facts = connection.execute(_list(day, after)).mappings().first()
    if facts is None:
        return None
    run = run_of(connection, facts["run_id"])
    owner = _owner_on(today)
    query = _query(facts["id"], run, entry_filter, owner, after)
    frame = entries_in(connection, query if limit is None else query.limit(limit + 1), run)
    more = limit is not None and len(frame) > limit
    shown = frame.iloc[:limit] if more else frame
    return Page(facts, run, shown, _page_end(facts["id"], shown) if more else None)


def _list(day: date | None, after: PageEnd | None) -> sa.Select[Any]:
    if after is not None:
        return sa.select(LISTS).where(LISTS.c.id == after.list_id)
    return in_force() if day is None else latest_row(LISTS).where(LISTS.c.as_of == day)


def _owner_on(today: date) -> sa.Subquery:
    since = sa.func.max(OWNERS.c.since).label("since")
    last = sa.select(OWNERS.c.account_id, since).where(OWNERS.c.since <= today).group_by(OWNERS.c.account_id).subquery()
    same = sa.and_(OWNERS.c.account_id == last.c.account_id, OWNERS.c.since == last.c.since)
    return sa.select(OWNERS.c.account_id, OWNERS.c.owner).join(last, same).subquery()


def _query(
    list_id: int, run: Run, entry_filter: EntryFilter, owners: sa.Subquery, after: PageEnd | None
) -> sa.Select[Any]:
    account = sa.func.coalesce(ENTRIES.c.account_id, ENTRIES.c.customer_id)
    owner = sa.func.coalesce(owners.c.owner, ENTRIES.c.owner, NO_OWNER)
    others = (column for column in ENTRIES.c if column.name != "owner")
    facts = (column for column in SCORES.c if column.name not in ("run_id", "customer_id"))
    query = (
        sa.select(*others, owner.label("owner"), *facts)
        .join_from(ENTRIES, SCORES, SCORES.c.customer_id == ENTRIES.c.customer_id)
        .outerjoin(owners, owners.c.account_id == account)
        .where(ENTRIES.c.list_id == list_id, SCORES.c.run_id == run.id)
        .order_by(_kind_rank, ENTRIES.c.position)
    )
    columns = {"owner": owner, "state": SCORES.c.state, "band": SCORES.c.band}
    for name in EntryFilter.__dataclass_fields__:
        if (value := getattr(entry_filter, name)) is not None:
            query = query.where(columns.get(name, ENTRIES.c.get(name)) == value)
    if after is None:
        return query
    behind = sa.and_(_kind_rank == after.kind, ENTRIES.c.position > after.position)
    return query.where(sa.or_(_kind_rank > after.kind, behind))


def _page_end(list_id: int, frame: pd.DataFrame) -> PageEnd:
    last = frame.iloc[-1]
    return PageEnd(list_id, KINDS.index(last["kind"]), int(last["position"]))
