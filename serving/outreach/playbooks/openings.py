"""The sentence to open with, filled with the customer's own facts; where a fact is unknown another sentence is used."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pandas as pd

from features.money import Money
from features.rounding import days_in_words, number_in_words, percent, rounded
from serving.outreach.playbooks.fact_names import fact_of, placeholders
from serving.outreach.playbooks.playbooks import Playbooks

_RHYTHMS = {1: "every day", 7: "every week", 14: "every two weeks"}


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
    value, fact = known.get("usual_gap_days" if name == "rhythm" else name), fact_of(name)
    if fact is None or value is None or value != value:
        return None
    if isinstance(value, date):
        return f"{value.day} {value:%B %Y}"
    if name == "rhythm":
        days = max(int(rounded(float(str(value)))), 1)
        return _RHYTHMS.get(days, f"every {days} days")
    if not fact.is_number:
        return " ".join(str(value).split()) or None
    return _number(float(str(value)), fact.unit, money)


def _number(value: float, unit: str, money: Money) -> str:
    if unit == "money":
        return money.text(value)
    if unit == "share":
        return percent(value)
    return days_in_words(value) if unit == "days" else number_in_words(value)
