"""The entries of the list in force: briefly all of them, wholly those that a page shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from serving.book.lists import entries_in
from serving.book.pages import kind_rank
from serving.book.runs import Run, run_of
from serving.book.schema import ENTRIES, LISTS, SCORES
from serving.book.sql_rows import IDS_PER_QUERY, batches, texts_from_json
from serving.book.withdrawals import in_force


@dataclass(frozen=True, slots=True)
class ListInForce:
    """The list that counts.

    Args:
        id: its number.
        as_of: its day.
        published_at: in UTC.
        rank_by: the measure that decided its order.
        capacity: entries per owner; None = no bound.
        run: the scores behind it.
    """

    id: int
    as_of: date
    published_at: datetime
    rank_by: str
    capacity: int | None
    run: Run


@dataclass(frozen=True, slots=True)
class Listed:
    """One entry, briefly.

    Args:
        entry_id: names it; None in a list of before there were ids.
        customer_id: who stands for the account.
        account_id: of it.
        members: its other customers who were at risk too.
        kind: regular, new, winback or reminder.
        name: of the customers file.
        title: what to do.
        due_on: by when.
        change: new or still, against the list before.
    """

    entry_id: str | None
    customer_id: str
    account_id: str
    members: tuple[str, ...]
    kind: str
    name: str | None
    title: str | None
    due_on: date | None
    change: str | None

    @property
    def customers(self) -> tuple[str, ...]:
        """All customers whom it is about."""
        return (self.customer_id, *self.members)


def list_in_force(connection: Connection) -> ListInForce | None:
    """Return the list that counts; None where there is none."""
    row = connection.execute(in_force()).mappings().first()
    return None if row is None else _list(connection, row)


def list_numbered(connection: Connection, list_id: int) -> ListInForce:
    """Return a list by its number, whether it counts or not."""
    return _list(connection, connection.execute(sa.select(LISTS).where(LISTS.c.id == list_id)).mappings().one())


def _list(connection: Connection, row: RowMapping) -> ListInForce:
    run = run_of(connection, row["run_id"])
    facts = {name: row[name] for name in ("as_of", "published_at", "rank_by", "capacity")}
    return ListInForce(id=int(row["id"]), run=run, **facts)


def listed_on(connection: Connection, list_id: int) -> list[Listed]:
    """Return every entry of a list briefly, in its order."""
    account = sa.func.coalesce(ENTRIES.c.account_id, ENTRIES.c.customer_id).label("account_id")
    names = ("entry_id", "customer_id", "members", "kind", "name", "title", "due_on", "change")
    query = sa.select(account, *(ENTRIES.c[name] for name in names)).where(ENTRIES.c.list_id == list_id)
    rows = connection.execute(query.order_by(kind_rank, ENTRIES.c.position)).mappings()
    return [Listed(**{**row, "members": texts_from_json(row["members"]) or ()}) for row in rows]


def whole_entries(connection: Connection, list_id: int, run: Run, customer_ids: Sequence[str]) -> pd.DataFrame:
    """Return some entries of a list with their scores, in ENTRY_NAMES and the order given.

    Args:
        connection: of a reader.
        list_id: of the list.
        run: the scores behind it.
        customer_ids: whose.
    """
    facts = (column for column in SCORES.c if column.name not in ("run_id", "customer_id"))
    query = (
        sa.select(*ENTRIES.c, *facts)
        .join_from(ENTRIES, SCORES, SCORES.c.customer_id == ENTRIES.c.customer_id)
        .where(ENTRIES.c.list_id == list_id, SCORES.c.run_id == run.id)
    )
    some = list(batches(customer_ids, IDS_PER_QUERY)) or [[]]
    parts = (query.where(ENTRIES.c.customer_id.in_(each)) for each in some)
    found = pd.concat([entries_in(connection, part, run) for part in parts], ignore_index=True)
    rank = {who: index for index, who in enumerate(customer_ids)}
    return found.iloc[found["customer_id"].map(rank).argsort()] if len(found) else found


def list_of_entry(connection: Connection, entry_id: str) -> tuple[int, str] | None:
    """Return the last list that holds an entry, and the customer who stands for it; None where none does."""
    query = sa.select(ENTRIES.c.list_id, ENTRIES.c.customer_id).where(ENTRIES.c.entry_id == entry_id)
    row: Any = connection.execute(query.order_by(ENTRIES.c.list_id.desc()).limit(1)).first()
    return None if row is None else (int(row.list_id), str(row.customer_id))
