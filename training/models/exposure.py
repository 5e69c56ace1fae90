"""Exposure: training rows of a young log are adjusted for windows that reach back before its first day.

In the fourth month of a log nobody has more orders in 365 days than in four months; in its twelfth everyone has. A
model trained on both mistakes the age of the log for loyalty and predicts too little churn. So training rows are
adjusted to the length that the log will have on the day of scoring: a sum over a window that was cut short is
multiplied by (days the log will cover of the window / days it covered) to the power `growth`.

`growth` is estimated for each feature from its mean on each training date, without labels: 1 where customers bought
before the log began as they did afterwards, so that twice the log shows twice the orders; 0 where they are newcomers
and the log covers all their orders. Rows that are scored are not changed.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from features.aggregates import Count, Distinct, Sum
from features.feature import Feature
from features.log import Ints
from training.dataset import Dataset, Floats, table_of
from training.models.history import TENURE

# Fewer dates, or lengths whose logarithms hardly differ, are too little for a slope.
ENOUGH_DATES, LEAST_SPREAD = 3, 0.05


def adjust_exposure(data: Dataset) -> Dataset:
    """Return training rows with their window sums adjusted to the length of the log on the day of scoring.

    Args:
        data: the training rows; scoring comes a horizon after their last date.
    """
    if TENURE not in data.features.names or not len(data):
        return data
    days, date_index = np.unique(data.as_of, return_inverse=True)
    first_day = float(np.nanmin(data.as_of - data.X[TENURE].to_numpy()))
    covered = np.maximum(days - first_day, 1.0)
    at_scoring = days[-1] + data.definition.horizon_days - first_day
    factors = {
        feature.name: _factors(
            data.X[feature.name].to_numpy(), date_index, np.minimum(covered, window), min(at_scoring, window)
        )
        for feature in data.features
        for window in [_window_days(feature)]
        if window > covered[0]
    }
    changed = {name: factor for name, factor in factors.items() if (factor != 1).any()}
    if not changed:
        return data
    values = data.values.copy()
    for name, factor in changed.items():
        values[:, data.features.names.index(name)] *= factor[date_index]
    return replace(data, X=table_of(values, data.features.names))


def _window_days(feature: Feature) -> float:
    """Return the days back from the row's date that a feature sums over; 0 for features of another kind."""
    aggregate = feature.value
    if not isinstance(aggregate, (Count, Sum, Distinct)) or aggregate.skip or feature.if_none != 0:
        return 0.0
    return float(aggregate.days or 0)


def _factors(values: Floats, date_index: Ints, covered: Floats, at_scoring: float) -> Floats:
    """Return the factor of each date."""
    rows = np.bincount(date_index, minlength=len(covered))
    means = np.bincount(date_index, np.nan_to_num(values), len(covered)) / rows
    return np.asarray((at_scoring / covered) ** growth(covered, means), dtype=np.float64)


def growth(covered: Floats, means: Floats) -> float:
    """Return the power of the log's length that a mean grows with: the slope in logarithms, from 0 to 1.

    Args:
        covered: days of the window that the log covered, one per date.
        means: of the feature on each of these dates.

    >>> growth(np.array([90.0, 180.0, 360.0]), np.array([3.0, 6.0, 12.0]))
    1.0
    >>> growth(np.array([90.0, 180.0, 360.0]), np.array([3.0, 3.0, 2.9]))
    0.0
    """
    known = means > 0
    if known.sum() < ENOUGH_DATES or np.ptp(np.log(covered[known])) < LEAST_SPREAD:
        return 0.0
    x, y = np.log(covered[known]), np.log(means[known])
    x = x - x.mean()
    return float(np.clip(x @ y / (x @ x), 0.0, 1.0).round(6))
