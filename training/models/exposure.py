"""Windows that reach behind the log's first day: what a short log could not yet show.

In the fourth month of a log nobody has more orders in 365 days than in four months; in its twelfth everyone has. A
model that learns from both reads the log's own age as loyalty, and says too little churn when it comes to score. So the
rows it learns from are brought to the length of the log on the day that is scored: a sum over a window that was cut
short is multiplied by (days the log will hold of it / days it held then) to the power `growth`.

`growth` is learnt for each feature from its mean on each training date, no label asked: 1 where customers bought before
the log began as they did afterwards, so that twice the log shows twice the orders; 0 where they are newcomers and the
log held all there was. What is scored stays as it is.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from features.aggregates import Count, Distinct, Sum
from features.feature import Feature
from features.log import Ints
from training.dataset import Dataset, Floats
from training.models.history import TENURE

# A slope wants points: fewer dates, or lengths that hardly differ (in logarithms), say nothing.
ENOUGH_DATES, LEAST_SPREAD = 3, 0.05


def evened(data: Dataset) -> Dataset:
    """Return training rows with the sums over windows that they would show had the log been as long as when it scores.

    Args:
        data: what is learnt from; the day that is scored comes a horizon after its last date.
    """
    if TENURE not in data.features.names or not len(data):
        return data
    days, place = np.unique(data.as_of, return_inverse=True)
    begun = float(np.nanmin(data.as_of - data.X[TENURE].to_numpy()))
    held = np.maximum(days - begun, 1.0)
    coming = days[-1] + data.definition.horizon_days - begun
    longer = {
        feature.name: _longer(data.X[feature.name].to_numpy(), place, np.minimum(held, window), min(coming, window))
        for feature in data.features
        for window in [_window(feature)]
        if window > held[0]
    }
    changed = {name: data.X[name] * factor[place] for name, factor in longer.items() if (factor != 1).any()}
    return replace(data, X=data.X.assign(**changed)) if changed else data


def _window(feature: Feature) -> float:
    """The days that a feature sums over, back from the row's date; 0 where it is another kind."""
    asked = feature.value
    if not isinstance(asked, (Count, Sum, Distinct)) or asked.skip or feature.if_none != 0:
        return 0.0
    return float(asked.days or 0)


def _longer(values: Floats, place: Ints, held: Floats, coming: float) -> Floats:
    """Return the factor of each date."""
    return np.asarray((coming / held) ** growth(held, _means(values, place, len(held))), dtype=np.float64)


def _means(values: Floats, place: Ints, dates: int) -> Floats:
    known = np.where(np.isnan(values), 0.0, values)
    return np.asarray(np.bincount(place, known, dates) / np.bincount(place, minlength=dates), dtype=np.float64)


def growth(held: Floats, means: Floats) -> float:
    """Return the power of the log's length that a mean grows with: the slope in logarithms, from 0 to 1.

    Args:
        held: days that the log held of a window, one per date.
        means: of the feature on each of these dates.

    >>> growth(np.array([90.0, 180.0, 360.0]), np.array([3.0, 6.0, 12.0]))
    1.0
    >>> growth(np.array([90.0, 180.0, 360.0]), np.array([3.0, 3.0, 2.9]))
    0.0
    """
    there = means > 0
    if there.sum() < ENOUGH_DATES or np.ptp(np.log(held[there])) < LEAST_SPREAD:
        return 0.0
    x, y = np.log(held[there]), np.log(means[there])
    x = x - x.mean()
    return float(np.clip(x @ y / (x @ x), 0.0, 1.0).round(6))
