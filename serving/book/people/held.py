"""Vetoes and snoozes are of people: whoever belongs to an account when it is held stays so, whatever comes next.

A hold also stays one of its account's id, for whoever joins. Of each customer the latest decision under each account
counts, so a word about another account, or about the account once a customer has left it, takes nothing away.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from serving.book.schema import ENTRIES, EPISODES, HELD, HOLDS, SUPPRESSED
from serving.book.sql_rows import frame_of, insert_missing, rows_with, texts_from_json
from serving.book.withdrawals import in_force
from serving.outreach.plan.accounts import Accounts

LIFT = "lift"
HELD_NAMES = ("customer_id", "account_id", "kind", "until", "why", "by")


def people_of(
    connection: Connection, account_ids: Iterable[str], accounts: Accounts | None = None
) -> dict[str, set[str]]:
    """Return account → its customers; an id that belongs to no other account is one of its own.

    Args:
        connection: of a reader.
        account_ids: whose.
        accounts: who belongs to which account today; None = as the book saw it on the list in force.
    """
    asked = list(dict.fromkeys(account_ids))
    known = accounts or Accounts(_parents_in_book(connection))
    return {each: {*known.customers(each), *({each} - known.parent.keys())} for each in asked}


def _parents_in_book(connection: Connection) -> dict[str, str]:
    last = in_force().with_only_columns(sa.literal_column("lists.id")).scalar_subquery()
    found: dict[str, str] = {}
    for table in (SUPPRESSED, ENTRIES):
        query = sa.select(table.c.customer_id, table.c.account_id).where(table.c.list_id == last)
        found |= {who: account for who, account in connection.execute(query) if account not in (None, who)}
    return found


def people_of_entries(connection: Connection, entries: Iterable[RowMapping]) -> dict[str, set[str]]:
    """Return account → the customers whom its entries and its episodes name.

    Args:
        connection: of a reader.
        entries: as `entries_of` has them.
    """
    found: dict[str, set[str]] = {}
    for entry in entries:
        own = {entry["customer_id"], *(texts_from_json(entry["members"]) or ())}
        found.setdefault(entry["account_id"], set()).update(own)
    query = sa.select(EPISODES.c.account_id, EPISODES.c.customer_id, EPISODES.c.customers)
    for row in rows_with(connection, query, EPISODES.c.account_id, list(found)):
        found[row["account_id"]].update(texts_from_json(row["customers"]) or (row["customer_id"],))
    return found


def keep_for(connection: Connection, hold_ids: Mapping[str, int], people: Mapping[str, Collection[str]]) -> None:
    """Keep whom decisions are of.

    Args:
        connection: of a writer.
        hold_ids: account → the decision about it.
        people: account → its customers.
    """
    given = [(hold_id, who, account) for account, hold_id in hold_ids.items() for who in people.get(account, ())]
    _write(connection, given)


def lift_for(connection: Connection, hold_ids: Mapping[str, int], people: Mapping[str, Collection[str]]) -> None:
    """Lift what was set under accounts for whomever, and what their customers brought from other accounts.

    Args:
        connection: of a writer.
        hold_ids: account → its lift.
        people: account → its customers.
    """
    lift_of = {who: hold_ids[account] for account, each in people.items() for who in each}
    brought = rows_with(connection, sa.select(HELD), HELD.c.customer_id, lift_of)
    given = [(lift_of[row["customer_id"]], row["customer_id"], row["account_id"]) for row in brought]
    set_there = rows_with(connection, sa.select(HELD), HELD.c.account_id, hold_ids)
    _write(connection, [*given, *((hold_ids[r["account_id"]], r["customer_id"], r["account_id"]) for r in set_there)])


def left_behind(connection: Connection, lifted: Mapping[str, int], accounts: Accounts, day: date) -> list[str]:
    """Return accounts without customers whose hold a lift has ended for everybody that it was of.

    Args:
        connection: of a writer.
        lifted: account → its lift.
        accounts: who belongs to which account today.
        day: of the lifts.
    """
    touched = sa.select(HELD.c.account_id).where(HELD.c.hold_id.in_(lifted.values())).distinct()
    empty = [each for each in connection.scalars(touched) if each not in lifted and not accounts.customers(each)]
    still = set(held_on(connection, day)["account_id"])
    return [each for each in empty if each not in still]


def held_on(connection: Connection, day: date) -> pd.DataFrame:
    """Return whom vetoes and snoozes in force on a day are of, in HELD_NAMES, `account_id` as it was then."""
    facts = (HOLDS.c[name] for name in ("kind", "until", "why", "by"))
    by = (HELD.c.customer_id, HELD.c.account_id)
    rank = sa.func.row_number().over(partition_by=by, order_by=(HOLDS.c.since.desc(), HOLDS.c.id.desc())).label("rank")
    rows = sa.select(*by, *facts, rank).join_from(HELD, HOLDS).where(HOLDS.c.since <= day).subquery()
    counts = sa.and_(rows.c.rank == 1, rows.c.kind != LIFT, sa.or_(rows.c.until.is_(None), rows.c.until > day))
    query = sa.select(*(rows.c[name] for name in HELD_NAMES)).where(counts)
    return frame_of(connection, query.order_by(rows.c.customer_id, rows.c.account_id))


def _write(connection: Connection, given: Iterable[tuple[int, str, str]]) -> None:
    names = ("hold_id", "customer_id", "account_id")
    insert_missing(connection, HELD, [dict(zip(names, row, strict=True)) for row in sorted(set(given))])
