"""The trial in the book: episodes whose horizon has ended, and contacts that leaked into the holdout."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from serving.book.book import Book
from serving.book.lists import with_entry
from serving.book.schema import ARMS, CONTACTS, ENTRIES, EPISODES, LISTS, SUPPRESSED
from serving.book.sql_rows import frame_of


def episodes(book: Book, until: date) -> pd.DataFrame:
    """Return the episodes whose horizon has ended, and whether a contact fell within each.

    Args:
        book: the database of record.
        until: the horizon ended on or before this day: began_on + horizon_days ≤ until.

    Returns:
        Every column of EPISODES and `contacted` (bool), by began_on and account. By intention to treat, an account that
        was to be contacted and was not stays in its arm.
    """
    with book.reading() as connection:
        horizons = connection.scalars(sa.select(EPISODES.c.horizon_days).distinct()).all()
        ended = (
            sa.and_(EPISODES.c.horizon_days == days, EPISODES.c.began_on <= until - timedelta(days))
            for days in horizons
        )
        query = sa.select(EPISODES).where(sa.or_(sa.false(), *ended))
        found = frame_of(connection, query.order_by(EPISODES.c.began_on, EPISODES.c.account_id))
        return found.assign(contacted=_contacted(found, _contacts_of_accounts(connection)))


def leaks(book: Book, since: date | None = None) -> pd.DataFrame:
    """Return contacts with held-out customers: account_id, customer_id, contacted_on, channel, by.

    Where each playbook has its own draw, a contact for another playbook is no leak.

    Args:
        book: the database of record.
        since: the first day of the contacts; None = all.
    """
    with book.reading() as connection:
        contacts = _with_account(since)
        held_out = sa.and_(
            ARMS.c.account_id == contacts.c.account_id,
            ARMS.c.arm == "holdout",
            ARMS.c.since <= contacts.c.contacted_on,
            sa.or_(ARMS.c.playbook == "", sa.func.coalesce(contacts.c.playbook, ARMS.c.playbook) == ARMS.c.playbook),
        )
        own = [contacts.c[name] for name in ("account_id", "customer_id", "contacted_on", "channel", "by")]
        query = sa.select(*own).join_from(contacts, ARMS, held_out).distinct()
        return frame_of(connection, query.order_by(contacts.c.contacted_on, contacts.c.customer_id))


def _with_account(since: date | None) -> sa.Subquery:
    """Return contacts with the customer's account on the list of that day, and the playbook of their entry."""
    joined, entry = with_entry(CONTACTS)
    who = CONTACTS.c.customer_id
    until_then = LISTS.c.as_of <= CONTACTS.c.contacted_on
    last = sa.select(LISTS.c.id).where(until_then).order_by(LISTS.c.as_of.desc(), LISTS.c.id.desc()).limit(1)
    at_that_time = last.correlate(CONTACTS).scalar_subquery()
    off = sa.select(SUPPRESSED.c.account_id).where(
        SUPPRESSED.c.list_id == at_that_time, SUPPRESSED.c.customer_id == who
    )
    on = sa.select(ENTRIES.c.account_id).where(ENTRIES.c.list_id == at_that_time, ENTRIES.c.customer_id == who)
    watched = sa.select(sa.func.max(EPISODES.c.account_id)).where(EPISODES.c.customer_id == who)
    found = (entry.c.account_id, *(each.correlate(CONTACTS).scalar_subquery() for each in (off, on, watched)), who)
    query = sa.select(CONTACTS, sa.func.coalesce(*found).label("account_id"), entry.c.playbook).select_from(joined)
    return (query if since is None else query.where(CONTACTS.c.contacted_on >= since)).subquery()


def _contacts_of_accounts(connection: Connection) -> pd.DataFrame:
    contacts = _with_account(None)
    query = sa.select(contacts.c.account_id, contacts.c.contacted_on).distinct()
    return frame_of(connection, query)


def _contacted(found: pd.DataFrame, contacts: pd.DataFrame) -> pd.Series:
    both = found.reset_index()[["index", "account_id", "began_on", "horizon_days"]].merge(contacts, on="account_id")
    days = zip(both["began_on"], both["horizon_days"], both["contacted_on"], strict=True)
    within = [began <= contacted < began + timedelta(int(n)) for began, n, contacted in days]
    return found.index.to_series().isin(both["index"][pd.Series(within, both.index, dtype=bool)])
