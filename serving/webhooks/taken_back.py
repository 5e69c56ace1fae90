"""What webhooks are told when a list is taken back: what they were told of it no longer holds.

A receiver that follows `customer.entered` and `customer.left` has afterwards whom it had before: who came with the list
leaves, and who left with it is back on the list that is in force again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from features.money import Money
from serving.book import Book
from serving.book.runs import run_of
from serving.book.schema import ENTRIES, LISTS, SCORES
from serving.book.withdrawals import Withdrawal, in_force, withdraw
from serving.webhooks.messages import (
    ENTERED,
    ENTERED_FACTS,
    ENTRY_FACTS,
    LEFT,
    NO_TITLES,
    SCORED,
    TITLE,
    WITHDRAWN,
    NewMessage,
    Titles,
    body_of,
    titled,
)
from serving.webhooks.outbox import put, subscribers

TAKEN_BACK = "withdrawn"  # the reason of who leaves


def withdraw_and_enqueue(book: Book, as_of: date, by: str, why: str, titles: Titles = NO_TITLES) -> Withdrawal:
    """Take back the list of a day and enqueue what the webhooks are told of it, in one transaction.

    Args:
        book: the shop's.
        as_of: the day of the list.
        by: who takes it back.
        why: and why.
        titles: playbook → its title in the shop's language.

    Raises:
        InputError: there is no list of that day, or nobody says who and why.
    """
    with book.writing() as connection:
        held = connection.execute(in_force()).first()
        withdrawal = withdraw(connection, as_of, by, why)
        subscribed = subscribers(connection)
        if withdrawal.is_new and subscribed:
            was_in_force = held is not None and held.as_of == as_of
            events = frozenset().union(*subscribed.values())
            messages = _messages(connection, withdrawal, events, titles, was_in_force=was_in_force)
            put(connection, messages, subscribed, withdrawal.at)
    return withdrawal


def _messages(
    connection: Connection, withdrawal: Withdrawal, events: Collection[str], titles: Titles, *, was_in_force: bool
) -> Iterator[NewMessage]:
    """Return the messages; a list that another one had replaced before changes nothing for any customer."""
    held = connection.execute(in_force()).mappings().first()
    taken_back = connection.execute(sa.select(LISTS).where(LISTS.c.id == withdrawal.list_ids[-1])).mappings().one()
    heads = {row["as_of"]: _head(connection, row) for row in (taken_back, held) if row is not None}
    gone = _entries_of(connection, taken_back) if was_in_force else {}
    back = _entries_of(connection, held) if was_in_force and held is not None else {}
    left = (
        {name: row[name] for name in ENTRY_FACTS} for who, row in gone.items() if who not in back and row["closed_at"]
    )
    come = (titled(row, titles) for who, row in back.items() if who not in gone)
    entered = ({name: row[name] for name in ENTERED_FACTS} for row in come)
    return messages_of_withdrawal(withdrawal, heads, left, entered, events)


def _head(connection: Connection, row: RowMapping) -> dict[str, Any]:
    run = run_of(connection, row["run_id"])
    own = {"as_of": row["as_of"].isoformat(), "list_id": row["id"]}
    return {**own, "horizon_days": run.horizon_days, "model_version": run.model_version, "currency": run.currency}


def _entries_of(connection: Connection, row: RowMapping) -> dict[str, dict[str, Any]]:
    """Return customer → ENTRY_FACTS, SCORED and closed_at of a list's entries; amounts as decimal texts."""
    money = Money(run_of(connection, row["run_id"]).currency)
    facts = (ENTRIES.c[name] for name in (*ENTRY_FACTS, TITLE, "closed_at"))
    query = (
        sa.select(*facts, *(SCORES.c[name] for name in (*SCORED, "expected_spend", "value_at_risk_high")))
        .join_from(ENTRIES, SCORES, SCORES.c.customer_id == ENTRIES.c.customer_id)
        .where(ENTRIES.c.list_id == row["id"], SCORES.c.run_id == row["run_id"])
        .order_by(ENTRIES.c.kind, ENTRIES.c.position)
    )
    found = [dict(each) for each in connection.execute(query).mappings()]
    return {each["customer_id"]: each | {"value_at_risk": _worth(each, money)} for each in found}


def _worth(score: Mapping[str, Any], money: Money) -> str | None:
    """Return the value at risk as text; None where the run knew no money: the book holds 0 there, and no interval."""
    unknown = score["expected_spend"] == score["value_at_risk"] == 0 and score["value_at_risk_high"] is None
    return None if unknown else f"{money.major(score['value_at_risk']):f}"


def messages_of_withdrawal(
    withdrawal: Withdrawal,
    heads: Mapping[date, Mapping[str, Any]],
    left: Iterable[Mapping[str, Any]],
    entered: Iterable[Mapping[str, Any]],
    events: Collection[str],
) -> Iterator[NewMessage]:
    """Yield the messages of a list that was taken back: its own, who leaves with it, and who is back on the one before.

    Args:
        withdrawal: what was taken back.
        heads: of that list and of the one in force now, by day: as_of, list_id and what is the same for a whole list.
        left: ENTRY_FACTS of the closed entries of customers who are not on the list in force.
        entered: ENTRY_FACTS and SCORED of entries in force of customers who were not on the list taken back.
        events: the events that some webhook subscribes to.
    """
    head, holds = heads[withdrawal.as_of], withdrawal.holds
    if WITHDRAWN in events:
        counts = {"closed": withdrawal.closed, "kept": withdrawal.kept}
        facts = {**head, **counts, "in_force": None if holds is None else holds.isoformat()}
        yield NewMessage(WITHDRAWN, None, body_of(WITHDRAWN, withdrawal.at, facts))
    if LEFT in events:
        for row in left:
            facts = {**head, **row, "reason": TAKEN_BACK}
            yield NewMessage(LEFT, row["customer_id"], body_of(LEFT, withdrawal.at, facts))
    if ENTERED in events and holds is not None:
        for row in entered:
            yield NewMessage(ENTERED, row["customer_id"], body_of(ENTERED, withdrawal.at, {**heads[holds], **row}))
