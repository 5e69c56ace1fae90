"""Deletes what was kept for longer than the shop wants: rows whose period is over, and nothing that still counts.

The last run and the last list stay however old they are, the scores of a list as long as its entries, and of the audit
the last row of each kind, by which the shop knows what serves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from serving.book.book import Book
from serving.book.privacy.erasure import overwrite_deleted
from serving.book.privacy.holdings import HOLDINGS, Holding
from serving.book.schema import AUDIT, ENTRIES, ENTRY_ALIASES, LISTS, METADATA, OUTBOX, RUNS, SCORES

Condition = sa.ColumnElement[bool]


def tidy(book: Book, periods: Mapping[str, int | None], today: date) -> dict[str, int]:
    """Delete the rows whose period is over, in one transaction.

    Args:
        book: the database of record.
        periods: period of HOLDINGS → days; None = kept until the customer is forgotten.
        today: from which the days are counted back.

    Returns:
        Table → how many rows, of the tables that have any.
    """
    with book.writing() as connection:
        overwrite_deleted(connection)
        counts = {
            table.name: connection.execute(sa.delete(table).where(over)).rowcount
            for table, over in _all_over(periods, today)
        }
    return {name: count for name, count in counts.items() if count}


def rows_over(connection: Connection, periods: Mapping[str, int | None], today: date) -> dict[str, int]:
    """Return table → how many rows `tidy` would delete, of the tables that have any; nothing is written.

    Args:
        connection: to the book.
        periods: as of `tidy`.
        today: from which the days are counted back.
    """
    counts = {
        table.name: connection.execute(sa.select(sa.func.count()).select_from(table).where(over)).scalar_one()
        for table, over in _all_over(periods, today)
    }
    return {name: count for name, count in counts.items() if count}


def _all_over(periods: Mapping[str, int | None], today: date) -> Iterator[tuple[sa.Table, Condition]]:
    """Yield each table that has a period, and the condition of its rows to go: the same before others went and after.

    Entries come before what stays as long as they do: aliases of them, and scores.
    """
    days = {each: periods[each.period] for each in HOLDINGS if each.period}
    entries = next(each for each in HOLDINGS if each.table is ENTRIES)
    entry_goes: Condition = sa.false()
    if (kept := days[entries]) is not None:
        entry_goes = _over(entries, today - timedelta(days=kept), sa.false())
    for each in sorted(days, key=lambda each: each.table is SCORES):
        if (kept := days[each]) is not None:
            yield each.table, _over(each, today - timedelta(days=kept), entry_goes)
    stays = sa.exists().where(ENTRIES.c.entry_id == ENTRY_ALIASES.c.entry_id, sa.not_(entry_goes))
    yield ENTRY_ALIASES, ~stays


def _over(holding: Holding, first_kept: date, entry_goes: Condition) -> Condition:
    """Return the condition of the rows whose period is over."""
    assert holding.since is not None
    table, since = holding.table, holding.since
    if "." in since:
        return _of_old_parent(table, METADATA.tables[since.partition(".")[0]], first_kept, entry_goes)
    column = table.c[since]
    begins: Any = first_kept if isinstance(column.type, sa.Date) else datetime.combine(first_kept, datetime.min.time())
    return sa.and_(column < begins, _counts_no_more(table))


def _of_old_parent(table: sa.Table, parent: sa.Table, first_kept: date, entry_goes: Condition) -> Condition:
    last = sa.select(parent.c.id).order_by(parent.c.as_of.desc(), parent.c.id.desc()).limit(1).scalar_subquery()
    old = sa.select(parent.c.id).where(parent.c.as_of < first_kept, parent.c.id != last)
    if table is SCORES:  # a list of former days is read together with the scores that it was made of
        needed = sa.select(LISTS.c.run_id).where(
            sa.exists().where(ENTRIES.c.list_id == LISTS.c.id, sa.not_(entry_goes))
        )
        old = old.where(RUNS.c.id.not_in(needed))
    return table.c[f"{parent.name.removesuffix('s')}_id"].in_(old)


def _counts_no_more(table: sa.Table) -> Condition:
    """Return what else must hold of an old row: a message is settled, and another row of the audit is newer."""
    if table is OUTBOX:
        return OUTBOX.c.next_at.is_(None)
    if table is AUDIT:
        newer = AUDIT.alias()
        return sa.exists().where(newer.c.action == AUDIT.c.action, newer.c.id > AUDIT.c.id)
    return sa.true()
