"""Explanations: the model's contributions to a probability, in words with the customer's own numbers.

Contributions are exact: with the base they sum to the log-odds. Features of one family mean the same thing, so their
contributions are summed, and a family gives one reason: that of its feature with the largest contribution.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from features.feature import Feature
from features.money import Money
from features.reasons import reason_of, reason_sentence
from training.bundle import Bundle
from training.dataset import Floats
from training.models.history import SINCE_ORDER

# Log-odds; at 50 % this moves the probability by less than 2.5 points.
TRIVIAL = 0.1
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
    """Return, per row, the reasons for a high risk and those against it.

    Args:
        bundle: the model whose contributions are explained.
        X: customers × features, as `feature_table` gives them.
        money: how amounts are written.
        added: the contributions of the features, where they are known already.
        top_risk: at most so many risk reasons.
        top_protective: at most so many protective ones.

    Returns:
        (risk reasons, protective ones) per row, the largest first, at most one per family.
    """
    values = bundle.matrix(X)
    if not len(values):
        return []
    if added is None:  # as of any day: the level is the same for everyone and no reason
        added = bundle.explained(values, bundle.trained_until).added
    families, totals = _by_family(bundle, added)

    def of(row: int) -> Reasons:
        told: set[str] = set()
        given = (bundle, families, totals[row], added[row], values[row], money, told)
        risk = list(_sentences(*given, top_risk, 1.0)) or list(_without_a_sign(bundle, values[row], money, top_risk))
        return risk, list(_sentences(*given, top_protective, -1.0))

    return [of(row) for row in range(len(values))]


def _without_a_sign(bundle: Bundle, values: Floats, money: Money, most: int) -> Iterator[str]:
    """Yield the time since the last order where no sign stands out: whoever calls needs something to say."""
    row = dict(zip(bundle.features.names, values.tolist(), strict=True))
    since_order = [feature for feature in bundle.features if feature.name == SINCE_ORDER]
    words = [reason_sentence(feature, row, bundle.features, money, as_risk=True) for feature in since_order[:most]]
    yield from (f"no sign stands out; {each}" for each in words if each is not None)


def _by_family(bundle: Bundle, added: Floats) -> tuple[list[list[int]], Floats]:
    """Return the column indexes of each family, and its summed contributions, rows × families."""
    columns: dict[str, list[int]] = {}
    for index, feature in enumerate(bundle.features):
        columns.setdefault(feature.family, []).append(index)
    families = list(columns.values())
    return families, np.column_stack([added[:, family].sum(axis=1) for family in families])


def _sentences(
    bundle: Bundle,
    families: list[list[int]],
    totals: Floats,
    added: Floats,
    values: Floats,
    money: Money,
    told: set[str],
    most: int,
    sign: float,
) -> Iterator[str]:
    """Yield the sentences of the weightiest families that pull in one direction; `told` keeps their facts."""
    row = dict(zip(bundle.features.names, values.tolist(), strict=True))
    room = len(told) + most
    for family in np.argsort(-sign * totals, kind="stable"):
        if len(told) == room or sign * totals[family] < TRIVIAL:
            return
        for index in sorted(families[family], key=lambda index: -sign * added[index]):
            feature = bundle.features.features[index]
            if sign * added[index] < TRIVIAL / 2 or not _reads_right(bundle, feature, row[feature.name], sign):
                continue
            reason = reason_of(feature, row, bundle.features, money, as_risk=sign > 0)
            if reason is not None and reason.fact not in told:
                told.add(reason.fact)
                yield reason.sentence
                break


def _reads_right(bundle: Bundle, feature: Feature, value: float, sign: float) -> bool:
    """Return whether a reader finds the value, compared with the median, plausible as a reason in this direction.

    Trees may count a good value against a customer whose other values are even better; as a sentence that is nonsense.
    """
    reference = bundle.reference.get(feature.name)
    if feature.risk_falls_with_it is None or reference is None or not reference.quantiles:
        return True
    usual = reference.quantiles[len(reference.quantiles) // 2]
    risky = value <= usual if feature.risk_falls_with_it else value >= usual
    safe = value >= usual if feature.risk_falls_with_it else value <= usual
    return risky if sign > 0 else safe
