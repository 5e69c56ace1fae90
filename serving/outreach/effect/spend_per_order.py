"""How much more the treated spend per order: a ratio of two sums, compared by the delta method.

Spend and orders of an account go together, so the error of their ratio is not that of a mean of ratios. Around each
arm's own ratio it is linear: an account adds (spend − ratio × orders) ÷ mean orders. Deng, Knoblich and Lu (2018),
"Applying the delta method in metric analytics", section 3; the linear parts are adjusted for what was known as any
other outcome (Budylin et al. 2018, "Consistent transformation of ratio metrics for efficient online controlled
experiments").
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from serving.outreach.effect.comparison import Difference, Flags, Floats, compare


def compare_spend_per_order(
    spent: Floats, orders: Floats, treated: Flags, known: Floats, account: npt.ArrayLike, stratum: npt.ArrayLike
) -> Difference | None:
    """Return how much more the treated spend per day with an order; None where an arm has none.

    It says how the orders changed, not what was kept: who orders at all depends on the contact.

    Args:
        spent: within the horizon, one per account.
        orders: days with an order within the horizon, one per account.
        treated: whether the account was meant to be contacted.
        known: what was known on entry, accounts × columns.
        account: whose episode it is.
        stratum: within which the holdout was drawn.

    >>> half = np.arange(80) % 2 == 0
    >>> drawn = np.zeros((80, 0)), range(80), [0] * 80
    >>> found = compare_spend_per_order(np.where(half, 30.0, 20.0), np.ones(80), half, *drawn)
    >>> found.value
    10.0
    """
    if not all(orders[arm].sum() > 0 for arm in (treated, ~treated)):
        return None
    linear = np.empty(len(spent))
    for arm in (treated, ~treated):
        ratio, mean = spent[arm].sum() / orders[arm].sum(), orders[arm].mean()
        linear[arm] = ratio + (spent[arm] - ratio * orders[arm]) / mean
    return compare(linear, treated, known, account, stratum).difference
