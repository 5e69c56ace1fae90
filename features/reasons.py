"""Writes a reason: a feature's sentence, filled in with the customer's own numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from string import Formatter

from features.feature import Feature, FeatureSet, Words
from features.money import Money
from features.rounding import days_in_words, number_in_words, percent

SINCE_ORDER = "days_since_order"


def reason_sentence(
    feature: Feature, row: Mapping[str, float], features: FeatureSet, money: Money, *, as_risk: bool | None = None
) -> str | None:
    """Return the first of the feature's sentences whose every number is known and which is true, or None.

    Args:
        feature: whose words.
        row: the customer's feature values; money in minor units, NaN = None.
        features: the set with the units of the named values.
        money: the shop's currency.
        as_risk: whether it explains risk or protection; None = either.

    >>> from features.definitions import default_features
    >>> known = default_features()
    >>> reason_sentence(known["days_since_order"], {"days_since_order": 74.0}, known, Money("EUR"))
    'no order for 74 days'
    """
    told = reason_of(feature, row, features, money, as_risk=as_risk)
    return None if told is None else told.sentence


@dataclass(frozen=True)
class Reason:
    """A sentence, and the fact that it tells: a silence stays one fact in whatever words it is told."""

    sentence: str
    fact: str


def reason_of(
    feature: Feature, row: Mapping[str, float], features: FeatureSet, money: Money, *, as_risk: bool | None = None
) -> Reason | None:
    """Return the sentence of `reason_sentence` with its fact, so that nothing is told twice."""
    for words in feature.words:
        text = words if isinstance(words, str) else words.text
        names = [name for _, name, _, _ in Formatter().parse(text) if name]
        known = all(name in row and math.isfinite(row[name]) for name in names)
        if known and _true(words, row, as_risk):
            said = text.format_map({name: value_in_words(row[name], features[name], money) for name in names})
            return Reason(said, SINCE_ORDER if SINCE_ORDER in names else said)
    return None


def _true(words: str | Words, row: Mapping[str, float], as_risk: bool | None) -> bool:
    if isinstance(words, str):
        return True
    return words.when(row) and (as_risk is None or words.as_risk is None or words.as_risk == as_risk)


def value_in_words(value: float, feature: Feature, money: Money) -> str:
    """Write a value in its unit.

    >>> from features.definitions import default_features
    >>> value_in_words(1.0, default_features()["days_since_order"], Money("EUR"))
    '1 day'
    """
    if feature.unit == "money":
        return money.text(value)
    if feature.unit == "share":
        return percent(value)
    return days_in_words(value) if feature.unit == "days" else number_in_words(value)
