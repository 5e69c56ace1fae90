"""What people report back: outcomes of entries, contacts made elsewhere, consent, holds and hand-overs.

Everything goes into the book in one transaction; the same report twice changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any, cast

from features.consent import CHANNELS
from features.errors import InputError
from features.money import Money
from serving.book import Book
from serving.book.checks import Source, negative_costs, refuse, unknown_entries, unknown_words
from serving.book.decisions import (
    Consent,
    Contact,
    HoldKind,
    Recorded,
    entries_of,
    hand_over,
    hold,
    record_contacts,
    set_consent,
)
from serving.book.outcomes import OUTCOME_NAMES, Outcome, OutcomeName, record_outcomes
from serving.checking import today
from serving.config import Settings
from serving.jobs import open_book
from serving.sheets import Sheet, minor_units

OUTCOME_COLUMNS = ("entry_id", "outcome", "happened_on", "channel", "cost", "by", "note")
CONTACT_COLUMNS = ("customer_id", "contacted_on", "channel", "cost", "by", "note", "entry_id", "key")
Word = tuple[str, Sequence[str], bool]  # a column, what may stand in it, and whether something must


@dataclass(frozen=True)
class Reported:
    """What was recorded: how much of it was new to the book."""

    what: str
    recorded: Recorded

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {"what": self.what, **asdict(self.recorded)}

    def lines(self) -> Iterator[str]:
        """Say it to a person."""
        known = f"; {self.recorded.known:,} were known already" if self.recorded.known else ""
        yield f"{self.recorded.new:,} {self.what} recorded{known}"


def outcomes_from(settings: Settings, file: Path) -> Reported:
    """Record the outcomes of a CSV: entry_id, outcome, happened_on, and if known channel, cost, by, note.

    Raises:
        InputError: every wrong cell at once; nothing is recorded.
    """
    sheet, money = Sheet(file, OUTCOME_COLUMNS, OUTCOME_COLUMNS[:3]), settings.money
    rows = [
        Outcome(
            entry_id=row.cells["entry_id"],
            outcome=cast(OutcomeName, outcome_word(row.cells["outcome"])),
            happened_on=sheet.day(row, "happened_on"),
            channel=sheet.text(row, "channel"),
            cost_minor=sheet.money(row, "cost", money),
            by=sheet.text(row, "by"),
            note=sheet.text(row, "note"),
        )
        for row in sheet.rows
    ]
    source = Source(sheet.name, [row.line for row in sheet.rows])
    words = (("outcome", OUTCOME_NAMES, True), ("channel", CHANNELS, False))
    with open_book(settings) as book:
        _refuse(book, sheet, rows, source, words)
        return Reported("outcomes", record_outcomes(book, rows, source))


def _refuse(book: Book, sheet: Sheet, rows: Sequence[Any], source: Source, words: Iterable[Word]) -> None:
    """Say cells that cannot be read together with what the book would refuse; do nothing where all can be read."""
    if not sheet.wrong:
        return
    with book.reading() as connection:
        entries = entries_of(connection, (row.entry_id for row in rows if row.entry_id))
    wrong = [*sheet.wrong, *unknown_entries(rows, entries, source), *negative_costs(rows, source)]
    for column, known, needed in words:
        wrong += unknown_words(rows, column, known, source, needed=needed)
    refuse(wrong, source)


def outcome_word(text: str) -> str:
    """Return an outcome as the book writes it.

    >>> outcome_word("Not saved"), outcome_word("do-not-contact")
    ('not_saved', 'do_not_contact')
    """
    return re.sub(r"[\s-]+", "_", text.strip().casefold())


def one_outcome(
    settings: Settings,
    entry_id: str,
    outcome: str,
    *,
    on: date | None = None,
    channel: str | None = None,
    cost: str | None = None,
    by: str = "",
    note: str | None = None,
) -> Reported:
    """Record what came of one entry; without a day it happened today.

    Raises:
        InputError: an unknown entry or word, or a cost that is no amount.
    """
    word = cast(OutcomeName, outcome_word(outcome))
    spent = None if cost is None else amount(cost, settings.money)
    row = Outcome(entry_id, word, on or today(settings), channel, spent, by or None, note)
    with open_book(settings) as book:
        return Reported("outcomes", record_outcomes(book, [row]))


def contacts_from(settings: Settings, file: Path) -> Reported:
    """Record contacts that were made elsewhere: customer_id, contacted_on, channel, and if known the rest.

    Raises:
        InputError: every wrong cell at once; nothing is recorded.
    """
    sheet, money = Sheet(file, CONTACT_COLUMNS, CONTACT_COLUMNS[:3]), settings.money
    rows = [
        Contact(
            customer_id=row.cells["customer_id"],
            contacted_on=sheet.day(row, "contacted_on"),
            channel=row.cells["channel"],
            cost_minor=sheet.money(row, "cost", money),
            **{name: sheet.text(row, name) for name in ("by", "note", "entry_id", "key")},
        )
        for row in sheet.rows
    ]
    source = Source(sheet.name, [row.line for row in sheet.rows])
    with open_book(settings) as book:
        _refuse(book, sheet, rows, source, [("channel", CHANNELS, True)])
        return Reported("contacts", record_contacts(book, rows, source))


def amount(text: str, money: Money) -> int:
    """Return an amount as it is written on a command line, in minor units.

    Raises:
        InputError: it is none.

    >>> amount("12.50", Money("EUR"))
    1250
    """
    try:
        return minor_units(text, money)
    except ValueError:
        raise InputError(f'"{text}" is not an amount: write it as 12.50, without a currency') from None


def consent_to(
    settings: Settings, customer_ids: Sequence[str], channel: str, on: date | None, source: str, *, allowed: bool
) -> Reported:
    """Record what customers said about being contacted."""
    rows = [Consent(who, channel, allowed, on or today(settings), source) for who in customer_ids]
    with open_book(settings) as book:
        return Reported("consents", set_consent(book, rows))


def hold_accounts(
    settings: Settings, account_ids: Sequence[str], kind: str, since: date | None, until: date | None, by: str, why: str
) -> Reported:
    """Keep accounts off the lists, or lift that again.

    Raises:
        InputError: nobody says who and why, or the end does not fit the kind.
    """
    _said(by, why)
    with open_book(settings) as book:
        return Reported(
            "holds", hold(book, account_ids, cast(HoldKind, kind), since or today(settings), until, by, why)
        )


def hand_over_accounts(
    settings: Settings, account_ids: Sequence[str], owner: str, since: date | None, by: str, why: str
) -> Reported:
    """Give accounts to another owner.

    Raises:
        InputError: nobody says who and why, or the owner has no name.
    """
    _said(by, why)
    with open_book(settings) as book:
        hand_over(book, account_ids, owner, since or today(settings), by, why)
    return Reported("hand-overs", Recorded(len(set(account_ids)), 0))


def _said(by: str, why: str) -> None:
    if not (by.strip() and why.strip()):
        raise InputError("--by NAME and --why TEXT are needed: who decides, and for what reason")
