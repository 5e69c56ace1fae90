"""How a customer's probability comes about: from what everybody begins with, step by step, in the own numbers.

The steps are the model's exact contributions, summed by family, so they lead from the base to the probability without a
rest. A step is told by the feature of its family that adds most to it, with the customer's own number.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np

from features.feature import FeatureSet
from features.money import Money
from features.reasons import value_in_words
from training.bundle import Bundle
from training.dataset import Floats

LEAST_STEP = 0.005  # of a probability; smaller ones are told together
MOST_STEPS = 7


@dataclass(frozen=True)
class Step:
    """One step of a waterfall.

    Args:
        meaning: of the feature that adds most of it; None = many small ones together.
        value: of that feature, in words.
        before: the probability until this step.
        after: the probability with it.
    """

    meaning: str | None
    value: str
    before: float
    after: float

    @property
    def raises(self) -> bool:
        """Whether it raises the risk."""
        return self.after > self.before


@dataclass(frozen=True)
class Waterfall:
    """A probability and how it comes about: the base, the largest step first, and the end."""

    base: float
    steps: tuple[Step, ...]
    probability: float


def waterfall(bundle: Bundle, row: Floats, as_of: date, money: Money) -> Waterfall:
    """Return how the probability of one customer comes about.

    Args:
        bundle: the model.
        row: the customer's features, (features,), in the order of `bundle.features`; money in minor units.
        as_of: the day that is looked from.
        money: how amounts are written.
    """
    found = bundle.explained(row[None, :], as_of)
    families = dict(_by_family(bundle.features, row, found.added[0]))
    steps = tuple(_steps(families, float(found.base), bundle.features, money))
    return Waterfall(_probability(float(found.base)), steps, float(found.probability[0]))


@dataclass(frozen=True)
class _Family:
    added: float
    name: str
    value: float


def _by_family(features: FeatureSet, row: Floats, added: Floats) -> Iterator[tuple[str, _Family]]:
    """Yield each family with what it adds, and its feature that adds most in that direction."""
    members: dict[str, list[int]] = {}
    for index, feature in enumerate(features):
        members.setdefault(feature.family, []).append(index)
    for family, its in members.items():
        total = float(added[its].sum())
        known = [index for index in its if np.isfinite(row[index])] or its
        most = max(known, key=lambda index: np.sign(total) * added[index])
        yield family, _Family(total, features.names[most], float(row[most]))


def _steps(families: Mapping[str, _Family], base: float, features: FeatureSet, money: Money) -> Iterator[Step]:
    ranked = sorted(families.values(), key=lambda each: -abs(each.added))
    at, small = base, 0.0
    for rank, each in enumerate(ranked):
        step = abs(_probability(at + each.added) - _probability(at))
        if rank >= MOST_STEPS or step < LEAST_STEP or not np.isfinite(each.value):
            small += each.added
            continue
        feature = features[each.name]
        told = value_in_words(each.value, feature, money)
        yield Step(feature.meaning, told, _probability(at), _probability(at + each.added))
        at += each.added
    if abs(_probability(at + small) - _probability(at)) >= LEAST_STEP / 10:
        yield Step(None, "", _probability(at), _probability(at + small))


def _probability(log_odds: float) -> float:
    return float(1 / (1 + np.exp(-log_odds)))
