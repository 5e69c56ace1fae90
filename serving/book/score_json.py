"""The JSON of each score of the latest run, as the API answers it: encoded once per run, and read back as bytes.

A program asks for ten thousand scores at once, or for one while a person waits. Decoding twenty columns into Python
objects and encoding them again costs four times the database's own work, so the JSON itself is stored.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from features.money import Money
from serving.book.schema import ANSWERS, RUNS, SCORES
from serving.book.sql_rows import IDS_PER_QUERY, batches, insert_columns, latest_row, rows_with
from serving.scores import SCORE_COLUMNS, SCORE_NAMES

SCORE_FACTS: tuple[str, ...] = tuple(str(c.name) for c in SCORES.c if c.name in SCORE_NAMES)
RUN_FACTS = ("as_of", "recorded_at", "horizon_days", "currency", "model_version")
ROWS_AT_ONCE = 20_000
_TYPES = {column.name: column.type for column in SCORE_COLUMNS}
_SENTENCES = tuple(index for index, name in enumerate(SCORE_FACTS) if _TYPES[name] == "texts")  # stored as JSON
_AMOUNTS = tuple(index for index, name in enumerate(SCORE_FACTS) if _TYPES[name] == "money")
_OF_SPEND = tuple(SCORE_FACTS.index(name) for name in ("expected_spend", "value_at_risk"))
_HIGH = SCORE_FACTS.index("value_at_risk_high")
_OF_RUN = ("as_of", "scored_at", "horizon_days", "currency", "model_version")
# The fields of ScoreAnswer, unchecked: they come from our own book.
_Row: Any = msgspec.defstruct("_Row", [(name, Any) for name in (*SCORE_FACTS, *_OF_RUN)], gc=False)
_NULL = msgspec.Raw(b"null")
_ENCODER = msgspec.json.Encoder()


def begin_score_json(connection: Connection, run_id: int) -> bool:
    """Delete the stored JSON if this run is the latest, and return whether it is.

    Args:
        connection: of a writer.
        run_id: of a run that is recorded already.
    """
    if connection.scalar(latest_row(RUNS).with_only_columns(RUNS.c.id)) != run_id:
        return False
    connection.execute(sa.delete(ANSWERS))
    return True


def add_score_json(connection: Connection, run_id: int, rows: Iterable[Sequence[Any]]) -> None:
    """Store the JSON of scores of the latest run, after `begin_score_json`.

    Args:
        connection: of a writer.
        run_id: of the run.
        rows: rows of SCORES, in the order of SCORE_FACTS.
    """
    facts = connection.execute(sa.select(*(RUNS.c[name] for name in RUN_FACTS)).where(RUNS.c.id == run_id))
    of_run = dict(zip(RUN_FACTS, facts.one(), strict=True))
    for batch in batches(rows, ROWS_AT_ONCE):
        columns = {"customer_id": [row[0] for row in batch], "run_id": [run_id] * len(batch)}
        insert_columns(connection, ANSWERS, {**columns, "answer": list(score_json(batch, of_run))})


def renew_score_json(connection: Connection, run_id: int, customer_ids: Collection[str]) -> None:
    """Encode the JSON of some customers again, if the stored JSON is of this run."""
    if connection.scalar(sa.select(ANSWERS.c.run_id).limit(1)) != run_id:
        return
    for batch in batches(customer_ids, IDS_PER_QUERY):
        connection.execute(sa.delete(ANSWERS).where(ANSWERS.c.customer_id.in_(batch)))
    query = sa.select(*(SCORES.c[name] for name in SCORE_FACTS)).where(SCORES.c.run_id == run_id)
    rows = [tuple(row.values()) for row in rows_with(connection, query, SCORES.c.customer_id, customer_ids)]
    add_score_json(connection, run_id, rows)


def score_json(rows: Iterable[Sequence[Any]], run: Mapping[str, Any]) -> Iterator[bytes]:
    """Yield the JSON of each row.

    Args:
        rows: rows of SCORES, in the order of SCORE_FACTS.
        run: RUN_FACTS of their run.
    """
    text, encode = amount_formatter(Money(run["currency"])), _ENCODER.encode
    of_run = (run["as_of"], utc_text(run["recorded_at"]), run["horizon_days"], run["currency"], run["model_version"])
    for row in rows:
        yield encode(_row(row, of_run, text))


def amount_formatter(money: Money) -> Callable[[int | None], str | None]:
    """Return a function that writes minor units as a decimal text.

    >>> amount_formatter(Money("EUR"))(-5), amount_formatter(Money("EUR"))(1205), amount_formatter(Money("JPY"))(1200)
    ('-0.05', '12.05', '1200')
    """
    digits = money.decimals
    if digits == 0:
        return lambda minor: None if minor is None else str(minor)
    factor = 10**digits

    def written(minor: int | None) -> str | None:
        if minor is None:
            return None
        if minor >= factor:  # the usual case, and a fast one: the four amounts are much of the cost of a score
            text = str(minor)
            return f"{text[:-digits]}.{text[-digits:]}"
        whole, rest = divmod(abs(minor), factor)
        return f"{'-' if minor < 0 else ''}{whole}.{rest:0{digits}d}"

    return written


def utc_text(moment: datetime | str) -> str:
    """Return a time of the book (UTC, without zone) as ISO 8601 text.

    >>> utc_text("2026-03-02 06:00:00.125000"), utc_text(datetime(2026, 3, 2, 6))
    ('2026-03-02T06:00:00.125000Z', '2026-03-02T06:00:00Z')
    """
    text = moment if isinstance(moment, str) else moment.isoformat()
    return text.replace(" ", "T") + "Z"


def _row(row: Sequence[Any], of_run: Sequence[Any], text: Callable[[int | None], str | None]) -> Any:
    values = list(row)
    if values[_HIGH] is None and not any(values[index] for index in _OF_SPEND):  # see `with_unknown_money`
        for index in _OF_SPEND:
            values[index] = None
    for index in _AMOUNTS:
        values[index] = text(values[index])
    for index in _SENTENCES:
        sentences = values[index]
        values[index] = _NULL if sentences is None else msgspec.Raw(sentences.encode())
    return _Row(*values, *of_run)
