"""Lists that were published wrongly and taken back: their entries are closed, and their part of the trial is void.

An entry that somebody has acted on stays as it is: what happened, happened. Draws stay too, or the lot could be cast
until it pleases. An episode is void where its owner had acted on no entry of the list: then nobody was treated there.
Both arms have owners, so both lose the same accounts, and the next list watches them anew. Where an owner had begun,
the whole of that owner's part stays, contacted or not, by intention to treat: who was called first is not chance.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from features.errors import InputError
from serving.book.schema import CONTACTS, DRAWN, ENTRIES, EPISODES, LISTS, OUTCOMES
from serving.book.sql_rows import batches, latest_row, utc_now

IDS_AT_ONCE = 500
SHOWN_DAYS = 5


@dataclass(frozen=True)
class Withdrawal:
    """A list that was taken back.

    Args:
        as_of: its day.
        at: when it was taken back, UTC.
        by: who decided.
        why: for what reason.
        list_ids: every list of that day; the last one was in force.
        closed: entries that nobody had acted on.
        kept: entries with a contact or an outcome, which stay as they are.
        voided: episodes that are no longer watched, of both arms.
        holds: the day of the list that is in force now; None = there is none.
        is_new: whether it was taken back now, not before.
    """

    as_of: date
    at: datetime
    by: str
    why: str
    list_ids: Sequence[int]
    closed: int
    kept: int
    voided: int
    holds: date | None
    is_new: bool


def in_force() -> sa.Select[Any]:
    """Return the query of the list in force: the current row of those that were not taken back."""
    return latest_row(LISTS).where(LISTS.c.withdrawn_at.is_(None))


def standing_entries(connection: Connection, before: date) -> sa.ColumnElement[bool]:
    """Return which entries stand before a day: of the list in force, and those acted on of lists taken back since."""
    last = connection.execute(in_force().where(LISTS.c.as_of < before)).first()
    taken_back = sa.select(LISTS.c.id).where(LISTS.c.withdrawn_at.is_not(None), LISTS.c.as_of < before)
    if last is not None:
        taken_back = taken_back.where(LISTS.c.as_of > last.as_of)
    acted_on = sa.and_(ENTRIES.c.closed_at.is_(None), ENTRIES.c.list_id.in_(taken_back))
    return acted_on if last is None else sa.or_(ENTRIES.c.list_id == last.id, acted_on)


def withdraw(connection: Connection, as_of: date, by: str, why: str) -> Withdrawal:
    """Take back every list of a day; one that was taken back before stays as it is.

    Args:
        connection: of a writer.
        as_of: the day of the list.
        by: who decides.
        why: for what reason.

    Raises:
        InputError: there is no list of that day, or nobody says who and why.
    """
    if not (by.strip() and why.strip()):
        raise InputError("who takes the list back, and for what reason? Both are needed: by and why")
    rows = connection.execute(sa.select(LISTS).where(LISTS.c.as_of == as_of).order_by(LISTS.c.id)).mappings().all()
    if not rows:
        raise InputError(f"there is no list of {as_of}{_known_days(connection)}")
    open_ids = [int(row["id"]) for row in rows if row["withdrawn_at"] is None]
    if open_ids:
        _close(connection, open_ids, as_of, {"withdrawn_by": by.strip(), "withdrawn_why": why.strip()})
    return _recorded(connection, as_of, is_new=bool(open_ids))


def taken_back_since(connection: Connection, as_of: date) -> list[dict[str, Any]]:
    """Return the lists that were taken back since the list in force before a day: as_of, withdrawn_at, by and why."""
    facts = (LISTS.c.withdrawn_by.label("by"), LISTS.c.withdrawn_why.label("why"))
    last = sa.func.max(LISTS.c.withdrawn_at).label("withdrawn_at")
    query = sa.select(LISTS.c.as_of, last, *facts).where(LISTS.c.withdrawn_at.is_not(None), LISTS.c.as_of <= as_of)
    held = connection.execute(in_force().where(LISTS.c.as_of < as_of)).first()
    since = query if held is None else query.where(LISTS.c.as_of > held.as_of)
    rows = connection.execute(since.group_by(LISTS.c.as_of, *facts).order_by(LISTS.c.as_of))
    return [dict(row) for row in rows.mappings()]


def _close(connection: Connection, list_ids: Sequence[int], as_of: date, facts: dict[str, Any]) -> None:
    now, acted_on = utc_now(), _acted_on(connection, list_ids, as_of)
    of_list = ENTRIES.c.list_id.in_(list_ids)
    begun = set(connection.scalars(sa.select(ENTRIES.c.owner).where(of_list, _among(ENTRIES.c.customer_id, acted_on))))
    closing = sa.update(ENTRIES).values(closed_at=now)
    connection.execute(closing.where(of_list, sa.not_(_among(ENTRIES.c.customer_id, acted_on))))
    untouched = sa.and_(EPISODES.c.list_id.in_(list_ids), EPISODES.c.owner.not_in(begun))
    connection.execute(sa.update(EPISODES).where(untouched).values(voided_at=now))
    # Who was only kept off with others was kept off by this list; the draws of the lot stay.
    connection.execute(sa.delete(DRAWN).where(DRAWN.c.since == as_of, DRAWN.c.until.is_not(None)))
    connection.execute(sa.update(LISTS).where(LISTS.c.id.in_(list_ids)).values(withdrawn_at=now, **facts))


def _acted_on(connection: Connection, list_ids: Sequence[int], as_of: date) -> set[str]:
    """Return the customers of entries with an outcome, or with a contact since: for the entry, or on one's own."""
    entries = sa.select(ENTRIES.c.customer_id).where(ENTRIES.c.list_id.in_(list_ids))
    ways = (
        sa.exists().where(OUTCOMES.c.entry_id == ENTRIES.c.entry_id),
        sa.exists().where(CONTACTS.c.entry_id == ENTRIES.c.entry_id),
        sa.exists().where(CONTACTS.c.customer_id == ENTRIES.c.customer_id, CONTACTS.c.contacted_on >= as_of),
    )
    return {who for way in ways for who in connection.scalars(entries.where(way))}


def _among(column: sa.Column[str], ids: Collection[str]) -> sa.ColumnElement[bool]:
    parts = [column.in_(batch) for batch in batches(sorted(ids), IDS_AT_ONCE)]
    return sa.or_(sa.false(), *parts)


def _recorded(connection: Connection, as_of: date, *, is_new: bool) -> Withdrawal:
    rows = connection.execute(sa.select(LISTS).where(LISTS.c.as_of == as_of).order_by(LISTS.c.id)).mappings().all()
    last, ids = rows[-1], [int(row["id"]) for row in rows]
    of_last = ENTRIES.c.list_id == ids[-1]
    held = connection.execute(in_force()).first()
    return Withdrawal(
        as_of=as_of,
        at=last["withdrawn_at"],
        by=last["withdrawn_by"],
        why=last["withdrawn_why"],
        list_ids=ids,
        closed=_count(connection, ENTRIES, of_last, ENTRIES.c.closed_at.is_not(None)),
        kept=_count(connection, ENTRIES, of_last, ENTRIES.c.closed_at.is_(None)),
        voided=_count(connection, EPISODES, EPISODES.c.list_id.in_(ids), EPISODES.c.voided_at.is_not(None)),
        holds=None if held is None else held.as_of,
        is_new=is_new,
    )


def _count(connection: Connection, table: sa.Table, *where: sa.ColumnElement[bool]) -> int:
    return int(connection.scalar(sa.select(sa.func.count()).select_from(table).where(*where)) or 0)


def _known_days(connection: Connection) -> str:
    days = connection.scalars(
        sa.select(LISTS.c.as_of).distinct().order_by(LISTS.c.as_of.desc()).limit(SHOWN_DAYS)
    ).all()
    return f"; the last ones are of {', '.join(map(str, days))}" if days else ", nor any other"
