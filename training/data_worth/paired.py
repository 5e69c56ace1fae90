"""Two forecasts of the same customers on the same dates: how much better one is, with an interval over both.

Customers stand on several dates and dates move everybody, so neither alone is chance. The variance is that of
customers, counted whole, plus what dates differ by beyond it. Cameron, Gelbach and Miller (2011), "Robust inference
with multiway clustering"; the dates, being few, with Student's t.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import pandas as pd

from features.log import Texts
from training.dataset import Floats
from training.metrics import Z_95


@dataclass(frozen=True)
class Added:
    """What one forecast has more than another, the mean over the dates.

    Args:
        mean: of the differences.
        low: the lower end of its 95 % interval.
        high: the upper end.
        chance: of as much where there is no difference, one side.
    """

    mean: float
    low: float
    high: float
    chance: float


@dataclass(frozen=True, eq=False)
class OnDate:
    """The difference on one date: its value, and what each row adds to it; the parts sum to 0.

    Args:
        value: of the difference.
        parts: one per row, around the value.
        customer_id: whose row it is.
    """

    value: float
    parts: Floats
    customer_id: Texts


def mean_on_date(values: Floats, customer_id: Texts) -> OnDate:
    """Return the difference on a date as the mean of a difference per row."""
    middle = float(values.mean())
    return OnDate(middle, (values - middle) / len(values), customer_id)


def added(dates: Sequence[OnDate]) -> Added:
    """Return the mean difference over dates with its interval.

    Args:
        dates: at least one.

    >>> who = np.array(["ann", "bob"], dtype=object)
    >>> added([mean_on_date(np.array([0.1, 0.3]), who)]).mean
    0.2
    """
    from scipy.stats import t

    count = len(dates)
    mean = float(np.mean([date.value for date in dates]))
    codes = pd.factorize(np.concatenate([date.customer_id for date in dates]))[0]
    parts = np.concatenate([date.parts for date in dates]) / count
    of_customers = float((np.bincount(codes, parts) ** 2).sum())
    of_rows = float((parts**2).sum())
    between = float(np.var([date.value for date in dates], ddof=1)) / count if count > 1 else 0.0
    beyond = max(0.0, between - of_rows)
    few = float(t.ppf(0.975, count - 1)) if count > 1 else 0.0
    half = math.sqrt(Z_95**2 * of_customers + few**2 * beyond)
    z = mean / (half / Z_95) if half else 0.0
    return Added(mean, mean - half, mean + half, NormalDist().cdf(-z) if half else 1.0)
