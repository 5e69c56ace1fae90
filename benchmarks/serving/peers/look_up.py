"""What both peers share: one SQLite query, and the answer as pydantic models.

They are spared what costs ours: no keys, no rate limit, no metrics of their own, no strict reading of JSON; dates and
amounts are plain texts in their models.
"""

from __future__ import annotations

import json
import os
import sqlite3
from typing import Any, Literal

from pydantic import BaseModel

from features.money import Money

BOOK_VARIABLE = "BENCHMARK_BOOK"
RUN_FACTS = ("id", "as_of", "horizon_days", "model_version", "currency", "recorded_at")
_RUN = f"SELECT {', '.join(RUN_FACTS)} FROM runs ORDER BY as_of DESC, id DESC LIMIT 1"
_AMOUNTS = (
    *("expected_spend", "value_at_risk", "value_at_risk_low", "value_at_risk_high"),
    *("usual_spend", "missing_spend"),
)
_SENTENCES = ("reasons", "protective", "lost_categories", "shrinking")


class Score(BaseModel):
    """One stored score."""

    customer_id: str
    as_of: str
    scored_at: str
    horizon_days: int
    probability: float
    left_probability: float
    band: Literal["low", "medium", "high"]
    state: Literal["new", "active", "at_risk", "lapsed"]
    days_since_order: int
    usual_gap_days: float | None
    overdue: float | None
    overdue_days: float | None
    next_order_on: str | None
    next_order_from: str | None
    next_order_until: str | None
    silent_30d: float | None
    silent_60d: float | None
    silent_90d: float | None
    silent_180d: float | None
    expected_spend: str
    value_at_risk: str
    value_at_risk_low: str | None
    value_at_risk_high: str | None
    shrunk_probability: float | None
    category_lost_probability: float | None
    usual_spend: str | None
    missing_spend: str | None
    lost_categories: list[str] | None
    shrinking: list[str] | None
    currency: str
    reasons: list[str] | None
    protective: list[str] | None
    model_version: str


class Scores(BaseModel):
    """Scores found, and the ids of whom there is none."""

    scores: list[Score]
    unknown: list[str]


class Asked(BaseModel):
    """Whose scores are asked for."""

    customer_ids: list[str]


SCORE_FACTS = [name for name in Score.model_fields if name not in (*RUN_FACTS, "scored_at")]


def connected() -> sqlite3.Connection:
    """Open the book that the environment names."""
    return sqlite3.connect(os.environ[BOOK_VARIABLE], check_same_thread=False)


def looked_up(book: sqlite3.Connection, customer_ids: list[str]) -> Scores:
    """Answer the latest run's scores of the given customers."""
    run = dict(zip(RUN_FACTS, book.execute(_RUN).fetchone(), strict=True))
    marks = ",".join("?" * len(customer_ids))
    query = f"SELECT {', '.join(SCORE_FACTS)} FROM scores WHERE run_id = ? AND customer_id IN ({marks})"
    rows = book.execute(query, (run["id"], *customer_ids)).fetchall()
    found = {row[0]: _score(row, run) for row in rows}
    known = [found[each] for each in customer_ids if each in found]
    return Scores(scores=known, unknown=[each for each in customer_ids if each not in found])


def _score(row: tuple[Any, ...], run: dict[str, Any]) -> Score:
    facts, money = dict(zip(SCORE_FACTS, row, strict=True)), Money(run["currency"])
    amounts = {name: None if facts[name] is None else str(money.major(facts[name])) for name in _AMOUNTS}
    sentences = {name: None if facts[name] is None else json.loads(facts[name]) for name in _SENTENCES}
    of_run = {name: run[name] for name in ("as_of", "horizon_days", "currency", "model_version")}
    return Score(**{**facts, **amounts, **sentences, **of_run, "scored_at": run["recorded_at"].replace(" ", "T") + "Z"})
