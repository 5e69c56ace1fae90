"""The trial in the book: episodes whose horizon has ended, and what leaked into the holdout."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from serving.book.book import Book
from serving.book.lists import with_entry
from serving.book.schema import ARMS, CONTACTS, DRAWN, ENTRIES, EPISODES, LISTS, MERGERS, PROGRAMME, SUPPRESSED
from serving.book.sql_rows import frame_of, texts_from_json
from serving.outreach.plan.holdout import ANY_PLAYBOOK, HOLDOUT

CONTACT, MERGER = "contact", "merger"
LEAK_NAMES = ("how", "account_id", "customer_id", "leaked_on", "channel", "by")


def episodes(book: Book, until: date) -> pd.DataFrame:
    """Return the episodes whose horizon has ended, and whether a contact fell within each; void ones are left out.

    Args:
        book: the database of record.
        until: the horizon ended on or before this day: began_on + horizon_days ≤ until.

    Returns:
        Every column of EPISODES, `customers` as a tuple (None: the book did not keep them yet), `drawn_share`, the
        share held out of those who were drawn with the account (NaN: lists of that day did not keep it), and
        `contacted` (bool), by began_on and account. By intention to treat, an account that was to be contacted and was
        not stays in its arm. A contact with any customer of the episode counts, whatever account that customer has
        joined since.
    """
    with book.reading() as connection:
        columns = (column for column in EPISODES.c if column.name != "voided_at")
        query = sa.select(*columns).where(EPISODES.c.voided_at.is_(None), ended_by(connection, until))
        found = frame_of(connection, query.order_by(EPISODES.c.began_on, EPISODES.c.account_id))
        customers = pd.Series(list(map(texts_from_json, found["customers"])), found.index, dtype=object)
        found = found.assign(customers=customers)
        found = found.assign(drawn_share=_drawn_shares(connection, found))
        return found.assign(contacted=_contacted(found, _contacts_of_accounts(connection)))


def trial_stamp(connection: Connection) -> tuple[Any, ...]:
    """Return what changes whenever something is recorded that `episodes` or `leaks` tell."""
    counts = (
        sa.select(sa.func.count(EPISODES.c.account_id), sa.func.count(EPISODES.c.voided_at)),
        sa.select(sa.func.count(CONTACTS.c.key), sa.func.max(CONTACTS.c.recorded_at)),
        sa.select(sa.func.count(MERGERS.c.account_id), sa.func.max(MERGERS.c.list_id)),
        sa.select(sa.func.count(DRAWN.c.customer_id), sa.func.count(DRAWN.c.until)),
    )
    return tuple(value for query in counts for value in connection.execute(query).one())


def declared(book: Book) -> Mapping[str, Any] | None:
    """Return what was declared with the list of the first episode; None where that list did not keep it.

    Args:
        book: the database of record.
    """
    first = sa.select(LISTS.c.trial).join_from(LISTS, EPISODES, EPISODES.c.list_id == LISTS.c.id)
    with book.reading() as connection:
        text = connection.scalar(first.order_by(EPISODES.c.began_on, LISTS.c.id).limit(1))
    return json.loads(text) if text else None


def programme(book: Book) -> tuple[pd.DataFrame, list[tuple[date, float]]]:
    """Return the customers of the programme holdout, and each list's day with the share of it in force.

    Args:
        book: the database of record.
    """
    lists = sa.select(LISTS.c.as_of, LISTS.c.trial).where(LISTS.c.trial.is_not(None)).order_by(LISTS.c.id)
    with book.reading() as connection:
        members = frame_of(connection, sa.select(PROGRAMME).order_by(PROGRAMME.c.customer_id))
        shares = {day: json.loads(text).get("programme_holdout_share", 0.0) for day, text in connection.execute(lists)}
    return members, sorted(shares.items())


def programme_leaks(book: Book) -> int:
    """Return how many contacts were with customers of the programme holdout.

    Args:
        book: the database of record.
    """
    held = sa.and_(CONTACTS.c.customer_id == PROGRAMME.c.customer_id, CONTACTS.c.contacted_on >= PROGRAMME.c.since)
    with book.reading() as connection:
        return int(connection.scalar(sa.select(sa.func.count()).select_from(CONTACTS).join(PROGRAMME, held)) or 0)


def _drawn_shares(connection: Connection, found: pd.DataFrame) -> pd.Series:
    """Return the share held out of those who were drawn when the account, or the customer in it, was."""
    rows = connection.execute(sa.select(LISTS.c.as_of, LISTS.c.trial).order_by(LISTS.c.id))
    shares = {day: json.loads(text)["holdout_share"] for day, text in rows if text}
    of_account = _first_days(connection, ARMS.c.account_id)
    of_customer = _first_days(connection, DRAWN.c.customer_id)
    columns = (found[name] for name in ("account_id", "customer_id", "playbook", "began_on"))
    drawn_on = []
    for account, who, playbook, began in zip(*columns, strict=True):
        keys = ((of_customer, who), (of_account, account))
        days = (of.get((whose, each)) for of, whose in keys for each in (ANY_PLAYBOOK, playbook))
        drawn_on.append(next((day for day in days if day), began))
    return pd.Series([shares.get(day) for day in drawn_on], index=found.index, dtype=float)


def _first_days(connection: Connection, whose: sa.Column[str]) -> dict[tuple[str, str], date]:
    """Return account or customer, and playbook → the day of the draw."""
    until = whose.table.c.get("until")
    query = sa.select(whose, whose.table.c.playbook, whose.table.c.since)
    rows = connection.execute(query if until is None else query.where(until.is_(None)))
    return {(who, playbook): day for who, playbook, day in rows}


def ended_by(connection: Connection, day: date) -> sa.ColumnElement[bool]:
    """Return the condition of an episode whose horizon ended on or before a day.

    One condition per horizon, of which there are few: databases differ in how they add days to a date.
    """
    horizons = connection.scalars(sa.select(EPISODES.c.horizon_days).distinct()).all()
    ended = (sa.and_(EPISODES.c.horizon_days == n, EPISODES.c.began_on <= day - timedelta(n)) for n in horizons)
    return sa.or_(sa.false(), *ended)


def leaks(book: Book, since: date | None = None) -> pd.DataFrame:
    """Return what leaked into the holdout, in LEAK_NAMES, by day: contacts, and accounts that came to hold both arms.

    A contact leaks where its customer was held out on that day, whatever account the customer belongs to by then. Of a
    merger `customer_id`, `channel` and `by` are None, and the day is that of the first list that found it. Where each
    playbook has its own draw, a contact for another playbook is no leak.

    Args:
        book: the database of record.
        since: the first day; None = all.
    """
    with book.reading() as connection:
        contacts = _with_account(since)
        ways = ((DRAWN.c.account_id, _held_out_customer(contacts)), (ARMS.c.account_id, _held_out_account(contacts)))
        found = [frame_of(connection, _leaked(contacts, account, held)) for account, held in ways]
        by_contact = pd.concat(found).drop_duplicates("key").assign(how=CONTACT)
        merged = frame_of(connection, _merged(since)).assign(how=MERGER, customer_id=None, channel=None, by=None)
    both = pd.concat([by_contact, merged])[list(LEAK_NAMES)]
    return both.sort_values(["leaked_on", "customer_id", "account_id"], kind="stable").reset_index(drop=True)


def merged_accounts(connection: Connection, list_id: int) -> int:
    """Return in how many accounts a list found customers of both arms."""
    query = sa.select(sa.func.count()).select_from(MERGERS).where(MERGERS.c.list_id == list_id)
    return int(connection.scalar(query) or 0)


def _leaked(contacts: sa.Subquery, account: sa.Column[str], held: sa.ColumnElement[bool]) -> sa.Select[Any]:
    own = [contacts.c[name] for name in ("customer_id", "channel", "by", "key")]
    query = sa.select(account, *own, contacts.c.contacted_on.label("leaked_on"))
    return query.join_from(contacts, account.table, held).order_by(contacts.c.key, account)


def _held_out_customer(contacts: sa.Subquery) -> sa.ColumnElement[bool]:
    holds = sa.or_(DRAWN.c.until.is_(None), DRAWN.c.until > contacts.c.contacted_on)
    return sa.and_(DRAWN.c.customer_id == contacts.c.customer_id, holds, _held_out(DRAWN, contacts))


def _held_out_account(contacts: sa.Subquery) -> sa.ColumnElement[bool]:
    """Where no draw is of anybody in it, the one of the id counts of the account that the customer was in.

    A list asks the same before it names an account, and knows all its customers: an entry of it is no leak.
    """
    drawn = sa.and_(DRAWN.c.until.is_(None), DRAWN.c.since <= contacts.c.contacted_on)
    own = sa.exists().where(DRAWN.c.customer_id == contacts.c.customer_id, drawn)
    beside = (
        sa.exists().where(
            table.c.list_id == contacts.c.list_id,
            table.c.account_id == ARMS.c.account_id,
            DRAWN.c.customer_id == table.c.customer_id,
            drawn,
        )
        for table in (ENTRIES, SUPPRESSED)
    )
    by_entry = sa.func.coalesce(contacts.c.entry_account_id == ARMS.c.account_id, sa.false())
    decided = sa.or_(own, *beside, by_entry)
    return sa.and_(ARMS.c.account_id == contacts.c.account_id, ~decided, _held_out(ARMS, contacts))


def _held_out(table: sa.Table, contacts: sa.Subquery) -> sa.ColumnElement[bool]:
    same = sa.func.coalesce(contacts.c.playbook, table.c.playbook) == table.c.playbook
    return sa.and_(
        table.c.arm == HOLDOUT,
        table.c.since <= contacts.c.contacted_on,
        sa.or_(table.c.playbook == ANY_PLAYBOOK, same),
    )


def _merged(since: date | None) -> sa.Select[Any]:
    first = sa.func.min(LISTS.c.as_of).label("leaked_on")
    query = sa.select(MERGERS.c.account_id, first).join_from(MERGERS, LISTS).where(LISTS.c.withdrawn_at.is_(None))
    query = query.group_by(MERGERS.c.account_id)
    return query if since is None else query.having(first >= since)


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
    account, of_entry = sa.func.coalesce(*found).label("account_id"), entry.c.account_id.label("entry_account_id")
    of_list = at_that_time.label("list_id")
    query = sa.select(CONTACTS, account, of_entry, of_list, entry.c.playbook).select_from(joined)
    return (query if since is None else query.where(CONTACTS.c.contacted_on >= since)).subquery()


def _contacts_of_accounts(connection: Connection) -> pd.DataFrame:
    contacts = _with_account(None)
    names = ("customer_id", "account_id", "entry_account_id", "contacted_on")
    return frame_of(connection, sa.select(*(contacts.c[name] for name in names)).distinct())


def _contacted(found: pd.DataFrame, contacts: pd.DataFrame) -> pd.Series:
    """Return whether each episode's account was contacted: any of its customers, or its entry on a list."""
    own = found.reset_index()[["index", "account_id", "began_on", "horizon_days", "customers"]]
    kept = own["customers"].notna()
    ways = (
        (own[kept].explode("customers"), "customers", "customer_id"),
        (own[kept], "account_id", "entry_account_id"),
        (own[~kept], "account_id", "account_id"),  # the account that the customer was in on that day
    )
    columns = ["index", "began_on", "horizon_days"]
    days = contacts["contacted_on"]
    both = pd.concat(
        episodes.set_axis(episodes[mine], axis=0)[columns].join(days.set_axis(contacts[theirs]), how="inner")
        for episodes, mine, theirs in ways
    )
    spans = zip(both["began_on"], both["horizon_days"], both["contacted_on"], strict=True)
    within = [began <= contacted < began + timedelta(int(n)) for began, n, contacted in spans]
    return found.index.to_series().isin(both["index"][pd.Series(within, both.index, dtype=bool)])
