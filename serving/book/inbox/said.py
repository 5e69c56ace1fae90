"""What the lists said when they were made: of everybody who was scored, how likely each was to stay away."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from serving.book.schema import ENTRIES, LISTS, RUNS, SCORES
from serving.book.sql_rows import frame_of


@dataclass(frozen=True, slots=True)
class ListMade:
    """A list that counted on its day.

    Args:
        id: its number.
        run_id: of the scores behind it.
        as_of: its day.
        horizon_days: for which its scores speak.
        model_version: that made them.
    """

    id: int
    run_id: int
    as_of: date
    horizon_days: int
    model_version: str

    @property
    def known_on(self) -> date:
        """The first day on which it is known what came of it: its horizon has ended."""
        return self.as_of + timedelta(self.horizon_days)


def lists_made(connection: Connection) -> list[ListMade]:
    """Return the list of each day that counted, oldest first; what was taken back did not."""
    last = sa.select(sa.func.max(LISTS.c.id)).where(LISTS.c.withdrawn_at.is_(None)).group_by(LISTS.c.as_of)
    columns = (LISTS.c.id, LISTS.c.run_id, LISTS.c.as_of, RUNS.c.horizon_days, RUNS.c.model_version)
    query = sa.select(*columns).join_from(LISTS, RUNS).where(LISTS.c.id.in_(last)).order_by(LISTS.c.as_of)
    return [ListMade(**row) for row in connection.execute(query).mappings()]


def said_of_everybody(connection: Connection, run_id: int) -> pd.DataFrame:
    """Return customer_id and probability of everybody whom a run scored."""
    return frame_of(connection, sa.select(SCORES.c.customer_id, SCORES.c.probability).where(SCORES.c.run_id == run_id))


def customers_listed(connection: Connection, list_id: int, kinds: Collection[str]) -> list[str]:
    """Return the customers whose entries on a list are of some kinds."""
    query = sa.select(ENTRIES.c.customer_id).where(ENTRIES.c.list_id == list_id, ENTRIES.c.kind.in_(kinds))
    return list(connection.scalars(query))


def lists_stamp(connection: Connection) -> tuple[int | None, ...]:
    """Return what changes whenever a list is made or taken back, or a run recorded."""
    counts = (sa.func.max(LISTS.c.id), sa.func.count(LISTS.c.id), sa.func.count(LISTS.c.withdrawn_at))
    latest = sa.select(sa.func.max(RUNS.c.id)).scalar_subquery()
    return tuple(connection.execute(sa.select(*counts, latest)).one())
