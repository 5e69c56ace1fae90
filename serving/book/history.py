"""Everything that the book holds of one customer, for `regulars why` and the API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from serving.book.book import Book
from serving.book.schema import (
    ARMS,
    CONSENT,
    CONTACTS,
    DRAWN,
    ENTRIES,
    EPISODES,
    GONE,
    HELD,
    HOLDS,
    LISTS,
    OUTCOMES,
    OWNED,
    OWNERS,
    PROGRAMME,
    RUNS,
    SCORES,
    SUPPRESSED,
)
from serving.book.sql_rows import frame_of
from serving.scores import with_unknown_money


@dataclass(frozen=True, eq=False)
class History:
    """All that the book holds of a customer and of the accounts that it belongs or belonged to.

    Each frame is in time order and has the columns of its table, money in minor units. Frames of runs and lists also
    have `as_of`; scores also `horizon_days`, `model_version` and `currency`; entries also `currency`. `lists` has the
    last list of each day, whoever is on it: that one is in force, and replaces earlier lists of the day.
    """

    customer_id: str
    account_ids: tuple[str, ...]
    lists: Mapping[date, int]
    scores: pd.DataFrame
    entries: pd.DataFrame
    suppressed: pd.DataFrame
    gone: pd.DataFrame
    contacts: pd.DataFrame
    outcomes: pd.DataFrame
    consent: pd.DataFrame
    holds: pd.DataFrame
    owners: pd.DataFrame
    arms: pd.DataFrame
    drawn: pd.DataFrame
    programme: pd.DataFrame
    episodes: pd.DataFrame

    @property
    def known(self) -> bool:
        """Whether the book holds anything of the customer."""
        return any(len(frame) for frame in vars(self).values() if isinstance(frame, pd.DataFrame))


def history_of(book: Book, customer_id: str) -> History:
    """Return everything that the book holds of a customer, read at one moment.

    The entries include those of another customer who stood for the account.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     book = Book(folder)
    ...     history_of(book, "ann").known
    ...     book.close()
    False
    """
    with book.reading() as connection:
        accounts = _accounts(connection, customer_id)
        return History(
            customer_id,
            accounts,
            lists=_lists(connection),
            scores=_scores(connection, customer_id),
            entries=_entries(connection, customer_id, accounts),
            suppressed=_of_lists(connection, SUPPRESSED, customer_id),
            gone=_of_lists(connection, GONE, customer_id),
            contacts=_rows_of(connection, CONTACTS, "customer_id", (customer_id,), "contacted_on", "recorded_at"),
            outcomes=_rows_of(connection, OUTCOMES, "customer_id", (customer_id,), "happened_on", "recorded_at"),
            consent=_rows_of(connection, CONSENT, "customer_id", (customer_id,), "decided_on", "id"),
            holds=_holds(connection, customer_id, accounts),
            owners=_owners(connection, customer_id, accounts),
            arms=_rows_of(connection, ARMS, "account_id", accounts, "since", "playbook"),
            drawn=_rows_of(connection, DRAWN, "customer_id", (customer_id,), "since", "account_id"),
            programme=_rows_of(connection, PROGRAMME, "customer_id", (customer_id,), "since"),
            episodes=_rows_of(connection, EPISODES, "account_id", accounts, "began_on"),
        )


def _lists(connection: Connection) -> dict[date, int]:
    query = sa.select(LISTS.c.as_of, sa.func.max(LISTS.c.id)).group_by(LISTS.c.as_of)
    return {row[0]: row[1] for row in connection.execute(query)}


def _accounts(connection: Connection, customer_id: str) -> tuple[str, ...]:
    # Joined from the lists, so that each look-up uses the primary key, whatever the number of customers.
    found = {customer_id}
    for table in (ENTRIES, SUPPRESSED):
        query = sa.select(table.c.account_id).join_from(LISTS, table, table.c.list_id == LISTS.c.id)
        found.update(connection.scalars(query.where(table.c.customer_id == customer_id)))
    for table in (EPISODES, DRAWN):
        found.update(connection.scalars(sa.select(table.c.account_id).where(table.c.customer_id == customer_id)))
    return tuple(sorted(each for each in found if each is not None))


def _scores(connection: Connection, customer_id: str) -> pd.DataFrame:
    of_run = (RUNS.c[name] for name in ("as_of", "horizon_days", "model_version", "currency"))
    query = sa.select(*of_run, SCORES).join_from(RUNS, SCORES).where(SCORES.c.customer_id == customer_id)
    return with_unknown_money(frame_of(connection, query.order_by(RUNS.c.as_of, RUNS.c.id)))


def _entries(connection: Connection, customer_id: str, accounts: tuple[str, ...]) -> pd.DataFrame:
    taken_back = (LISTS.c[name] for name in ("withdrawn_at", "withdrawn_by", "withdrawn_why"))
    query = (
        sa.select(LISTS.c.as_of, RUNS.c.currency, ENTRIES, *taken_back)
        .join_from(LISTS, ENTRIES)
        .join(RUNS, RUNS.c.id == LISTS.c.run_id)
        .where(sa.or_(ENTRIES.c.customer_id == customer_id, ENTRIES.c.account_id.in_(accounts)))
    )
    return frame_of(connection, query.order_by(LISTS.c.as_of, LISTS.c.id))


def _holds(connection: Connection, customer_id: str, accounts: tuple[str, ...]) -> pd.DataFrame:
    """Return the holds of the customer's accounts, and those that were of the customer under another one."""
    mine = sa.select(HELD.c.hold_id).where(HELD.c.customer_id == customer_id)
    query = sa.select(HOLDS).where(sa.or_(HOLDS.c.account_id.in_(accounts), HOLDS.c.id.in_(mine)))
    return frame_of(connection, query.order_by(HOLDS.c.since, HOLDS.c.id))


def _owners(connection: Connection, customer_id: str, accounts: tuple[str, ...]) -> pd.DataFrame:
    """Return the owners of the customer's accounts, and those whom it was given to under another one."""
    of_it = sa.and_(OWNED.c.account_id == OWNERS.c.account_id, OWNED.c.since == OWNERS.c.since)
    mine = OWNERS.outerjoin(OWNED, sa.and_(of_it, OWNED.c.customer_id == customer_id))
    query = sa.select(*(OWNERS.c[name] for name in ("account_id", "since", "owner", "how", "by", "why")))
    asked = sa.or_(OWNERS.c.account_id.in_(accounts), OWNED.c.customer_id.is_not(None))
    return frame_of(connection, query.select_from(mine).where(asked).order_by(OWNERS.c.since, OWNERS.c.account_id))


def _of_lists(connection: Connection, table: sa.Table, customer_id: str) -> pd.DataFrame:
    query = sa.select(LISTS.c.as_of, table).join_from(LISTS, table).where(table.c.customer_id == customer_id)
    return frame_of(connection, query.order_by(LISTS.c.as_of, LISTS.c.id))


def _rows_of(connection: Connection, table: sa.Table, column: str, ids: tuple[str, ...], *order: str) -> pd.DataFrame:
    query = sa.select(table).where(table.c[column].in_(ids))
    return frame_of(connection, query.order_by(*(table.c[name] for name in order)))
