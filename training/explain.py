"""Why a probability is what it is: the model's own contributions, in words with the customer's own numbers.

Contributions are exact: with the base they sum to the log-odds. Features of one family say one thing, so their
contributions are summed, and the family speaks once, through the feature that says most.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from features.feature import Feature
from features.money import Money
from features.reasons import sentence
from training.dataset import Floats

if TYPE_CHECKING:
    from training.bundle import Bundle

# Log-odds; at 50 % this moves the probability by under two points and a half.
TRIVIAL = 0.1
SINCE_ORDER = "days_since_order"
Reasons = tuple[list[str], list[str]]


def reasons(
    bundle: Bundle,
    X: pd.DataFrame | Floats,
    money: Money,
    *,
    added: Floats | None = None,
    top_risk: int = 3,
    top_protective: int = 2,
) -> list[Reasons]:
    """Return, per row, why the risk is high and what speaks against it.

    Args:
        bundle: the model; its contributions are what is told.
        X: customers × features, as `feature_table` gives them.
        money: how amounts are written.
        added: what the model says that each feature adds, where that is known already.
        top_risk: at most so many risk reasons.
        top_protective: at most so many protective ones.

    Returns:
        (risk reasons, protective ones) per row, the weightiest first, at most one per family.
    """
    values = bundle.matrix(X)
    if not len(values):
        return []
    if added is None:  # of any day: the level is the same for all, and no reason
        added = bundle.explained(values, bundle.trained_until).added
    families, totals = _by_family(bundle, added)
    return [
        (
            list(_told(bundle, families, totals[row], added[row], values[row], money, top_risk, 1.0))
            or list(_plain(bundle, values[row], money, top_risk)),
            list(_told(bundle, families, totals[row], added[row], values[row], money, top_protective, -1.0)),
        )
        for row in range(len(values))
    ]


def _plain(bundle: Bundle, values: Floats, money: Money, most: int) -> Iterator[str]:
    """Yield how long the customer has been silent, where no sign stands out: a call needs something to say."""
    row = dict(zip(bundle.features.names, values.tolist(), strict=True))
    silence = [feature for feature in bundle.features if feature.name == SINCE_ORDER]
    words = [sentence(feature, row, bundle.features, money, as_risk=True) for feature in silence[:most]]
    yield from (f"no sign stands out; {said}" for said in words if said is not None)


def _by_family(bundle: Bundle, added: Floats) -> tuple[list[list[int]], Floats]:
    """Return the feature positions of each family, and rows × families of summed contributions."""
    places: dict[str, list[int]] = {}
    for place, feature in enumerate(bundle.features):
        places.setdefault(feature.family, []).append(place)
    families = list(places.values())
    return families, np.column_stack([added[:, family].sum(axis=1) for family in families])


def _told(
    bundle: Bundle,
    families: list[list[int]],
    totals: Floats,
    added: Floats,
    values: Floats,
    money: Money,
    most: int,
    sign: float,
) -> Iterator[str]:
    """Yield the sentences of the weightiest families that pull in one direction."""
    row = dict(zip(bundle.features.names, values.tolist(), strict=True))
    said: set[str] = set()
    for family in np.argsort(-sign * totals, kind="stable"):
        if len(said) == most or sign * totals[family] < TRIVIAL:
            return
        for place in sorted(families[family], key=lambda place: -sign * added[place]):
            feature = bundle.features.features[place]
            if sign * added[place] < TRIVIAL / 2 or not _reads_right(bundle, feature, row[feature.name], sign):
                continue
            words = sentence(feature, row, bundle.features, money, as_risk=sign > 0)
            if words is not None and words not in said:
                said.add(words)
                yield words
                break


def _reads_right(bundle: Bundle, feature: Feature, value: float, sign: float) -> bool:
    """Return whether the value, beside the usual one, is what a reader expects of a reason in this direction.

    Trees may count a good figure against a customer who has another one that is better; said aloud that is nonsense.
    """
    reference = bundle.reference.get(feature.name)
    if feature.risk_falls_with_it is None or reference is None or not reference.quantiles:
        return True
    usual = reference.quantiles[len(reference.quantiles) // 2]
    risky = value <= usual if feature.risk_falls_with_it else value >= usual
    safe = value >= usual if feature.risk_falls_with_it else value <= usual
    return risky if sign > 0 else safe
