"""What was said to whom, run by run and list by list, for looking at what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from serving.book.runs import Run, run_in
from serving.book.schema import ENTRIES, LISTS, RUNS, SCORES
from serving.book.sql_rows import frame_of

SAID_NUMBERS = ("probability", "days_since_order", "usual_gap_days")
SAID = ("customer_id", "band", *SAID_NUMBERS)
LISTED = ("customer_id", "kind", "segment", "owner", "playbook")


def runs_since(connection: Connection, first: date, most: int) -> tuple[Run, ...]:
    """Return the current run of each day from a first one on, oldest first; of many the latest so many.

    Of several runs of one day the one recorded last is current, as everywhere.
    """
    current = sa.select(sa.func.max(RUNS.c.id)).where(RUNS.c.as_of >= first).group_by(RUNS.c.as_of)
    query = sa.select(RUNS).where(RUNS.c.id.in_(current)).order_by(RUNS.c.as_of.desc()).limit(most)
    return tuple(reversed([run_in(row) for row in connection.execute(query).mappings()]))


def said_in(connection: Connection, run_id: int) -> pd.DataFrame:
    """Return the columns SAID of a run, one row per customer, sorted by customer."""
    query = sa.select(*(SCORES.c[name] for name in SAID)).where(SCORES.c.run_id == run_id)
    return frame_of(connection, query).sort_values("customer_id", ignore_index=True)


def lists_of(connection: Connection, run_ids: Sequence[int]) -> dict[int, int]:
    """Return list → run of the lists in force made from runs: the last of each day that was not taken back."""
    last = sa.select(sa.func.max(LISTS.c.id)).where(LISTS.c.withdrawn_at.is_(None)).group_by(LISTS.c.as_of)
    query = sa.select(LISTS.c.id, LISTS.c.run_id).where(LISTS.c.id.in_(last), LISTS.c.run_id.in_(list(run_ids)))
    return {int(row[0]): int(row[1]) for row in connection.execute(query.order_by(LISTS.c.as_of))}


def listed_in(connection: Connection, list_id: int, kinds: Sequence[str]) -> pd.DataFrame:
    """Return the columns LISTED of the entries of some kinds, one row per customer, sorted by customer."""
    wanted = sa.and_(ENTRIES.c.list_id == list_id, ENTRIES.c.kind.in_(list(kinds)))
    found = frame_of(connection, sa.select(*(ENTRIES.c[name] for name in LISTED)).where(wanted))
    return found.sort_values("customer_id", ignore_index=True)


def lists_stamp(connection: Connection) -> tuple[int | None, ...]:
    """Return what changes whenever a list is made or taken back, or a run recorded."""
    counts = (sa.func.max(LISTS.c.id), sa.func.count(LISTS.c.id), sa.func.count(LISTS.c.withdrawn_at))
    latest = sa.select(sa.func.max(RUNS.c.id)).scalar_subquery()
    return tuple(connection.execute(sa.select(*counts, latest)).one())
