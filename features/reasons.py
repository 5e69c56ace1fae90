"""Writes reasons: the sentences of features that are true of a customer, filled in with the customer's own numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from features.feature import SILENCE, Feature, FeatureSet, Words
from features.language.languages import ENGLISH
from features.language.messages import Message, Sentence, written
from features.language.typed_values import Amount, Days, Every, Number, Percent, Value
from features.lateness import whole_days
from features.money import Money

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

    Others on the same side of the same fact go with them: where nearly everybody sent something back, nobody is told
    how often. The own silence is none of them: each customer's is another one.

    Args:
        features: the set.
        columns: of the customers who can churn.
        customers: how many they are.
    """
    if customers < FEW:
        return frozenset()
    told = [words for _, words in sentences(features) if words.fact != SILENCE]
    facts = {_side(words) for words in told if holds(words, columns, customers).mean() > NEARLY_EVERYBODY}
    return frozenset(words.key for words in told if _side(words) in facts)


def _side(words: Words) -> tuple[str, bool]:
    return words.fact, words.as_risk


def filled(words: Words, columns: Mapping[str, float], features: FeatureSet, money: Money) -> Sentence:
    """Return a sentence filled in with the numbers of one customer: in English, and ready for other languages."""
    own = {name: _held(column, float(columns[column]), features, money) for name, column in words.columns.items()}
    given = {name: value for name, value in words.fields.items() if not isinstance(value, str)}
    return Sentence.of(Message(words.text, {**own, **given}))


def _held(column: str, value: float, features: FeatureSet, money: Money) -> Value:
    plain = column.removeprefix(SHOP)
    if plain == RHYTHM:
        return Every(value)
    return typed_value(value, "days" if plain in (DUE, AHEAD) else features[plain].unit, money)


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
    return written(typed_value(value, feature.unit, money), ENGLISH)


def typed_value(value: float, unit: str, money: Money) -> Value:
    """Return a value with the meaning of its unit, to be said in any language.

    >>> typed_value(1250.0, "money", Money("EUR"))
    Amount(minor=1250.0, currency='EUR')
    """
    if unit == "money":
        return Amount(value, money.currency)
    if unit == "share":
        return Percent(value)
    return Days(value) if unit == "days" else Number(value)
