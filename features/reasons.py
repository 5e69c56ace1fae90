"""Writes reasons: the sentences of features that are true of a customer, filled in with the customer's own numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from features.feature import SILENCE, Feature, FeatureSet, Unit, Words
from features.lateness import whole_days
from features.money import Money
from features.rounding import days_in_words, every_in_words, number_in_words, percent

SHOP = "shop_"  # before a feature's name: the median of the shop's customers
DUE, AHEAD, RHYTHM = "due_in_days", "horizon_days", "rhythm"
# More than so many are nearly everybody, and what is true of them tells nothing of one; of few customers all may agree.
NEARLY_EVERYBODY, FEW = 0.9, 20
Mask = npt.NDArray[np.bool_]


class Columns(dict[str, Any]):
    """Columns, or the numbers of one row, by name; what is not known is NaN.

    >>> Columns(spend_30d=5.0)["spend_90d"]
    nan
    """

    def __missing__(self, name: str) -> float:
        return math.nan


def columns_of(
    known: Mapping[str, Any], usual: Mapping[str, float] | None = None, horizon_days: float = math.nan
) -> Columns:
    """Return what conditions and sentences read: features, what is usual in the shop, and when the next order is due.

    Args:
        known: feature → column, or the number of one customer; money in minor units, NaN = None.
        usual: feature → median of the shop's customers.
        horizon_days: how far ahead the model looks.

    >>> float(columns_of({"days_since_order": 5.0, "usual_gap_days": 30.5})["due_in_days"])
    26.0
    """
    found = Columns(known) | {SHOP + name: value for name, value in (usual or {}).items()} | {AHEAD: horizon_days}
    columns = Columns(found)
    columns[RHYTHM], columns[SHOP + RHYTHM] = columns["usual_gap_days"], columns[f"{SHOP}usual_gap_days"]
    columns[DUE] = whole_days(columns["usual_gap_days"]) - columns["days_since_order"]
    return columns


def holds(words: Words, columns: Columns, customers: int) -> Mask:
    """Return of which customers a sentence is true and worth telling: its every number is known.

    Args:
        words: the sentence.
        columns: as `columns_of` gives them, each of as many values as there are customers, or one for all.
        customers: how many.
    """
    mask = np.asarray(words.when(columns), dtype=bool)
    if mask.any():
        for name in words.names:
            mask = mask & np.isfinite(columns[name])
    return mask if mask.shape == (customers,) else np.broadcast_to(mask, customers)


def sentences(features: FeatureSet) -> Iterator[tuple[Feature, Words]]:
    """Yield every sentence with its feature, in order."""
    yield from ((feature, words) for feature in features for words in feature.words)


def common_sentences(features: FeatureSet, columns: Columns, customers: int) -> frozenset[str]:
    """Return the sentences that are true of nearly everybody; of one customer such a sentence tells nothing.

    The own silence is none of them: each customer's is another one.

    Args:
        features: the set.
        columns: of the customers who can churn.
        customers: how many they are.
    """
    if customers < FEW:
        return frozenset()
    told = (words for _, words in sentences(features) if words.fact != SILENCE)
    return frozenset(words.text for words in told if holds(words, columns, customers).mean() > NEARLY_EVERYBODY)


def filled(words: Words, columns: Mapping[str, float], features: FeatureSet, money: Money) -> str:
    """Return a sentence filled in with the numbers of one customer."""
    return words.text.format_map({name: _named(name, columns[name], features, money) for name in words.names})


def _named(name: str, value: float, features: FeatureSet, money: Money) -> str:
    plain = name.removeprefix(SHOP)
    if plain == RHYTHM:
        return every_in_words(value)
    return _in_words(value, "days" if plain in (DUE, AHEAD) else features[plain].unit, money)


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
    >>> late = {"days_since_order": 74.0, "usual_gap_days": 31.0, "frequency": 5.0}
    >>> reason_sentence(known["days_since_order"], late, known, Money("EUR"))
    'no order for 74 days, usually every 31 days'
    """
    columns = columns_of(row)
    for words in feature.words:
        if as_risk in (None, words.as_risk) and holds(words, columns, 1)[0]:
            return filled(words, columns, features, money)
    return None


def value_in_words(value: float, feature: Feature, money: Money) -> str:
    """Write a value in its unit.

    >>> from features.definitions import default_features
    >>> value_in_words(1.0, default_features()["days_since_order"], Money("EUR"))
    '1 day'
    """
    return _in_words(value, feature.unit, money)


def _in_words(value: float, unit: Unit, money: Money) -> str:
    if unit == "money":
        return money.text(value)
    if unit == "share":
        return percent(value)
    return days_in_words(value) if unit == "days" else number_in_words(value)
