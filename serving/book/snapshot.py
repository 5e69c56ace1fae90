"""The snapshot of the book that a list of a day is planned with, read at one moment.

Business time decides, not the time of recording: the same day gives the same list, whenever it is made. Draws count
whatever their day: an account that is held out stays so for ever.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from serving.book.book import Book
from serving.book.lists import with_entry
from serving.book.people.held import held_on
from serving.book.people.owned import owned_on, owners_on
from serving.book.recognition.identity import identity_of
from serving.book.schema import ARMS, CONSENT, CONTACTS, DRAWN, ENTRIES, EPISODES, HOLDS, LISTS, PROGRAMME
from serving.book.sql_rows import frame_of, texts_from_json
from serving.book.trial import ended_by
from serving.book.withdrawals import standing_entries
from serving.outreach.plan.snapshot import Snapshot

REMEMBERED_DAYS = 400  # longer than any cooldown and any year


def snapshot_on(book: Book, as_of: date) -> Snapshot:
    """Return what the book knows for the list of a day.

    Args:
        book: the database of record.
        as_of: the list's day. Lists, contacts and episodes count before it; consent, holds and owners as of it; draws
            always.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     book = Book(folder)
    ...     snapshot_on(book, date(2026, 3, 2)).owners
    ...     book.close()
    {}
    """
    with book.reading() as connection:
        return Snapshot(
            former=_former(connection, as_of),
            contacts=_contacts(connection, as_of),
            consent=consent_on(connection, as_of),
            holds=holds_on(connection, as_of),
            held=held_on(connection, as_of),
            owners=owners_on(connection, as_of),
            owned=owned_on(connection, as_of),
            arms=frame_of(connection, sa.select(*(ARMS.c[n] for n in ("account_id", "playbook", "arm", "stratum")))),
            drawn=_drawn(connection, as_of),
            programme=frame_of(connection, sa.select(PROGRAMME).order_by(PROGRAMME.c.customer_id)),
            programme_key=_programme_key(connection),
            open_episodes=_open_episodes(connection, as_of),
        )


def _programme_key(connection: Connection) -> str:
    """Return the key of the programme holdout: the book's identity, drawn when it was made and the same for ever."""
    found = identity_of(connection)
    return "" if found is None else found.id


def consent_on(connection: Connection, day: date) -> pd.DataFrame:
    """Return the latest consent of each customer and channel until a day: customer_id, channel, allowed."""
    rows = _latest_of(CONSENT, (CONSENT.c.customer_id, CONSENT.c.channel), CONSENT.c.decided_on, day)
    return frame_of(connection, sa.select(rows.c.customer_id, rows.c.channel, rows.c.allowed).where(rows.c.rank == 1))


def holds_on(connection: Connection, day: date) -> pd.DataFrame:
    """Return the vetoes and snoozes in force on a day: account_id, kind, until, why, by."""
    rows = _latest_of(HOLDS, (HOLDS.c.account_id,), HOLDS.c.since, day)
    in_force = sa.and_(rows.c.rank == 1, rows.c.kind != "lift", sa.or_(rows.c.until.is_(None), rows.c.until > day))
    columns = (rows.c[name] for name in ("account_id", "kind", "until", "why", "by"))
    return frame_of(connection, sa.select(*columns).where(in_force))


def _latest_of(table: sa.Table, by: tuple[Any, ...], day_of: sa.Column[Any], day: date) -> sa.Subquery:
    """Return the rows until a day with their `rank` within each group: 1 = the latest day, then the last recorded."""
    order = (day_of.desc(), table.c.id.desc())
    rank = sa.func.row_number().over(partition_by=by, order_by=order).label("rank")
    return sa.select(table, rank).where(day_of <= day).subquery()


def _former(connection: Connection, as_of: date) -> pd.DataFrame:
    account = sa.func.coalesce(ENTRIES.c.account_id, ENTRIES.c.customer_id).label("account_id")
    own = (ENTRIES.c[name] for name in ("customer_id", "kind", "owner", "playbook"))
    query = sa.select(account, *own, LISTS.c.as_of).join_from(ENTRIES, LISTS)
    last = query.where(standing_entries(connection, as_of))
    found = frame_of(connection, last.order_by(LISTS.c.as_of, LISTS.c.id, ENTRIES.c.kind, ENTRIES.c.position))
    return found.drop_duplicates("account_id", keep="last", ignore_index=True)


def _contacts(connection: Connection, as_of: date) -> pd.DataFrame:
    joined, entry = with_entry(CONTACTS)
    own = (CONTACTS.c[name] for name in ("customer_id", "contacted_on", "channel", "entry_id"))
    remembered = CONTACTS.c.contacted_on.between(as_of - timedelta(REMEMBERED_DAYS), as_of - timedelta(1))
    query = sa.select(*own, entry.c.playbook, entry.c.owner).select_from(joined).where(remembered)
    return frame_of(connection, query.order_by(CONTACTS.c.contacted_on, CONTACTS.c.key))


def _drawn(connection: Connection, as_of: date) -> pd.DataFrame:
    columns = (DRAWN.c[name] for name in ("customer_id", "playbook", "arm", "stratum", "until"))
    query = sa.select(*columns).where(sa.or_(DRAWN.c.until.is_(None), DRAWN.c.until > as_of))
    return frame_of(connection, query.order_by(DRAWN.c.customer_id, DRAWN.c.since))


def _open_episodes(connection: Connection, as_of: date) -> pd.DataFrame:
    columns = (
        EPISODES.c[name] for name in ("account_id", "arm", "began_on", "horizon_days", "customers", "customer_id")
    )
    watched = sa.and_(EPISODES.c.began_on < as_of, EPISODES.c.voided_at.is_(None))
    query = sa.select(*columns).where(watched, sa.not_(ended_by(connection, as_of)))
    found = frame_of(connection, query.order_by(EPISODES.c.account_id, EPISODES.c.began_on))
    days = zip(found["began_on"], found.pop("horizon_days"), strict=True)
    ends = pd.Series([began + timedelta(n) for began, n in days], found.index, dtype=object)
    known = zip(found.pop("customers"), found.pop("customer_id"), strict=True)
    customers = [texts_from_json(text) or (who,) for text, who in known]
    return found.assign(ends_on=ends, customers=pd.Series(customers, found.index, dtype=object))
