"""How a customer's probability comes about: from what everybody begins with, step by step, in the own numbers.

The steps are the model's exact contributions, summed by family, so they lead from the base to the probability without a
rest. A step is told by the sentence of its family that is true of the customer and points the same way, where there is
one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np

from features.feature import FeatureSet
from features.money import Money
from features.reasons import filled
from training.bundle import Bundle
from training.dataset import Floats
from training.explain import Signs

LEAST_STEP = 0.005  # of a probability; smaller ones are told together
MOST_STEPS = 7


@dataclass(frozen=True)
class Step:
    """One step of a waterfall.

    Args:
        family: of features that mean much the same; None = many small ones together.
        told: what is true of the customer and makes it; None = no sentence says it.
        before: the probability until this step.
        after: the probability with it.
    """

    family: str | None
    told: str | None
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
    signs = Signs.of(bundle, row[None, :], found.added, ())
    steps = tuple(_steps(signs, float(found.base), bundle.features, money))
    return Waterfall(_probability(float(found.base)), steps, float(found.probability[0]))


def _steps(signs: Signs, base: float, features: FeatureSet, money: Money) -> Iterator[Step]:
    ranked = sorted(
        ((family, float(added[0])) for family, added in signs.added.items()), key=lambda each: -abs(each[1])
    )
    at, small = base, 0.0
    for rank, (family, added) in enumerate(ranked):
        if rank >= MOST_STEPS or abs(_probability(at + added) - _probability(at)) < LEAST_STEP:
            small += added
            continue
        yield Step(
            family, _told(signs, family, features, money, as_risk=added > 0), _probability(at), _probability(at + added)
        )
        at += added
    if abs(_probability(at + small) - _probability(at)) >= LEAST_STEP / 10:
        yield Step(None, None, _probability(at), _probability(at + small))


def _told(signs: Signs, family: str, features: FeatureSet, money: Money, *, as_risk: bool) -> str | None:
    """Return the first sentence of a family that is true of the customer and points the same way."""
    true = (words for (of, words), holds in zip(signs.words, signs.true[:, 0], strict=True) if holds and of == family)
    found = next((words for words in true if words.as_risk == as_risk), None)
    return None if found is None else filled(found, signs.numbers_of(0, found), features, money)


def _probability(log_odds: float) -> float:
    return float(1 / (1 + np.exp(-log_odds)))
