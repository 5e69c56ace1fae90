"""Scoring runs in the book: what each customer's score was, on which day, by which model, from which data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from features.money import Money
from serving.book.schema import RUNS, SCORES
from serving.book.score_json import SCORE_FACTS, add_answers, begin_answers, renew_answers
from serving.book.sql_rows import (
    as_json,
    digest,
    from_json,
    insert_columns,
    inserted,
    latest,
    majors,
    minors,
    plain,
    utc_now,
    wanted,
)
from serving.scores import SCORE_COLUMNS, Score

_TYPES = {column.name: column.type for column in SCORE_COLUMNS}
ROWS_AT_ONCE = 100_000


@dataclass(frozen=True)
class Run:
    """One scoring run as the book holds it; `recorded_at` is in UTC."""

    id: int
    as_of: date
    horizon_days: int
    model_version: str
    currency: str
    customers: int
    recorded_at: datetime


def record(connection: Connection, scores: pd.DataFrame, currency: str, data_digest: str) -> int:
    """Record a run and return its number; of a known run only sentences that were left out are filled in.

    Raises:
        ValueError: the frame is empty, or mixes several runs.
    """
    facts = _facts(scores, currency, data_digest)
    known = connection.scalar(sa.select(RUNS.c.id).where(RUNS.c.key == facts["key"]))
    if known is not None:
        _fill_in(connection, known, scores)
        return int(known)
    run_id = inserted(connection, RUNS, {**facts, "recorded_at": utc_now()})
    money, is_latest = Money(currency), begin_answers(connection, run_id)
    for first in range(0, len(scores), ROWS_AT_ONCE):  # a large shop's scores are not held twice
        some = scores.iloc[first : first + ROWS_AT_ONCE]
        columns = {name: _stored(some[name], _TYPES[name], money) for name in SCORE_FACTS}
        insert_columns(connection, SCORES, {"run_id": [run_id] * len(some), **columns})
        if is_latest:
            add_answers(connection, run_id, zip(*columns.values(), strict=True))
    return run_id


def latest_run(connection: Connection) -> Run | None:
    """Return the run that holds: of the latest as_of, and of these the one recorded last."""
    row = connection.execute(latest(RUNS)).mappings().first()
    return _run(row) if row is not None else None


def run_of(connection: Connection, run_id: int) -> Run:
    """Return the run of a number."""
    return _run(connection.execute(sa.select(RUNS).where(RUNS.c.id == run_id)).mappings().one())


def scores_of(connection: Connection, run: Run, customer_ids: Iterable[str]) -> Iterator[Score]:
    """Give a run's scores of the given customers; ids that it does not know are missing."""
    of_run = sa.select(SCORES).where(SCORES.c.run_id == run.id)
    money = Money(run.currency)
    for row in wanted(connection, of_run, SCORES.c.customer_id, customer_ids):
        yield Score(**facts_of(row, run, money))


def bands_of(connection: Connection, run: Run) -> dict[str, int]:
    """Return band → customers of a run."""
    counted = sa.select(SCORES.c.band, sa.func.count()).where(SCORES.c.run_id == run.id).group_by(SCORES.c.band)
    return {row[0]: int(row[1]) for row in connection.execute(counted)}


def probabilities_of(connection: Connection, run: Run) -> list[float]:
    """Return the probabilities of a run, in no order."""
    return list(connection.scalars(sa.select(SCORES.c.probability).where(SCORES.c.run_id == run.id)))


def facts_of(row: Mapping[str, Any], run: Run, money: Money) -> dict[str, Any]:
    """Return what a row of SCORES says, as the fields of a score."""
    facts = {name: read_column([row[name]], name, money)[0] for name in SCORE_FACTS}
    of_run = {"as_of": run.as_of, "horizon_days": run.horizon_days, "model_version": run.model_version}
    return {**facts, **of_run, "currency": run.currency}


def read_column(values: Sequence[Any], name: str, money: Money) -> Sequence[Any]:
    """Return stored values of a column of SCORES as a score has them."""
    if _TYPES[name] == "money":
        return majors(values, money)
    return list(map(from_json, values)) if _TYPES[name] == "texts" else values


def _run(row: RowMapping) -> Run:
    return Run(**{name: row[name] for name in Run.__dataclass_fields__})


def _facts(scores: pd.DataFrame, currency: str, data_digest: str) -> dict[str, Any]:
    runs = scores[["as_of", "horizon_days", "model_version"]].drop_duplicates()
    if len(runs) != 1:
        raise ValueError(f"a run is of one day, horizon and model; this frame holds {len(runs)}")
    as_of, horizon_days, model_version = runs.iloc[0].tolist()
    key = digest(as_of.isoformat(), str(horizon_days), model_version, data_digest)
    return {
        "key": key,
        "as_of": as_of,
        "horizon_days": int(horizon_days),
        "model_version": model_version,
        "data_digest": data_digest,
        "currency": currency,
        "customers": len(scores),
    }


def _stored(values: pd.Series, type_: str, money: Money) -> Sequence[Any]:
    if type_ == "money":
        return minors(plain(values), money)
    if type_ == "number":
        return plain(values.astype(float))
    return [as_json(value) for value in values] if type_ == "texts" else plain(values)


def _fill_in(connection: Connection, run_id: int, scores: pd.DataFrame) -> None:
    told = scores[scores["reasons"].notna()]
    if told.empty:
        return
    statement = (
        sa.update(SCORES)
        .where(SCORES.c.run_id == run_id, SCORES.c.customer_id == sa.bindparam("id"), SCORES.c.reasons.is_(None))
        .values(reasons=sa.bindparam("risk"), protective=sa.bindparam("calm"))
    )
    columns = (told["customer_id"], told["reasons"], told["protective"])
    rows = [{"id": i, "risk": as_json(r), "calm": as_json(p)} for i, r, p in zip(*columns, strict=True)]
    connection.execute(statement, rows)
    renew_answers(connection, run_id, told["customer_id"].tolist())
