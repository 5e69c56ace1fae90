"""One entry as a page shows it: whole, with what came of it; another owner's is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd
from sqlalchemy.engine import Connection

from serving.book.decisions import entries_of
from serving.book.inbox.backgrounds import Background, backgrounds_of
from serving.book.inbox.listed import ListInForce, list_numbered, list_of_entry, whole_entries
from serving.book.inbox.orders_since import orders_since
from serving.book.inbox.standings import Standing, standing_of
from serving.pages.inbox import State, state_of
from serving.pages.refusals import no_page
from serving.pages.visit import Visit
from serving.shop import reader_of


@dataclass(frozen=True, eq=False)
class FoundEntry:
    """One entry of a list.

    Args:
        frame: of one row, in ENTRY_NAMES.
        facts: as `entries_of` has it: its ids, its account, and whether it is closed.
        of: its list.
        owner: whose it is today.
        standing: what came of it.
        ordered_on: the day of an order since the list.
        state: open, snoozed or done.
        background: what was known when the list was made; None = the book does not hold it.
    """

    frame: pd.DataFrame
    facts: Mapping[Any, Any]
    of: ListInForce
    owner: str
    standing: Standing
    ordered_on: date | None
    state: State
    background: Background | None


def found_entry(visit: Visit, entry_id: str) -> FoundEntry:
    """Return an entry that the visitor may see.

    Raises:
        Refusal: 404, there is none, or it is another owner's.
    """
    with visit.server.need_book().reading() as connection:
        facts = entries_of(connection, [entry_id]).get(entry_id)
        place = None if facts is None else list_of_entry(connection, facts["entry_id"])
        if facts is None or place is None:
            raise no_page()
        owner = visit.server.owners_of([place[1]])[place[1]]
        if visit.who.owner not in (None, owner):
            raise no_page()
        return _found(visit, connection, facts, *place, owner)


def _found(
    visit: Visit, connection: Connection, facts: Mapping[Any, Any], list_id: int, customer_id: str, owner: str
) -> FoundEntry:
    of = list_numbered(connection, list_id)
    frame = whole_entries(connection, list_id, of.run, [customer_id])
    if not len(frame):  # its score was erased
        raise no_page()
    standing = standing_of(connection, facts["entry_id"], facts["account_id"], of.as_of)
    own, reader = (customer_id, *(frame["members"].iloc[0] or ())), reader_of(visit.server.need_settings())
    ordered_on = max(orders_since(connection, of.as_of, reader, customers=own).values(), default=None)
    state = state_of(standing, ordered_on, visit.server.today)
    known = backgrounds_of(connection, list_id, [customer_id]).get(customer_id)
    return FoundEntry(frame, facts, of, owner, standing, ordered_on, state, known)
