"""What was looked at, and by whom: part of the audit, once an hour for each person and thing, kept for a year."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import sqlalchemy as sa

from serving.book.book import Book
from serving.book.schema import VIEWS
from serving.book.sql_rows import utc_now

Viewed = Literal["list", "entry", "customer", "desk", "export", "right", "pays"]
AGAIN_AFTER = timedelta(hours=1)
VIEWS_DAYS = 365  # how long it is kept who looked at what
MOST_FORGOTTEN = 100  # at a time: views come one by one, and none waits for a table to be searched


@dataclass(frozen=True)
class View:
    """Something that somebody looked at.

    Args:
        who: the person.
        owner: whose accounts alone were shown; None = everybody's.
        what: a list, an entry, a customer, the desk, an export, or one of the reports.
        list_id: of the list that was shown; None = none was.
        customer_id: whose page it was; None = nobody's alone.
    """

    who: str
    owner: str | None
    what: Viewed
    list_id: int | None = None
    customer_id: str | None = None


def record_view(book: Book, view: View) -> bool:
    """Record what somebody looked at, unless they did within the hour; return whether it was recorded.

    Views of more than VIEWS_DAYS ago are deleted with it.
    """
    facts = {name: getattr(view, name) for name in View.__dataclass_fields__}
    same = [VIEWS.c[name].is_not_distinct_from(value) for name, value in facts.items()]
    lately = sa.select(VIEWS.c.id).where(*same, VIEWS.c.at > utc_now() - AGAIN_AFTER).limit(1)
    with book.reading() as connection:
        if connection.scalar(lately) is not None:
            return False
    with book.writing() as connection:
        connection.execute(sa.insert(VIEWS).values(facts | {"at": utc_now()}))
        oldest = sa.select(VIEWS.c.id).order_by(VIEWS.c.id).limit(MOST_FORGOTTEN)
        is_old = VIEWS.c.at < utc_now() - timedelta(days=VIEWS_DAYS)
        connection.execute(sa.delete(VIEWS).where(VIEWS.c.id.in_(oldest.scalar_subquery()), is_old))
    return True


def views_of(book: Book, *, since: datetime | None = None) -> Sequence[tuple[datetime, View]]:
    """Return what was looked at, oldest first, with the time in UTC.

    Args:
        book: the database of record.
        since: from when on; None = ever.
    """
    query = sa.select(VIEWS).order_by(VIEWS.c.id)
    with book.reading() as connection:
        rows = connection.execute(query if since is None else query.where(VIEWS.c.at >= since)).mappings()
        return [(row["at"], View(**{name: row[name] for name in View.__dataclass_fields__})) for row in rows]


def last_looked(book: Book) -> dict[str, datetime]:
    """Return owner → when the owner's list was last looked at by somebody who sees that owner's accounts alone."""
    query = sa.select(VIEWS.c.owner, sa.func.max(VIEWS.c.at)).where(VIEWS.c.owner.is_not(None), VIEWS.c.what == "list")
    with book.reading() as connection:
        return {row[0]: row[1] for row in connection.execute(query.group_by(VIEWS.c.owner))}
