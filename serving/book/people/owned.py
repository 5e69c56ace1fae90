"""Owners are of people: whoever belongs to an account when it is given an owner keeps that one, whatever comes next.

It stays one of the account's id as well, for those of whom nothing was ever said. Of each customer the latest day
counts, under whichever account; of two words of one day the last.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from serving.book.people.held import people_of
from serving.book.schema import OWNED, OWNERS
from serving.book.sql_rows import frame_of, insert_or_replace, rows_with
from serving.outreach.plan.accounts import Accounts
from serving.outreach.plan.owners import owners_today
from serving.outreach.plan.snapshot import OWNED_NAMES

_COLUMNS = tuple(OWNED.c[name] for name in OWNED_NAMES)


def customers_of(
    connection: Connection, account_ids: Iterable[str], accounts: Accounts | None
) -> Mapping[str, Collection[str]]:
    """Return account → its customers; an account that has none is a customer of its own, who may come yet.

    Args:
        connection: of a reader.
        account_ids: whose.
        accounts: who belongs to which account today; None = as the list in force has it.
    """
    found = people_of(connection, account_ids, accounts)
    return found if accounts is None else {each: accounts.customers(each) or found[each] for each in found}


def give(connection: Connection, people: Mapping[str, Iterable[str]], owner: str, since: date) -> None:
    """Keep whom accounts were given to an owner for.

    Args:
        connection: of a writer.
        people: account → its customers.
        owner: whose they are.
        since: from which day on.
    """
    given = sorted((who, account) for account, each in people.items() for who in each)
    rows = [{"customer_id": who, "account_id": account, "owner": owner, "since": since} for who, account in given]
    insert_or_replace(connection, OWNED, rows)


def owners_on(connection: Connection, day: date) -> dict[str, str]:
    """Return account → owner on a day, of the ids of accounts that were handed over or given an owner in turn."""
    query = sa.select(OWNERS.c.account_id, OWNERS.c.owner).where(OWNERS.c.since <= day).order_by(OWNERS.c.since)
    return {row.account_id: row.owner for row in connection.execute(query)}


def owned_on(connection: Connection, day: date) -> pd.DataFrame:
    """Return the latest word about each customer until a day, in OWNED_NAMES, `account_id` as it was then."""
    rank = sa.func.row_number().over(partition_by=OWNED.c.customer_id, order_by=OWNED.c.since.desc()).label("rank")
    rows = sa.select(*_COLUMNS, rank).where(OWNED.c.since <= day).subquery()
    query = sa.select(*(rows.c[name] for name in OWNED_NAMES)).where(rows.c.rank == 1)
    return frame_of(connection, query.order_by(rows.c.customer_id))


def owners_of(connection: Connection, customer_ids: Iterable[str], day: date, accounts: Accounts) -> dict[str, str]:
    """Return account → owner on a day, as the book keeps it for the accounts of some customers.

    Args:
        connection: of a reader.
        customer_ids: whose accounts.
        day: until when what was said counts.
        accounts: who belongs to which account on that day.
    """
    asked = dict.fromkeys(customer_ids)
    now = dict.fromkeys(map(accounts.of, asked))
    people = {*asked, *(who for account in now for who in accounts.customers(account))}
    by_id = _latest(connection, OWNERS.c.account_id, OWNERS.c, now, day)
    words = _latest(connection, OWNED.c.customer_id, _COLUMNS, people, day)
    owned = pd.DataFrame([tuple(words[who].values()) for who in sorted(words)], columns=list(OWNED_NAMES), dtype=object)
    return owners_today({each: row["owner"] for each, row in by_id.items()}, owned, accounts.parent)


def _latest(
    connection: Connection, of: sa.Column[str], columns: Iterable[Any], ids: Iterable[str], day: date
) -> dict[str, Any]:
    """Return id → its last row until a day."""
    since = of.table.c.since
    query = sa.select(*columns).where(since <= day).order_by(since)
    return {row[of.name]: row for row in rows_with(connection, query, of, ids)}
