"""Rows of the book → the JSON of their scores, without an object per figure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

import msgspec

from features.money import Money
from serving.book.lookup import Found
from serving.book.runs import SCORE_FACTS

# Sentences are stored as JSON, and go out as they are.
_SENTENCES = tuple(SCORE_FACTS.index(name) for name in ("reasons", "protective"))
_AMOUNTS = tuple(
    SCORE_FACTS.index(name) for name in ("expected_spend", "value_at_risk", "value_at_risk_low", "value_at_risk_high")
)
_OF_RUN = ("as_of", "scored_at", "horizon_days", "currency", "model_version")
# The fields of ScoreAnswer, unchecked: they come from our own book.
_Row: Any = msgspec.defstruct("_Row", [(str(name), Any) for name in (*SCORE_FACTS, *_OF_RUN)], gc=False)
_NULL = msgspec.Raw(b"null")


def stored_answer(found: Found, order: Sequence[str]) -> list[Any]:
    """Return what a look-up found as rows to encode, in the order of `order`; who was not found is left out.

    Args:
        found: rows of one run.
        order: customer ids.
    """
    run = found.run
    text = amount_text(Money(run["currency"]))
    scored_at = utc_text(run["recorded_at"])
    of_run = (_day(run["as_of"]), scored_at, run["horizon_days"], run["currency"], run["model_version"])
    rows = {row[0]: _row(row, of_run, text) for row in found.rows}
    return [rows[customer_id] for customer_id in order if customer_id in rows]


def amount_text(money: Money) -> Callable[[int | None], str | None]:
    """Return what writes minor units as a decimal text.

    >>> amount_text(Money("EUR"))(-5), amount_text(Money("JPY"))(1200), amount_text(Money("EUR"))(None)
    ('-0.05', '1200', None)
    """
    digits = money.decimals
    if digits == 0:
        return lambda minor: None if minor is None else str(minor)
    factor = 10**digits

    def written(minor: int | None) -> str | None:
        if minor is None:
            return None
        whole, rest = divmod(abs(minor), factor)
        return f"{'-' if minor < 0 else ''}{whole}.{rest:0{digits}d}"

    return written


def utc_text(moment: datetime | str) -> str:
    """Return a time of the book, which is in UTC without a zone, as ISO 8601.

    >>> utc_text("2026-03-02 06:00:00.125000"), utc_text(datetime(2026, 3, 2, 6))
    ('2026-03-02T06:00:00.125000Z', '2026-03-02T06:00:00Z')
    """
    text = moment if isinstance(moment, str) else moment.isoformat()
    return text.replace(" ", "T") + "Z"


def _day(day: date | str) -> str:
    return day if isinstance(day, str) else day.isoformat()


def _row(row: Sequence[Any], of_run: Sequence[Any], text: Callable[[int | None], str | None]) -> Any:
    values = list(row)
    for place in _AMOUNTS:
        values[place] = text(values[place])
    for place in _SENTENCES:
        said = values[place]
        values[place] = _NULL if said is None else msgspec.Raw(said.encode())
    return _Row(*values, *of_run)
