"""The list in force as the inbox that a page shows: each entry with its owner of today and what came of it.

All of it is read at once and kept until the book or the customers file changes: a page of a large list reads the rows
that it shows and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from threading import Lock
from typing import Literal, get_args

from features.language.messages import Message
from serving.api.state import ServerState
from serving.book.inbox.listed import Listed, ListInForce, list_in_force, listed_on
from serving.book.inbox.orders_since import orders_since
from serving.book.inbox.standings import Mark, SetHold, Standing, standings_on
from serving.book.recognition.identity import identity_of
from serving.customers import Customers
from serving.pages.refusals import refusal
from serving.pages.search import folded
from serving.shop import reader_of

Tab = Literal["open", "today", "overdue", "new", "snoozed", "done"]
TABS: tuple[Tab, ...] = get_args(Tab)
State = Literal["open", "snoozed", "done"]


@dataclass(frozen=True)
class Row:
    """One entry of the inbox.

    Args:
        listed: the entry, briefly.
        owner: whose it is today.
        standing: what came of it.
        ordered_on: the day of an order since the list; None = none came.
        state: open, snoozed or done.
        tabs: in which it is shown.
    """

    listed: Listed
    owner: str
    standing: Standing
    ordered_on: date | None
    state: State
    tabs: frozenset[Tab]

    @cached_property
    def searched(self) -> str:
        """What a search looks through, folded."""
        facts = (self.listed.name, self.listed.customer_id, self.listed.title, self.owner)
        return folded(" ".join(each for each in facts if each))


@dataclass(frozen=True)
class Inbox:
    """The list in force, and its rows in the list's order."""

    of: ListInForce
    today: date
    rows: tuple[Row, ...]

    @cached_property
    def by_entry(self) -> Mapping[str, Row]:
        """Entry id → row."""
        return {row.listed.entry_id: row for row in self.rows if row.listed.entry_id}

    @cached_property
    def by_owner(self) -> Mapping[str, tuple[Row, ...]]:
        """Owner → rows, in the list's order."""
        found: dict[str, list[Row]] = {}
        for row in self.rows:
            found.setdefault(row.owner, []).append(row)
        return {owner: tuple(rows) for owner, rows in found.items()}

    def seen_by(self, owner: str | None) -> tuple[Row, ...]:
        """Return the rows that somebody sees: of one owner alone, or everybody's."""
        return self.rows if owner is None else self.by_owner.get(owner, ())


def state_of(standing: Standing, ordered_on: date | None, today: date) -> State:
    """Return the state of an entry: what was recorded last counts, and an order closes what is still open.

    Args:
        standing: what came of it.
        ordered_on: the day of an order since its list.
        today: the shop's day.

    >>> state_of(Standing(), None, date(2026, 3, 2)), state_of(Standing(), date(2026, 3, 2), date(2026, 3, 2))
    ('open', 'done')
    """
    last = standing.last
    if ordered_on is not None or isinstance(last, Mark):
        return "done"
    return "snoozed" if isinstance(last, SetHold) and last.holds(today) else "open"


def tabs_of(listed: Listed, state: State, today: date) -> frozenset[Tab]:
    """Return the tabs that show an entry.

    Args:
        listed: the entry.
        state: of it.
        today: the shop's day.
    """
    if state != "open":
        return frozenset({state})
    due = listed.due_on
    fits: dict[Tab, bool] = {
        "open": True,
        "today": due == today,
        "overdue": due is not None and due < today,
        "new": listed.change == "new",
    }
    return frozenset(tab for tab, holds in fits.items() if holds)


@dataclass
class InboxCache:
    """The inbox of one server; the same one until the book or the customers file changes, or the day ends."""

    _kept: tuple[tuple[int, date], Customers, Inbox] | None = None
    _reading: Lock = field(default_factory=Lock)

    def get(self, server: ServerState) -> Inbox | None:
        """Return the inbox; None where no list was published yet.

        Raises:
            Refusal: 503, the book or the customers file cannot be read.
        """
        customers, today = server.customers_today(), server.today
        with server.need_book().reading() as connection:
            identity = identity_of(connection)
            version = (-1 if identity is None else identity.writes, today)
        with self._reading:
            kept = self._kept
            if kept is None or kept[0] != version or kept[1] is not customers:
                found = _read(server, today)
                if found is None:
                    return None
                kept = self._kept = version, customers, found
        return kept[2]

    def need(self, server: ServerState) -> Inbox:
        """Return the inbox.

        Raises:
            Refusal: 404, there is none yet.
        """
        found = self.get(server)
        if found is None:
            raise refusal(404, "no-list", Message("No list has been published yet."))
        return found


def _read(server: ServerState, today: date) -> Inbox | None:
    settings = server.need_settings()
    with server.need_book().reading() as connection:
        of = list_in_force(connection)
        if of is None:
            return None
        listed = listed_on(connection, of.id)
        standings = standings_on(connection, of.id, of.as_of)
        members = [who for each in listed for who in each.members]
        ordered = orders_since(connection, of.as_of, reader_of(settings), list_id=of.id, customers=members)
    owners = server.owners_of(each.customer_id for each in listed)
    return Inbox(of, today, tuple(_rows(listed, owners, standings, ordered, today)))


def _rows(
    listed: list[Listed],
    owners: Mapping[str, str],
    standings: Mapping[str, Standing],
    ordered: Mapping[str, date],
    today: date,
) -> Iterator[Row]:
    for each in listed:
        standing = standings.get(each.entry_id or "", Standing())
        ordered_on = max((ordered[who] for who in each.customers if who in ordered), default=None)
        state = state_of(standing, ordered_on, today)
        yield Row(each, owners[each.customer_id], standing, ordered_on, state, tabs_of(each, state, today))
