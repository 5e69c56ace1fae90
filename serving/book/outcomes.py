"""Outcomes of list entries, and what follows from them at once: contacts, refusals and snoozes.

Talking to a customer is a contact; `do_not_contact` withdraws consent; a wrong alarm keeps the account off the list for
a while. An import is one transaction, and the same outcome again changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any, Literal, get_args

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from features.errors import Violation
from features.sources.people.consent import CHANNELS
from serving.book.book import Book
from serving.book.decisions import (
    Consent,
    Contact,
    Hold,
    Recorded,
    closed_among,
    entries_of,
    listed_on,
    write_consent,
    write_contacts,
    write_holds,
)
from serving.book.people.held import people_of_entries
from serving.book.privacy.entry_ids import with_current_ids
from serving.book.row_checks import Source, refuse, unknown_words, wrong_reports
from serving.book.schema import HOLDS, OUTCOMES
from serving.book.sql_rows import digest, insert_missing, rows_with, utc_now
from serving.outreach.plan.snapshot import EVERY_CHANNEL

OutcomeName = Literal["contacted", "reached", "saved", "not_saved", "wrong_alarm", "already_known", "do_not_contact"]
OUTCOME_NAMES: tuple[OutcomeName, ...] = get_args(OutcomeName)
TALKED = frozenset({"contacted", "reached", "saved", "not_saved"})
LEAVE_ALONE: Mapping[str, str] = {"wrong_alarm": "a wrong alarm", "already_known": "already known"}


@dataclass(frozen=True)
class Outcome:
    """The outcome of an entry; `channel` if it was not the entry's own, `cost_minor` in minor units."""

    entry_id: str
    outcome: OutcomeName
    happened_on: date
    channel: str | None = None
    cost_minor: int | None = None
    by: str | None = None
    note: str | None = None


def record_outcomes(
    book: Book, rows: Sequence[Outcome], source: Source | None = None, *, latest: date | None = None
) -> Recorded:
    """Record outcomes of entries, and what follows from them, in one transaction.

    An outcome is identified by entry, outcome and day. Talking to a customer makes a contact, one per entry and day;
    `do_not_contact` withdraws consent to every channel; `wrong_alarm` and `already_known` keep the account off the list
    for the horizon of the run, unless a veto or a longer snooze does so already.

    Args:
        book: the database of record.
        rows: in any order.
        source: named in errors.
        latest: the shop's today: later days are refused; None = not checked.

    Raises:
        InputError: an unknown entry, outcome or channel, a negative cost, or a day before the entry's list or after
            `latest`; nothing is recorded.
    """
    with book.writing() as connection:
        return write_outcomes(connection, rows, source or Source("the outcomes"), latest)


def write_outcomes(
    connection: Connection, rows: Sequence[Outcome], source: Source, latest: date | None = None
) -> Recorded:
    """Record outcomes as `record_outcomes` does, in the transaction of a writer.

    Raises:
        InputError: as there; nothing is recorded.
    """
    entries = entries_of(connection, (row.entry_id for row in rows))
    refuse(wrong_outcomes(rows, entries, source, latest), source)
    new = _new(connection, with_current_ids(rows, entries))
    _write(connection, new, entries)
    _follow_up(connection, list(new.values()), entries)
    return Recorded(len(new), len(rows) - len(new), closed_among(rows, entries))


def wrong_outcomes(
    rows: Sequence[Outcome], entries: Mapping[str, RowMapping], source: Source, latest: date | None = None
) -> list[Violation]:
    """Return the violations that `record_outcomes` raises; `entries` come from `entries_of`."""
    words = [
        *unknown_words(rows, "outcome", OUTCOME_NAMES, source, needed=True),
        *unknown_words(rows, "channel", CHANNELS, source, needed=False),
    ]
    return wrong_reports(rows, listed_on(entries), source, "happened_on", latest, words)


def days_of_outcomes(book: Book, entry_ids: Iterable[str]) -> dict[tuple[str, str], date]:
    """Return entry and outcome → the last day on which the book has it; an entry is named as it was asked for.

    Args:
        book: the database of record.
        entry_ids: of entries, or former ones that lead to them; unknown ones have no outcome.
    """
    with book.reading() as connection:
        entries = entries_of(connection, entry_ids)
        query = sa.select(OUTCOMES.c.entry_id, OUTCOMES.c.outcome, OUTCOMES.c.happened_on)
        rows = rows_with(connection, query.order_by(OUTCOMES.c.happened_on), OUTCOMES.c.entry_id, _current(entries))
        days = {(row["entry_id"], row["outcome"]): row["happened_on"] for row in rows}
    aliases = ((asked, entry["entry_id"]) for asked, entry in entries.items())
    return {(asked, word): days[now, word] for asked, now in aliases for word in OUTCOME_NAMES if (now, word) in days}


def _current(entries: Mapping[str, RowMapping]) -> set[str]:
    return {entry["entry_id"] for entry in entries.values()}


def outcome_key(row: Outcome) -> str:
    """Return the key that identifies an outcome.

    >>> first = Outcome("20260302-7k3mx9qp2whd", "saved", date(2026, 3, 3))
    >>> outcome_key(first) == outcome_key(Outcome(first.entry_id, "saved", first.happened_on, note="again"))
    True
    """
    return digest(row.entry_id, row.outcome, row.happened_on.isoformat())


def _new(connection: Connection, rows: Sequence[Outcome]) -> dict[str, Outcome]:
    """Return key → outcome of those that the book does not hold; of two with the same key the first."""
    given: dict[str, Outcome] = {}
    for row in rows:
        given.setdefault(outcome_key(row), row)
    known = {row["key"] for row in rows_with(connection, sa.select(OUTCOMES.c.key), OUTCOMES.c.key, given)}
    return {key: row for key, row in given.items() if key not in known}


def _write(connection: Connection, new: Mapping[str, Outcome], entries: Mapping[str, RowMapping]) -> None:
    rows: list[dict[str, Any]] = []
    for key, row in new.items():
        facts = asdict(row) | {"key": key, "customer_id": entries[row.entry_id]["customer_id"]}
        facts["cost"] = facts.pop("cost_minor")
        rows.append(facts | {"recorded_at": utc_now()})
    insert_missing(connection, OUTCOMES, rows)


def _follow_up(connection: Connection, rows: Sequence[Outcome], entries: Mapping[str, RowMapping]) -> None:
    in_time = sorted(rows, key=lambda row: row.happened_on)
    contacts = (_contact(row, entries[row.entry_id]) for row in in_time if row.outcome in TALKED)
    write_contacts(connection, [contact for contact in contacts if contact is not None])
    never = [row for row in in_time if row.outcome == "do_not_contact"]
    write_consent(connection, [_refusal(row, entries[row.entry_id]) for row in never])
    alone = [_snooze(row, entries[row.entry_id]) for row in in_time if row.outcome in LEAVE_ALONE]
    snoozed = [entries[row.entry_id] for row in in_time if row.outcome in LEAVE_ALONE]
    write_holds(connection, _not_held(connection, alone), people_of_entries(connection, snoozed))


def _contact(row: Outcome, entry: RowMapping) -> Contact | None:
    # No channel means the entry's own: without the contact, the cooldown would not hold.
    channel = row.channel or entry["channel"]
    if channel is None:
        return None
    who = entry["customer_id"]
    return Contact(who, row.happened_on, channel, row.cost_minor, row.by, row.note, row.entry_id)


def _refusal(row: Outcome, entry: RowMapping) -> Consent:
    return Consent(entry["customer_id"], EVERY_CHANNEL, allowed=False, decided_on=row.happened_on, source="outcome")


def _snooze(row: Outcome, entry: RowMapping) -> Hold:
    until = row.happened_on + timedelta(days=entry["horizon_days"])
    why = why_left_alone(row.outcome, row.note)
    return Hold(entry["account_id"], "snooze", row.happened_on, until, row.by or "outcome", why)


def why_left_alone(outcome: str, note: str | None) -> str:
    """Return why an outcome of LEAVE_ALONE keeps an account off the list.

    >>> why_left_alone("wrong_alarm", "they are on holiday")
    'a wrong alarm: they are on holiday'
    """
    return f"{LEAVE_ALONE[outcome]}: {note}" if note else LEAVE_ALONE[outcome]


def _not_held(connection: Connection, snoozes: Sequence[Hold]) -> list[Hold]:
    """Return the snoozes that last longer than the hold in force on their first day."""
    query = sa.select(*(HOLDS.c[name] for name in Hold.__dataclass_fields__)).order_by(HOLDS.c.since, HOLDS.c.id)
    found = [
        Hold(**row) for row in rows_with(connection, query, HOLDS.c.account_id, (one.account_id for one in snoozes))
    ]
    holding: dict[str, list[Hold]] = {}
    for one in found:
        holding.setdefault(one.account_id, []).append(one)
    return [one for one in snoozes if _holds_longer(one, holding.get(one.account_id, ()))]


def _holds_longer(snooze: Hold, holds: Sequence[Hold]) -> bool:
    last = next((one for one in reversed(holds) if one.since <= snooze.since), None)
    if last is None or last.kind == "lift":
        return True
    return last.until is not None and snooze.until is not None and last.until < snooze.until
