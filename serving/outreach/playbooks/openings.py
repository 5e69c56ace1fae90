"""The sentence to open with, filled with the customer's own facts; where a fact is unknown another sentence is used."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date

import pandas as pd

from features.lateness import is_late
from features.money import Money
from features.rounding import days_in_words, every_in_words, number_in_words, percent
from serving.outreach.playbooks.fact_names import fact_of, placeholders
from serving.outreach.playbooks.playbooks import Playbooks
from serving.scores import RHYTHM_FROM


def openings(rows: pd.DataFrame, playbooks: Playbooks, money: Money) -> pd.Series:
    """Return the opening of every row, indexed as the rows.

    Args:
        rows: chosen entries: playbook, stage, `spend` in minor units, the score columns and the columns of `facts`.
        playbooks: the shop's.
        money: the shop's currency.
    """
    stages = zip(_facts_by_row(rows), rows["playbook"], rows["stage"], strict=True)
    sentences = [opening(known, playbooks[name].stages[stage].openings, money) for known, name, stage in stages]
    return pd.Series(sentences, index=rows.index, dtype=object)


def _facts_by_row(rows: pd.DataFrame) -> list[dict[str, object]]:
    # The expected spend of a score is in major units, every other amount is in minor ones.
    minor = rows.assign(expected_spend=rows["spend"]) if "spend" in rows else rows
    return [{str(name): value for name, value in row.items()} for row in minor.to_dict("records")]


def opening(known: Mapping[str, object], alternatives: tuple[str, ...], money: Money) -> str:
    """Return the first of the sentences whose every fact is known, filled; the last needs only what is always known.

    >>> sentences = ("Hello {name}, you order {rhythm}.", "Hello, it has been {days_since_order}.")
    >>> opening({"name": "Ann", "usual_gap_days": 31.0}, sentences, Money("EUR"))
    'Hello Ann, you order every 31 days.'
    >>> opening({"name": None, "days_since_order": 74}, sentences, Money("EUR"))
    'Hello, it has been 74 days.'
    """
    for text in alternatives:
        facts = {name: fact_in_words(known, name, money) for name in placeholders(text)}
        if None not in facts.values():
            return text.format_map(facts)
    raise ValueError("the last opening of a playbook needs a fact that is not known")


def fact_in_words(known: Mapping[str, object], name: str, money: Money) -> str | None:
    """Return a fact as it is written in a sentence; None where it is not known.

    >>> fact_in_words({"points": 1200.0}, "points", Money("EUR")), fact_in_words({}, "points", Money("EUR"))
    ('1,200', None)
    """
    value, fact = _value(known, name), fact_of(name)
    if fact is None or value is None or value != value:
        return None
    if isinstance(value, date):
        return f"{value.day} {value:%B %Y}"
    if name == "rhythm":
        return every_in_words(float(str(value)))
    if not fact.is_number:
        return " ".join(str(value).split()) or None
    return _number(float(str(value)), fact.unit, money)


def _value(known: Mapping[str, object], name: str) -> object:
    if name == "rhythm":
        return known.get("usual_gap_days") if _number_of(known, "order_days", RHYTHM_FROM) >= RHYTHM_FROM else None
    if name == "silence_days":
        return known.get("days_since_order") if speaks_of_silence(known) else None
    return known.get(name)


def speaks_of_silence(known: Mapping[str, object]) -> bool:
    """Return whether a customer is late: by the own rhythm, and where that is none yet, by a whole horizon too.

    >>> speaks_of_silence({"days_since_order": 40, "usual_gap_days": 31.0})
    True
    >>> speaks_of_silence({"days_since_order": 2, "usual_gap_days": None, "horizon_days": 30})
    False
    """
    since, gap = _number_of(known, "days_since_order"), _number_of(known, "usual_gap_days")
    has_rhythm = gap == gap and _number_of(known, "order_days", RHYTHM_FROM) >= RHYTHM_FROM
    in_time = gap == gap and not is_late(since, gap)
    return not in_time and (has_rhythm or since > _number_of(known, "horizon_days"))


def _number_of(known: Mapping[str, object], name: str, otherwise: float = math.nan) -> float:
    value = known.get(name)
    return otherwise if value is None else float(str(value))


def _number(value: float, unit: str, money: Money) -> str:
    if unit == "money":
        return money.text(value)
    if unit == "share":
        return percent(value)
    return days_in_words(value) if unit == "days" else number_in_words(value)
