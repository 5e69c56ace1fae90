"""What people report back: outcomes of entries, contacts made elsewhere, consent, holds and hand-overs.

Everything goes into the book in one transaction; the same report twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, cast

from features.errors import InputError
from features.money import Money, minor_units
from features.sources.cells import customer_id as clean_id
from serving.book.decisions import (
    Consent,
    Contact,
    HoldKind,
    Recorded,
    check_hold,
    entries_of,
    hand_over,
    hold,
    record_contacts,
    set_consent,
    wrong_contacts,
)
from serving.book.outcomes import Outcome, OutcomeName, days_of_outcomes, record_outcomes, wrong_outcomes
from serving.book.row_checks import Source, refuse
from serving.commands.lists.csv_input import Sheet, open_table, snake_case
from serving.commands.lists.filled_in import filled_rows, outcomes_in, sheets_of
from serving.commands.lists.known_ids import accounts_named, not_in_orders, unknown_customers
from serving.outreach.plan.in_words import OUTCOMES as OUTCOME_WORDS
from serving.shop import OpenShop

CONTACT_COLUMNS = ("customer_id", "contacted_on", "channel", "cost", "by", "note", "entry_id", "key")
# What an error names, where there is no file.
OPTIONS = {
    "entry_id": "--entry",
    "happened_on": "--on",
    **{name: f"--{name}" for name in ("outcome", "channel", "cost")},
}
MOST_NAMED = 10  # ids in a sentence


@dataclass(frozen=True)
class Reported:
    """What was recorded: how much of it was new to the book.

    Args:
        what: the plural of what it is.
        recorded: how much.
        unknown: ids of whom neither the book nor the shop's files know; recorded all the same. None = not asked.
        accounts: id given → account that it stands for, where accounts are marked; None elsewhere.
        done: what was done to an account, as a participle.
    """

    what: str
    recorded: Recorded
    unknown: Sequence[str] | None = None
    accounts: Mapping[str, str] | None = None
    done: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        counts = {name: getattr(self.recorded, name) or None for name in ("closed", "forgotten")}
        optional = {**counts, "unknown": self.unknown, "accounts": self.accounts}
        return {
            "what": self.what,
            "new": self.recorded.new,
            "known": self.recorded.known,
            **{name: value for name, value in optional.items() if value is not None},
        }

    def lines(self) -> Iterator[str]:
        """Say it to a person."""
        new, known = self.recorded.new, self.recorded.known
        what = self.what.removesuffix("s") if new == 1 else self.what
        also = f"; {known:,} {'was' if known == 1 else 'were'} known already" if known else ""
        yield f"{new:,} {what} recorded{also}"
        for given, account in (self.accounts or {}).items():
            if given != account:
                yield f"{given} belongs to account {account}: {self.done} for the account"
        if closed := self.recorded.closed:
            yield f"{closed:,} {'is' if closed == 1 else 'are'} of a list that was taken back; recorded all the same"
        if gone := self.recorded.forgotten:
            who = "is of a customer who was" if gone == 1 else "are of customers who were"
            yield f"{gone:,} {who} forgotten; not recorded"
        if self.unknown:
            yield _unknown_in_words(self.unknown)


def _unknown_in_words(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - MOST_NAMED:,} more" if len(ids) > MOST_NAMED else ""
    count = "1 id is" if len(ids) == 1 else f"{len(ids):,} ids are"
    return f"{count} known neither to the book nor to the shop's files: {', '.join(ids[:MOST_NAMED])}{more}"


@dataclass(frozen=True)
class HandedIn:
    """By whom a file of outcomes is handed in, and what they may hand in.

    Args:
        by: recorded where a row says nobody; None = nobody is.
        seen: returns those of some customers whose entries may be marked; None = everybody's.
        most_cells: of each sheet of a workbook; None = as many as there are.
    """

    by: str | None = None
    seen: Callable[[Collection[str]], Collection[str]] | None = None
    most_cells: int | None = None


def outcomes_from(shop: OpenShop, file: Path, handed_in: HandedIn = HandedIn()) -> Reported:
    """Record the outcomes of a file: a list of ours as it was filled in, CSV or workbook, or a table of outcomes.

    Args:
        shop: the open shop.
        file: CSV or workbook.
        handed_in: by whom.

    Raises:
        InputError: every wrong cell at once, and every entry that may not be marked; nothing is recorded.
    """
    sheets = sheets_of(file, handed_in.most_cells)
    told = days_of_outcomes(shop.book, (row.cells["entry_id"] for sheet in sheets for row in filled_rows(sheet)))
    money, today = shop.settings.money, shop.today
    found = [(sheet, *each) for sheet in sheets for each in outcomes_in(sheet, told, today, money)]
    rows = [replace(outcome, by=outcome.by or handed_in.by) for _, _, outcome in found]
    lines, files = [row.line for _, row, _ in found], [sheet.name for sheet, _, _ in found]
    source = Source(file.name, lines, files=files, words={"outcome": OUTCOME_WORDS})
    wrong = [violation for sheet in sheets for violation in sheet.wrong]
    if wrong or handed_in.seen is not None:
        entries = _seen(_entries(shop, rows), handed_in)
        refuse([*wrong, *wrong_outcomes(rows, entries, source, today)], source)
    return Reported("outcomes", record_outcomes(shop.book, rows, source, latest=today))


def _seen(entries: Mapping[str, Any], handed_in: HandedIn) -> Mapping[str, Any]:
    """Return the entries that may be marked: of another one it is said that there is none."""
    if handed_in.seen is None:
        return entries
    seen = set(handed_in.seen({entry["customer_id"] for entry in entries.values()}))
    return {name: entry for name, entry in entries.items() if entry["customer_id"] in seen}


def _entries(shop: OpenShop, rows: Iterable[Outcome | Contact]) -> dict[str, Any]:
    with shop.book.reading() as connection:
        return dict(entries_of(connection, (row.entry_id for row in rows if row.entry_id)))


def one_outcome(
    shop: OpenShop,
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
    word = cast(OutcomeName, snake_case(outcome))
    spent = None if cost is None else amount(cost, shop.settings.money)
    row = Outcome(entry_id, word, on or shop.today, channel, spent, by or None, note)
    source = Source("the outcome", options=OPTIONS)
    return Reported("outcomes", record_outcomes(shop.book, [row], source, latest=shop.today))


def contacts_from(shop: OpenShop, file: Path) -> Reported:
    """Record contacts that were made elsewhere: customer_id, contacted_on, channel, and if known the rest.

    Raises:
        InputError: every wrong cell at once; nothing is recorded.
    """
    sheet, money = Sheet(open_table(file), CONTACT_COLUMNS, CONTACT_COLUMNS[:3]), shop.settings.money
    rows = [
        Contact(
            customer_id=clean_id(sheet.needed(row, "customer_id")),
            contacted_on=sheet.day(row, "contacted_on"),
            channel=row.cells["channel"],
            cost_minor=sheet.money(row, "cost", money),
            **{name: sheet.text(row, name) for name in ("by", "note", "entry_id", "key")},
        )
        for row in sheet.rows
    ]
    source = Source(sheet.name, [row.line for row in sheet.rows])
    if sheet.wrong:
        refuse([*sheet.wrong, *wrong_contacts(rows, _entries(shop, rows), source, shop.today)], source)
    done = record_contacts(shop.book, rows, source, latest=shop.today)
    return Reported("contacts", done, _unknown_ids(shop, [row.customer_id for row in rows]))


def _unknown_ids(shop: OpenShop, ids: Sequence[str]) -> list[str]:
    return not_in_orders(shop, unknown_customers(shop, ids))


def amount(text: str, money: Money) -> int:
    """Return an amount as it is written on a command line, in minor units.

    Raises:
        InputError: it is none.

    >>> amount("12.50", Money("EUR"))
    1250
    """
    try:
        minor = minor_units(text, money)
    except ValueError:
        raise InputError(f'"{text}" is not an amount: write it as 12.50, without a currency') from None
    if minor < 0:
        raise InputError(f"what was spent is 0 or more, not {text}")
    return minor


def consent_to(
    shop: OpenShop, customer_ids: Sequence[str], channel: str, on: date | None, source: str, *, allowed: bool
) -> Reported:
    """Record whether customers agree to be contacted, also those who have not ordered yet.

    Raises:
        InputError: an unknown channel, an id that is none, or a day that is still to come.
    """
    ids = [_customer_id(each) for each in customer_ids]
    rows = [Consent(who, channel, allowed, on or shop.today, source) for who in ids]
    given = Source("the consent", options=OPTIONS | {"decided_on": "--on"})
    done = set_consent(shop.book, rows, given, latest=shop.today)
    return Reported("consents", done, _unknown_ids(shop, ids))


def _customer_id(given: str) -> str:
    found = clean_id(given.strip())
    if not found:
        raise InputError(f'"{given}" is not the id of a customer')
    return found


def hold_accounts(
    shop: OpenShop, account_ids: Sequence[str], kind: str, since: date | None, until: date | None, by: str, why: str
) -> Reported:
    """Keep accounts off the lists, or lift that again; a customer stands for the account that it belongs to.

    Raises:
        InputError: nobody says who and why, the end does not fit the kind, or an id is neither an account nor a
            customer.
    """
    _refuse_unsigned(by, why)
    check_hold(kind, since or shop.today, until)
    named = accounts_named(shop, account_ids)
    accounts = dict.fromkeys(named.values())
    first, known = since or shop.today, shop.customers.accounts
    done = hold(shop.book, accounts, cast(HoldKind, kind), first, until, by, why, accounts=known)
    return Reported("holds", done, accounts=named, done="lifted" if kind == "lift" else "held")


def hand_over_accounts(
    shop: OpenShop, account_ids: Sequence[str], owner: str, since: date | None, by: str, why: str
) -> Reported:
    """Give accounts to another owner; a customer stands for the account that it belongs to.

    Raises:
        InputError: nobody says who and why, the owner has no name, or an id is neither an account nor a customer.
    """
    _refuse_unsigned(by, why)
    named = accounts_named(shop, account_ids)
    accounts = dict.fromkeys(named.values())
    hand_over(shop.book, accounts, owner, since or shop.today, by, why, accounts=shop.customers.accounts)
    return Reported("hand-overs", Recorded(len(accounts), 0), accounts=named, done="handed over")


def _refuse_unsigned(by: str, why: str) -> None:
    if not (by.strip() and why.strip()):
        raise InputError("--by NAME and --why TEXT are needed: who decides, and for what reason")
