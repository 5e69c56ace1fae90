"""What tests read back from a book to compare it with what was written: the scores of a run, and a whole list."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from features.money import Money
from serving.book import Book, Run, runs
from serving.book.lists import ROUND_ROBIN, entries_in
from serving.book.schema import ARMS, ENTRIES, EPISODES, GONE, LISTS, OWNERS, SCORES, SUPPRESSED
from serving.book.score_json import SCORE_FACTS
from serving.book.sentences import MESSAGES_OF
from serving.book.sql_rows import frame_of, latest_row, rows_with, texts_from_json
from serving.outreach.plan.candidates import LISTED_KINDS, NEW, REGULAR, REMINDER, SHRUNK, WINBACK
from serving.outreach.plan.outreach_list import OutreachList
from serving.scores import Score


def latest_run(book: Book) -> Run | None:
    """Return the run that holds."""
    with book.reading() as connection:
        return runs.latest_run(connection)


def latest_scores(book: Book, customer_ids: Iterable[str]) -> dict[str, Score]:
    """Return the latest run's scores of the given customers; ids that it does not know are missing."""
    with book.reading() as connection:
        run = runs.latest_run(connection)
        if run is None:
            return {}
        of_run = sa.select(SCORES).where(SCORES.c.run_id == run.id)
        rows = rows_with(connection, of_run, SCORES.c.customer_id, customer_ids)
        return {row["customer_id"]: _score(row, run) for row in rows}


def _score(row: RowMapping, run: Run) -> Score:
    money = Money(run.currency)
    facts = {name: runs.read_column([row[name]], name, money)[0] for name in SCORE_FACTS}
    of_run = {"as_of": run.as_of, "horizon_days": run.horizon_days, "model_version": run.model_version}
    return Score(**facts, **of_run, currency=run.currency)


def current_list(book: Book, day: date | None = None, *, whole: bool = False) -> OutreachList | None:
    """Return the list that holds: of the latest as_of, on or before `day` if given, the one published last.

    With `whole` also who was suppressed and what began with it; else those frames are empty.
    """
    query = latest_row(LISTS) if day is None else latest_row(LISTS).where(LISTS.c.as_of <= day)
    with book.reading() as connection:
        row = connection.execute(query).mappings().first()
        return None if row is None else _list(connection, row, whole)


def list_on(book: Book, day: date) -> OutreachList | None:
    """Return the whole list that held on a day."""
    return current_list(book, day, whole=True)


def _list(connection: Connection, row: RowMapping, whole: bool) -> OutreachList:
    run = runs.run_of(connection, row["run_id"])
    by_kind = {kind: _entries(connection, row["id"], run, kind) for kind in LISTED_KINDS}
    return OutreachList(
        as_of=row["as_of"],
        horizon_days=run.horizon_days,
        model_version=run.model_version,
        currency=run.currency,
        rank_by=row["rank_by"],
        capacity=row["capacity"],
        entries=by_kind[REGULAR],
        newcomers=by_kind[NEW],
        winback=by_kind[WINBACK],
        reminders=by_kind[REMINDER],
        shrinking=by_kind[SHRUNK],
        left_out=json.loads(row["left_out"]),
        gone=_of_list(connection, GONE, row["id"]),
        **(_rest(connection, row) if whole else {}),
    )


def _rest(connection: Connection, row: RowMapping) -> dict[str, pd.DataFrame]:
    given = sa.select(OWNERS.c.account_id, OWNERS.c.owner).where(
        OWNERS.c.since == row["as_of"], OWNERS.c.how == ROUND_ROBIN
    )
    return {
        "suppressed": _of_list(connection, SUPPRESSED, row["id"]),
        "episodes": _episodes(connection, row["id"]),
        "arms": frame_of(connection, sa.select(ARMS).where(ARMS.c.since == row["as_of"])),
        "owners_given": frame_of(connection, given),
    }


def _episodes(connection: Connection, list_id: int) -> pd.DataFrame:
    found = _of_list(connection, EPISODES, list_id)
    return found.assign(customers=[texts_from_json(text) for text in found["customers"]])


def _of_list(connection: Connection, table: sa.Table, list_id: int) -> pd.DataFrame:
    columns = [c for c in table.c if c.name != "list_id"]
    return frame_of(connection, sa.select(*columns).where(table.c.list_id == list_id).order_by(table.c.customer_id))


def _entries(connection: Connection, list_id: int, run: Run, kind: str) -> pd.DataFrame:
    facts = [SCORES.c[name] for name in (*SCORE_FACTS, *MESSAGES_OF.values()) if name != "customer_id"]
    query = (
        sa.select(ENTRIES, *facts)
        .join_from(ENTRIES, SCORES, SCORES.c.customer_id == ENTRIES.c.customer_id)
        .where(ENTRIES.c.list_id == list_id, ENTRIES.c.kind == kind, SCORES.c.run_id == run.id)
        .order_by(ENTRIES.c.position)
    )
    return entries_in(connection, query, run)
