"""The sentence to open with, in the customer's language and filled with the customer's own facts.

Where a fact is unknown another sentence is used; so it is where a name cannot be said politely.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import date

import pandas as pd

from features.language.languages import ENGLISH, Language
from features.language.messages import filled, written
from features.language.names import address
from features.language.typed_values import Day, Every, Name, Value
from features.lateness import is_late
from features.money import Money
from features.reasons import typed_value
from serving.outreach.playbooks.fact_names import fact_of, placeholders
from serving.outreach.playbooks.playbooks import Playbooks
from serving.scores import RHYTHM_FROM


def openings(
    rows: pd.DataFrame, playbooks: Playbooks, money: Money, language_of: Callable[[str], Language] = lambda _: ENGLISH
) -> pd.Series:
    """Return the opening of every row, indexed as the rows.

    Args:
        rows: chosen entries: playbook, stage, `spend` in minor units, the score columns and the columns of `facts`.
        playbooks: the shop's.
        money: the shop's currency.
        language_of: customer → the language that the customer is spoken to in.
    """
    spoken = [language_of(str(who)) for who in rows["customer_id"]] if "customer_id" in rows else [ENGLISH] * len(rows)
    stages = zip(_facts_by_row(rows), rows["playbook"], rows["stage"], spoken, strict=True)
    sentences = [
        opening(known, playbooks[name].stages[stage].openings_in(language), money, language)
        for known, name, stage, language in stages
    ]
    return pd.Series(sentences, index=rows.index, dtype=object)


def _facts_by_row(rows: pd.DataFrame) -> list[dict[str, object]]:
    # The money of a score is in major units, every other amount is in minor ones.
    names = {"expected_spend": "spend", "usual_spend": "usual", "missing_spend": "missing"}
    minor = rows.assign(**{name: rows[known] for name, known in names.items() if known in rows})
    return [{str(name): value for name, value in row.items()} for row in minor.to_dict("records")]


def opening(
    known: Mapping[str, object], alternatives: tuple[str, ...], money: Money, language: Language = ENGLISH
) -> str:
    """Return the first of the sentences whose every fact is known, filled; the last needs only what is always known.

    >>> sentences = ("Hello {name}, you order {rhythm}.", "Hello, it has been {days_since_order}.")
    >>> opening({"name": "Ann", "usual_gap_days": 31.0}, sentences, Money("EUR"))
    'Hello Ann, you order every 31 days.'
    >>> opening({"name": None, "days_since_order": 74}, sentences, Money("EUR"))
    'Hello, it has been 74 days.'
    """
    for text in alternatives:
        facts = {name: fact_value(known, name, money, language) for name in placeholders(text)}
        if all(fact is not None for fact in facts.values()):
            return filled(text, {name: fact for name, fact in facts.items() if fact is not None}, language)
    raise ValueError("the last opening of a playbook needs a fact that is not known")


def fact_in_words(known: Mapping[str, object], name: str, money: Money, language: Language = ENGLISH) -> str | None:
    """Return a fact as it is written in a sentence; None where it is not known.

    >>> fact_in_words({"points": 1200.0}, "points", Money("EUR")), fact_in_words({}, "points", Money("EUR"))
    ('1,200', None)
    """
    value = fact_value(known, name, money, language)
    return None if value is None else written(value, language)


def fact_value(known: Mapping[str, object], name: str, money: Money, language: Language) -> Value | None:
    """Return a fact with its meaning; None where it is not known, or a name that cannot be said politely.

    >>> fact_value({"points": 1200.0}, "points", Money("EUR"), ENGLISH)
    Number(number=1200.0)
    """
    value, fact = _value(known, name), fact_of(name)
    if fact is None or value is None or value != value:
        return None
    if isinstance(value, date):
        return Day(value)
    if name == "rhythm":
        return Every(float(str(value)))
    if not fact.is_number:
        text = " ".join(str(value).split())
        called = address(text, language) if name == "name" else text
        return Name(called) if called else None
    return typed_value(float(str(value)), fact.unit, money)


def _value(known: Mapping[str, object], name: str) -> object:
    if name == "rhythm":
        return known.get("usual_gap_days") if _number_of(known, "order_days", RHYTHM_FROM) >= RHYTHM_FROM else None
    if name == "silence_days":
        return known.get("days_since_order") if speaks_of_silence(known) else None
    return known.get(name)


def speaks_of_silence(known: Mapping[str, object]) -> bool:
    """Return whether a customer is late; who has no gap yet to be late by, when a whole horizon is over.

    >>> speaks_of_silence({"days_since_order": 40, "usual_gap_days": 31.0})
    True
    >>> speaks_of_silence({"days_since_order": 2, "usual_gap_days": None, "horizon_days": 30})
    False
    """
    since, gap = _number_of(known, "days_since_order"), _number_of(known, "usual_gap_days")
    gaps, horizon = _number_of(known, "order_days", RHYTHM_FROM) - 1, _number_of(known, "horizon_days")
    return bool(is_late(since, gap, gaps, horizon) if gap == gap else since > horizon)


def _number_of(known: Mapping[str, object], name: str, otherwise: float = math.nan) -> float:
    value = known.get(name)
    return otherwise if value is None else float(str(value))
