"""Scoring runs in the book: each customer's score, with the day, the model and the data it comes from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from features.money import Money
from serving.book.book import Book
from serving.book.privacy.tombstones import refuse_forgotten
from serving.book.schema import RUNS, SCORES
from serving.book.score_json import SCORE_FACTS, add_score_json, begin_score_json, renew_score_json
from serving.book.sentences import MESSAGES_OF, messages_to_json
from serving.book.sql_rows import (
    digest,
    insert_columns,
    insert_row,
    latest_row,
    texts_from_json,
    texts_to_json,
    to_amounts,
    to_minor_units,
    utc_now,
)
from serving.scores import SCORE_COLUMNS, plain_values

_TYPES = {column.name: column.type for column in SCORE_COLUMNS}
ROWS_AT_ONCE = 100_000


@dataclass(frozen=True)
class Run:
    """One scoring run of the book; `recorded_at` is in UTC."""

    id: int
    as_of: date
    horizon_days: int
    model_version: str
    currency: str
    customers: int
    recorded_at: datetime


@dataclass(frozen=True)
class NewRun:
    """What a scoring run is recorded under.

    Args:
        as_of: the day of its scores.
        horizon_days: of the model.
        model_version: of the registered model.
        currency: of its money, ISO 4217.
        customers: how many are scored.
        data_digest: fingerprint of the log that the scores were made from.
    """

    as_of: date
    horizon_days: int
    model_version: str
    currency: str
    customers: int
    data_digest: str

    @property
    def key(self) -> str:
        """What the same run has when it is recorded again."""
        return digest(self.as_of.isoformat(), str(self.horizon_days), self.model_version, self.data_digest)


def record_scores(book: Book, scores: pd.DataFrame, *, currency: str, data_digest: str) -> int:
    """Record a run's scores in one transaction and return the run's number.

    The same run twice (same day, model, horizon and data) changes nothing, except that missing reasons are filled in.

    Args:
        book: the database of record.
        scores: a frame in SCORE_COLUMNS, one row per customer, one as_of, horizon and model.
        currency: of its money, ISO 4217.
        data_digest: fingerprint of the log the scores were made from, `Log.digest()`.

    Raises:
        InputError: a customer was forgotten meanwhile.
        ValueError: the frame is empty, or mixes several runs.
    """
    batches = (scores.iloc[first : first + ROWS_AT_ONCE] for first in range(0, len(scores), ROWS_AT_ONCE))
    return record_batches(book, _run_of(scores, currency, data_digest), batches)


def record_batches(book: Book, run: NewRun, batches: Iterable[pd.DataFrame]) -> int:
    """Record a run's scores as `record_scores` does, some rows at a time; memory holds no more of them.

    Args:
        book: the database of record.
        run: what it is recorded under.
        batches: frames in SCORE_COLUMNS, together one row per customer.

    Raises:
        InputError: a customer was forgotten meanwhile.
    """
    with book.writing() as connection:
        known = connection.scalar(sa.select(RUNS.c.id).where(RUNS.c.key == run.key))
        if known is not None:
            for scores in batches:
                _fill_in_reasons(connection, known, scores)
            return int(known)
        run_id = insert_row(connection, RUNS, {"key": run.key, **asdict(run), "recorded_at": utc_now()})
        is_latest = begin_score_json(connection, run_id)
        for scores in batches:
            refuse_forgotten(connection, book.keeper, scores["customer_id"].tolist())
            _insert_scores(connection, run_id, scores, Money(run.currency), is_latest=is_latest)
        return run_id


def latest_run(connection: Connection) -> Run | None:
    """Return the current run: of the latest as_of, the one recorded last."""
    row = connection.execute(latest_row(RUNS)).mappings().first()
    return run_in(row) if row is not None else None


def run_of(connection: Connection, run_id: int) -> Run:
    """Return a run by its number."""
    return run_in(connection.execute(sa.select(RUNS).where(RUNS.c.id == run_id)).mappings().one())


def latest_bands(book: Book) -> tuple[Run, dict[str, int]] | None:
    """Return the latest run and how many customers are in each band; None where there is no run."""
    with book.reading() as connection:
        run = latest_run(connection)
        if run is None:
            return None
        counted = sa.select(SCORES.c.band, sa.func.count()).where(SCORES.c.run_id == run.id).group_by(SCORES.c.band)
        return run, {row[0]: int(row[1]) for row in connection.execute(counted)}


def latest_probabilities(book: Book) -> tuple[Run, list[float]] | None:
    """Return the latest run and its probabilities, in no order; None where there is no run."""
    with book.reading() as connection:
        run = latest_run(connection)
        if run is None:
            return None
        return run, list(connection.scalars(sa.select(SCORES.c.probability).where(SCORES.c.run_id == run.id)))


def read_column(values: Sequence[Any], name: str, money: Money) -> Sequence[Any]:
    """Return stored values of a column of SCORES as the values of a score."""
    if _TYPES[name] == "money":
        return to_amounts(values, money)
    return list(map(texts_from_json, values)) if _TYPES[name] == "texts" else values


def _insert_scores(connection: Connection, run_id: int, scores: pd.DataFrame, money: Money, *, is_latest: bool) -> None:
    columns = {name: _stored(scores[name], _TYPES[name], money) for name in SCORE_FACTS}
    messages = {held: list(map(messages_to_json, scores[name])) for name, held in MESSAGES_OF.items()}
    insert_columns(connection, SCORES, {"run_id": [run_id] * len(scores), **columns, **messages})
    if is_latest:
        add_score_json(connection, run_id, zip(*columns.values(), strict=True))


def run_in(row: RowMapping) -> Run:
    """Return the run that a row of RUNS holds."""
    return Run(**{name: row[name] for name in Run.__dataclass_fields__})


def _run_of(scores: pd.DataFrame, currency: str, data_digest: str) -> NewRun:
    runs = scores[["as_of", "horizon_days", "model_version"]].drop_duplicates()
    if len(runs) != 1:
        raise ValueError(f"a run is of one day, horizon and model; this frame holds {len(runs)}")
    as_of, horizon_days, model_version = runs.iloc[0].tolist()
    return NewRun(as_of, int(horizon_days), model_version, currency, len(scores), data_digest)


def _stored(values: pd.Series, type_: str, money: Money) -> Sequence[Any]:
    if type_ == "money":
        return to_minor_units(plain_values(values), money)
    if type_ == "number":
        return plain_values(values.astype(float))
    return [texts_to_json(value) for value in values] if type_ == "texts" else plain_values(values)


def _fill_in_reasons(connection: Connection, run_id: int, scores: pd.DataFrame) -> None:
    explained = scores[scores["reasons"].notna()]
    if explained.empty:
        return
    statement = (
        sa.update(SCORES)
        .where(SCORES.c.run_id == run_id, SCORES.c.customer_id == sa.bindparam("id"), SCORES.c.reasons.is_(None))
        .values({name: sa.bindparam(f"new_{name}") for pair in MESSAGES_OF.items() for name in pair})
    )
    columns: dict[str, Sequence[Any]] = {"id": explained["customer_id"].tolist()}
    for name, held in MESSAGES_OF.items():
        columns[f"new_{name}"] = list(map(texts_to_json, explained[name]))
        columns[f"new_{held}"] = list(map(messages_to_json, explained[name]))
    connection.execute(statement, [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)])
    renew_score_json(connection, run_id, explained["customer_id"].tolist())
