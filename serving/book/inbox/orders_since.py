"""Which customers of a list have ordered since: by the latest scoring run, and by the orders that were posted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from features.clock import date_of
from serving.book.posted_log import Reader, order_days
from serving.book.runs import latest_run
from serving.book.schema import ENTRIES, POSTED_ORDERS, SCORES
from serving.book.sql_rows import rows_with

CAME_BEFORE = timedelta(days=2)  # an order of the list's day may have come before that day began in UTC


def orders_since(
    connection: Connection, as_of: date, reader: Reader, *, list_id: int | None = None, customers: Sequence[str] = ()
) -> dict[str, date]:
    """Return customer → the day of the last order, of those who have ordered on the day of a list or after it.

    Args:
        connection: of a reader.
        as_of: the list's day.
        reader: how the shop reads what is posted.
        list_id: everybody who stands for an entry of this list is asked for; None = nobody.
        customers: who is asked for besides.
    """
    found = _by_run(connection, as_of, list_id, customers)
    for who, day in _posted(connection, as_of, list_id, customers, reader):
        found[who] = max(day, found.get(who, day))
    return found


def _by_run(connection: Connection, as_of: date, list_id: int | None, customers: Sequence[str]) -> dict[str, date]:
    run = latest_run(connection)
    if run is None or run.as_of <= as_of:
        return {}
    since = SCORES.c.days_since_order <= (run.as_of - as_of).days
    facts = sa.select(SCORES.c.customer_id, SCORES.c.days_since_order).where(SCORES.c.run_id == run.id, since)
    rows = _rows(connection, facts, SCORES.c.customer_id, list_id, customers)
    return {row["customer_id"]: run.as_of - timedelta(days=int(row["days_since_order"])) for row in rows}


def _posted(
    connection: Connection, as_of: date, list_id: int | None, customers: Sequence[str], reader: Reader
) -> Iterable[tuple[str, date]]:
    lately = POSTED_ORDERS.c.recorded_at >= datetime.combine(as_of, time()) - CAME_BEFORE
    facts = sa.select(*(POSTED_ORDERS.c[name] for name in ("order_id", "customer_id", "lines"))).where(lately)
    rows = _rows(connection, facts, POSTED_ORDERS.c.customer_id, list_id, customers)
    days = ((who, date_of(day)) for who, day in order_days(rows, reader).items())
    return ((who, day) for who, day in days if day >= as_of)


def _rows(
    connection: Connection,
    facts: sa.Select[Any],
    customer: sa.Column[str],
    list_id: int | None,
    customers: Sequence[str],
) -> list[Any]:
    found: list[Any] = list(rows_with(connection, facts, customer, customers))
    if list_id is None:
        return found
    listed = facts.join_from(customer.table, ENTRIES, ENTRIES.c.customer_id == customer)
    return [*found, *connection.execute(listed.where(ENTRIES.c.list_id == list_id)).mappings()]
