"""What people decide about customers and accounts: contacts, consent, holds (vetoes, snoozes, lifts) and hand-overs.

Every function is idempotent: a row that the book holds already is not written again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from operator import itemgetter
from typing import Any, Literal, TypeVar, get_args

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from features.errors import InputError, Violation, suggest
from features.sources.people.consent import CHANNELS
from serving.book.book import Book
from serving.book.people.held import LIFT, keep_for, left_behind, lift_for, people_of
from serving.book.people.owned import customers_of, give
from serving.book.privacy.entry_ids import ids_by_alias, with_current_ids
from serving.book.privacy.own_ids import OF, told_apart
from serving.book.privacy.tombstones import forgotten_among
from serving.book.row_checks import Source, days_after, refuse, unknown_words, wrong_reports
from serving.book.schema import CONSENT, CONTACTS, ENTRIES, HOLDS, LISTS, OWNERS, RUNS
from serving.book.sql_rows import digest, insert_missing, insert_or_replace, rows_with, texts_from_json, utc_now
from serving.outreach.plan.accounts import Accounts
from serving.outreach.plan.snapshot import EVERY_CHANNEL

HoldKind = Literal["veto", "snooze", "lift"]
HOLD_KINDS: tuple[HoldKind, ...] = get_args(HoldKind)
HAND_OVER = "hand-over"
Facts = Callable[[Mapping[str, Any]], Any]  # the values of some columns of a row


@dataclass(frozen=True)
class Recorded:
    """How many of the given rows were new, and how many the book held already.

    `closed` counts those of entries that were closed when their list was taken back; they are recorded all the same.
    `forgotten` counts those of customers who were forgotten; they are not recorded.
    """

    new: int
    known: int
    closed: int = 0
    forgotten: int = 0


@dataclass(frozen=True)
class Contact:
    """One contact with a customer; `cost_minor` in minor units, `entry_id` where a list asked for it.

    Without a `key` a contact is identified by its entry and day, or by its customer, day and channel.
    """

    customer_id: str
    contacted_on: date
    channel: str
    cost_minor: int | None = None
    by: str | None = None
    note: str | None = None
    entry_id: str | None = None
    key: str | None = None


@dataclass(frozen=True)
class Consent:
    """Whether a customer allows a channel, or every channel ("*"), since when, and where that is documented."""

    customer_id: str
    channel: str
    allowed: bool
    decided_on: date
    source: str


Row = TypeVar("Row", Contact, Consent)


@dataclass(frozen=True)
class Hold:
    """A veto, a snooze or the lift of one: `since` is its first day, `until` the first day after it."""

    account_id: str
    kind: HoldKind
    since: date
    until: date | None
    by: str
    why: str


def record_contacts(
    book: Book,
    rows: Sequence[Contact],
    source: Source | None = None,
    *,
    latest: date | None = None,
    by_owner: bool = False,
) -> Recorded:
    """Record contacts in one transaction; the same contact twice changes nothing.

    Args:
        book: the database of record.
        rows: in any order.
        source: named in errors.
        latest: the shop's today: later days are refused; None = not checked.
        by_owner: whether a key of one owner sent them: a contact's key is then one of its customer's.

    Raises:
        InputError: an unknown channel or entry, a negative cost, or a day before the entry's list or after `latest`;
            nothing is recorded.
    """
    source = source or Source()
    with book.writing() as connection:
        entries = entries_of(connection, (row.entry_id for row in rows if row.entry_id))
        refuse(wrong_contacts(rows, entries, source, latest), source)
        left = _of_nobody_forgotten(connection, book, with_current_ids(rows, entries))
        done = write_contacts(connection, _keys_told_apart(connection, left) if by_owner else left)
        return Recorded(done.new, done.known, closed_among(left, entries), len(rows) - len(left))


def _of_nobody_forgotten(connection: Connection, book: Book, rows: Sequence[Row]) -> list[Row]:
    """Return the rows of customers who were not forgotten."""
    gone = forgotten_among(connection, book.keeper, {row.customer_id for row in rows})
    return [row for row in rows if row.customer_id not in gone]


def _keys_told_apart(connection: Connection, rows: Sequence[Contact]) -> list[Contact]:
    """Return contacts whose key, where another customer has it, is one of their own customer's."""
    given = [(row.key, row.customer_id) for row in rows if row.key]
    query = sa.select(CONTACTS.c.key, CONTACTS.c.customer_id)
    found = rows_with(connection, query, CONTACTS.c.key, (key for key, _ in given))
    keys = iter(told_apart(given, {row["key"]: row["customer_id"] for row in found}))
    return [replace(row, key=_short(next(keys))) if row.key else row for row in rows]


def _short(key: str) -> str:
    return digest(key) if OF in key else key  # the column has room for a digest


def wrong_contacts(
    rows: Sequence[Contact], entries: Mapping[str, RowMapping], source: Source, latest: date | None = None
) -> list[Violation]:
    """Return the violations that `record_contacts` raises; `entries` come from `entries_of`."""
    wrong = [
        *_entries_of_others(rows, entries, source),
        *unknown_words(rows, "channel", CHANNELS, source, needed=True),
    ]
    return wrong_reports(rows, listed_on(entries), source, "contacted_on", latest, wrong)


def _entries_of_others(
    rows: Sequence[Contact], entries: Mapping[str, RowMapping], source: Source
) -> Iterator[Violation]:
    """Yield each row whose entry belongs to another customer, who is not of the same account either."""
    for row_number, row in enumerate(rows):
        entry = None if row.entry_id is None else entries.get(row.entry_id)
        if entry is None:
            continue
        account = {entry["customer_id"], entry["account_id"], *(texts_from_json(entry["members"]) or ())}
        if row.customer_id not in account:
            remedy = "copy customer_id and entry_id from the same line of the list"
            yield Violation(
                source.file, source.line(row_number), "entry_id", "an entry of this customer", str(row.entry_id), remedy
            )


def set_consent(
    book: Book, rows: Sequence[Consent], source: Source | None = None, *, latest: date | None = None
) -> Recorded:
    """Record customers' consent in one transaction; what the last row of a day says already is not repeated.

    Args:
        book: the database of record.
        rows: of several on a day the last one counts.
        source: named in errors.
        latest: the shop's today; None = not checked.

    Raises:
        InputError: an unknown channel, or a day after `latest`; nothing is recorded.
    """
    source = source or Source()
    wrong = unknown_words(rows, "channel", (*CHANNELS, EVERY_CHANNEL), source, needed=True)
    refuse([*wrong, *days_after(rows, "decided_on", latest, source)], source)
    with book.writing() as connection:
        left = _of_nobody_forgotten(connection, book, rows)
        return replace(write_consent(connection, left), forgotten=len(rows) - len(left))


def hold(
    book: Book,
    account_ids: Iterable[str],
    kind: HoldKind,
    since: date,
    until: date | None,
    by: str,
    why: str,
    *,
    accounts: Accounts | None = None,
) -> Recorded:
    """Keep accounts off the list by their owner's veto or snooze, or lift either; the latest row decides.

    A hold is of the account and of everybody who belongs to it today, wherever they go. A lift ends what was set under
    its account, and what its customers of today brought from others.

    Args:
        book: the database of record.
        account_ids: the accounts.
        kind: `veto` for good, `snooze` until a day, `lift` to end either.
        since: first day of the hold.
        until: first day after a snooze; None for the others.
        by: who decided.
        why: shown as the reason for not being on the list.
        accounts: who belongs to which account today; None = as the list in force has it.

    Raises:
        InputError: an unknown kind, or an end that the kind does not allow.
    """
    check_hold(kind, since, until)
    rows = [Hold(each, kind, since, until, by, why) for each in dict.fromkeys(account_ids)]
    with book.writing() as connection:
        return hold_in(connection, rows, accounts)


def hold_in(connection: Connection, rows: Sequence[Hold], accounts: Accounts | None) -> Recorded:
    """Keep accounts off the list, or lift that, as `hold` does: checked holds of one kind and day.

    Args:
        connection: of a writer.
        rows: each of another account.
        accounts: who belongs to which account today; None = as the list in force has it.
    """
    people = people_of(connection, (row.account_id for row in rows), accounts)
    done = write_holds(connection, rows, people)
    lifts = [row for row in rows if row.kind == LIFT]
    if lifts:
        _lift_along(connection, lifts, people, accounts)
    return done


def _lift_along(
    connection: Connection, rows: Sequence[Hold], people: Mapping[str, Collection[str]], accounts: Accounts | None
) -> None:
    """Lift what customers were held by under other accounts, and the accounts that nobody is left in."""
    lifted = _hold_ids(connection, rows)
    lift_for(connection, lifted, people)
    if accounts is not None and rows:
        empty = left_behind(connection, lifted, accounts, rows[0].since)
        write_holds(connection, [replace(rows[0], account_id=each) for each in empty], {})


def check_hold(kind: str, since: date, until: date | None) -> None:
    """Refuse an invalid hold.

    Raises:
        InputError: an unknown kind, or an end that the kind does not allow.

    >>> check_hold("snooze", date(2026, 3, 2), date(2026, 3, 9))
    """
    if kind not in HOLD_KINDS:
        raise InputError(f'"{kind}" is not a hold; known are {", ".join(HOLD_KINDS)}.{suggest(kind, HOLD_KINDS)}')
    if kind != "snooze" and until is not None:
        raise InputError(f"a {kind} has no end: leave --until out, or record a snooze")
    if kind == "snooze" and until is None:
        raise InputError("a snooze has an end: name the first day on which it holds no longer, with --until")
    if until is not None and until <= since:
        raise InputError(
            f"a snooze until {until} would end before it has held for a day, for it begins on {since}: name a later "
            "day with --until, or the day on which it began with --on"
        )


def hand_over(
    book: Book,
    account_ids: Iterable[str],
    owner: str,
    since: date,
    by: str,
    why: str,
    *,
    accounts: Accounts | None = None,
) -> None:
    """Give accounts, and everybody who belongs to them today, to an owner from a day on; former owners stay known.

    Args:
        book: the database of record.
        account_ids: the accounts.
        owner: whose they are from then on.
        since: the first day.
        by: who decided.
        why: for what reason.
        accounts: who belongs to which account today; None = as the list in force has it.

    Raises:
        InputError: an owner without a name.
    """
    if not owner.strip():
        raise InputError("an owner has a name")
    facts = {"owner": owner.strip(), "how": HAND_OVER, "since": since, "by": by, "why": why}
    asked = dict.fromkeys(account_ids)
    with book.writing() as connection:
        insert_or_replace(connection, OWNERS, [{"account_id": account_id, **facts} for account_id in asked])
        give(connection, customers_of(connection, asked, accounts), owner.strip(), since)


def entries_of(connection: Connection, entry_ids: Iterable[str]) -> dict[str, RowMapping]:
    """Return entry id → its id, customer_id, account_id, channel, members, horizon_days and as_of, as of its last list.

    An alias leads to its entry, too, whose `entry_id` is the one that it has now.
    """
    asked = dict.fromkeys(entry_ids)
    now = ids_by_alias(connection, asked)
    account = sa.func.coalesce(ENTRIES.c.account_id, ENTRIES.c.customer_id).label("account_id")
    query = (
        sa.select(
            *(ENTRIES.c[n] for n in ("entry_id", "customer_id", "channel", "members", "closed_at")),
            account,
            RUNS.c.horizon_days,
            LISTS.c.as_of,
        )
        .join_from(ENTRIES, LISTS)
        .join(RUNS)
        .order_by(ENTRIES.c.list_id)
    )
    ids = (*asked, *now.values())
    found = {row["entry_id"]: row for row in rows_with(connection, query, ENTRIES.c.entry_id, ids)}
    return found | {alias: found[entry_id] for alias, entry_id in now.items() if entry_id in found}


def closed_among(rows: Iterable[Any], entries: Mapping[str, RowMapping]) -> int:
    """Return how many rows are of closed entries; `entries` come from `entries_of`."""
    return sum(row.entry_id in entries and entries[row.entry_id]["closed_at"] is not None for row in rows)


def listed_on(entries: Mapping[str, RowMapping]) -> dict[str, date]:
    """Return entry id → day of its list; `entries` come from `entries_of`."""
    return {name: row["as_of"] for name, row in entries.items()}


def write_contacts(connection: Connection, rows: Sequence[Contact]) -> Recorded:
    """Write checked contacts; of two with the same key the first stays."""
    made: dict[str, dict[str, Any]] = {}
    for row in rows:
        facts = asdict(row) | {"key": _contact_key(row), "recorded_at": utc_now()}
        facts["cost"] = facts.pop("cost_minor")
        made.setdefault(facts["key"], facts)
    known = {row["key"] for row in rows_with(connection, sa.select(CONTACTS.c.key), CONTACTS.c.key, made)}
    insert_missing(connection, CONTACTS, [facts for key, facts in made.items() if key not in known])
    return Recorded(len(made) - len(known), len(rows) - len(made) + len(known))


def write_consent(connection: Connection, rows: Sequence[Consent]) -> Recorded:
    """Write checked consent, each row unless the last one of its day, customer and channel says the same."""
    key = itemgetter("customer_id", "channel", "decided_on")
    return _write_changed(connection, CONSENT.c.customer_id, rows, key, itemgetter("allowed"))


def write_holds(connection: Connection, rows: Sequence[Hold], people: Mapping[str, Collection[str]]) -> Recorded:
    """Write checked holds, each unless the last one of its account and first day is the same.

    Args:
        connection: of a writer.
        rows: in the order in which they were decided.
        people: account → its customers, whom the holds follow.
    """
    content = itemgetter("kind", "until", "by", "why")
    done = _write_changed(connection, HOLDS.c.account_id, rows, itemgetter("account_id", "since"), content)
    for day in dict.fromkeys(row.since for row in rows):
        keep_for(connection, _hold_ids(connection, [row for row in rows if row.since == day]), people)
    return done


def _hold_ids(connection: Connection, rows: Sequence[Hold]) -> dict[str, int]:
    """Return account → the last hold of its day; rows of one day."""
    if not rows:
        return {}
    query = sa.select(HOLDS.c.account_id, HOLDS.c.id).where(HOLDS.c.since == rows[0].since)
    found = rows_with(connection, query.order_by(HOLDS.c.id), HOLDS.c.account_id, (row.account_id for row in rows))
    return {row["account_id"]: row["id"] for row in found}


def _write_changed(
    connection: Connection, of: sa.Column[Any], rows: Sequence[Consent | Hold], key: Facts, content: Facts
) -> Recorded:
    """Write each row unless the last one with its key has the same content; `of` is the column of whose rows."""
    table, given, new = of.table, [asdict(row) for row in rows], []
    found = rows_with(connection, sa.select(table).order_by(table.c.id), of, (each[of.name] for each in given))
    last = {key(row): content(row) for row in found}
    for facts in given:
        if last.get(key(facts)) != content(facts):
            new.append(facts | {"recorded_at": utc_now()})
            last[key(facts)] = content(facts)
    if new:
        connection.execute(sa.insert(table), new)
    return Recorded(len(new), len(rows) - len(new))


def _contact_key(row: Contact) -> str:
    if row.key:
        return row.key
    if row.entry_id:
        return entry_contact_key(row.entry_id, row.contacted_on)
    return digest("free", row.customer_id, row.contacted_on.isoformat(), row.channel)


def entry_contact_key(entry_id: str, day: date) -> str:
    """Return the key of the contact that a list's entry asked for: one a day."""
    return digest("entry", entry_id, day.isoformat())
