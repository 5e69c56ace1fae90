"""Published lists page by page, as programs read them: filtered in the database, in an order that never moves.

A page continues behind the last entry of the one before, in the very list that it began with: a list that is published
meanwhile does not mix in, and nothing is left out or comes twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from serving.book.lists import NEW, REGULAR, WINBACK, entries_in
from serving.book.runs import Run, run_of
from serving.book.schema import ENTRIES, LISTS, OWNERS, SCORES
from serving.book.sql_rows import latest
from serving.outreach.plan.owners import NO_OWNER

KINDS = (REGULAR, NEW, WINBACK)
_place_of_kind = sa.case({kind: place for place, kind in enumerate(KINDS)}, value=ENTRIES.c.kind)


@dataclass(frozen=True)
class Wanted:
    """Which entries are asked for; None = any.

    Args:
        owner: whose account it is on `today`.
        state: of the customer.
        band: of the probability.
        playbook: what to do.
        kind: regular, new or winback.
    """

    owner: str | None = None
    state: str | None = None
    band: str | None = None
    playbook: str | None = None
    kind: str | None = None


@dataclass(frozen=True)
class Place:
    """The last entry of a page: its list, the place of its kind in KINDS, and its position."""

    list_id: int
    kind: int
    position: int


@dataclass(frozen=True, eq=False)
class Page:
    """A part of a list.

    Args:
        facts: the row of LISTS.
        run: the scores behind it.
        entries: in ENTRY_NAMES, `owner` as it is today.
        after: where the next page begins; None at the end.
    """

    facts: RowMapping
    run: Run
    entries: pd.DataFrame
    after: Place | None


def page_of(
    connection: Connection, day: date | None, wanted: Wanted, today: date, after: Place | None, limit: int | None
) -> Page | None:
    """Return a page of the list that held on a day, or of the one that a former page was of; None where there is none.

    Args:
        connection: of a reader.
        day: the day of the list itself; None = the latest.
        wanted: which entries.
        today: hand-overs until this day count.
        after: the former page's `after`.
        limit: entries; None = all.
    """
    facts = connection.execute(_list(day, after)).mappings().first()
    if facts is None:
        return None
    run = run_of(connection, facts["run_id"])
    owner = _owner_on(today)
    query = _asked(facts["id"], run, wanted, owner, after)
    frame = entries_in(connection, query if limit is None else query.limit(limit + 1), run)
    more = limit is not None and len(frame) > limit
    kept = frame.iloc[:limit] if more else frame
    return Page(facts, run, kept, _place(facts["id"], kept) if more else None)


def _list(day: date | None, after: Place | None) -> sa.Select[Any]:
    if after is not None:
        return sa.select(LISTS).where(LISTS.c.id == after.list_id)
    return latest(LISTS) if day is None else latest(LISTS).where(LISTS.c.as_of == day)


def _owner_on(today: date) -> sa.Subquery:
    since = sa.func.max(OWNERS.c.since).label("since")
    last = sa.select(OWNERS.c.account_id, since).where(OWNERS.c.since <= today).group_by(OWNERS.c.account_id).subquery()
    same = sa.and_(OWNERS.c.account_id == last.c.account_id, OWNERS.c.since == last.c.since)
    return sa.select(OWNERS.c.account_id, OWNERS.c.owner).join(last, same).subquery()


def _asked(list_id: int, run: Run, wanted: Wanted, owners: sa.Subquery, after: Place | None) -> sa.Select[Any]:
    account = sa.func.coalesce(ENTRIES.c.account_id, ENTRIES.c.customer_id)
    owner = sa.func.coalesce(owners.c.owner, ENTRIES.c.owner, NO_OWNER)
    others = (column for column in ENTRIES.c if column.name != "owner")
    facts = (column for column in SCORES.c if column.name not in ("run_id", "customer_id"))
    query = (
        sa.select(*others, owner.label("owner"), *facts)
        .join_from(ENTRIES, SCORES, SCORES.c.customer_id == ENTRIES.c.customer_id)
        .outerjoin(owners, owners.c.account_id == account)
        .where(ENTRIES.c.list_id == list_id, SCORES.c.run_id == run.id)
        .order_by(_place_of_kind, ENTRIES.c.position)
    )
    columns = {"owner": owner, "state": SCORES.c.state, "band": SCORES.c.band}
    for name in Wanted.__dataclass_fields__:
        if (value := getattr(wanted, name)) is not None:
            query = query.where(columns.get(name, ENTRIES.c.get(name)) == value)
    if after is None:
        return query
    behind = sa.and_(_place_of_kind == after.kind, ENTRIES.c.position > after.position)
    return query.where(sa.or_(_place_of_kind > after.kind, behind))


def _place(list_id: int, frame: pd.DataFrame) -> Place:
    last = frame.iloc[-1]
    return Place(list_id, KINDS.index(last["kind"]), int(last["position"]))
