"""The churn rate week by week, beside the one that the customers' days since their last order let expect.

A shop that sells twice as much before Christmas keeps more of its customers then, and a model trained on the other
months does not know. So the log is read week by week: how far was the churn rate from the one expected from the
customers' days since their last order, in log-odds? Only the days since the last order are used, because they are known
in full from the log's first weeks on; how often somebody ordered before the log began is not. What is forecast from it
for a coming window stands in `level.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from features.churn.labels import ChurnDefinition
from features.clock import date_of
from features.definitions import default_features
from features.feature import FeatureSet
from features.log import Ints, Log
from training.dataset import Dataset, Flags, Floats, build_dataset, sample_customers
from training.forecasts.feasts import Moving
from training.forecasts.level import MOST_WEEKS, WEEK_DAYS, Levels, learnt, renewal
from training.log_odds import shift_to, sigmoid
from training.models.history import SINCE_ORDER, TENURE

CUSTOMERS = 20_000
# The churn rate of fewer customers says more about them than about the week.
ENOUGH_CUSTOMERS = 50
BINS_SINCE_ORDER = 12


@dataclass(frozen=True, eq=False)
class Weeks:
    """The training data of base rates: the population of every week, its recency and who churned.

    Args:
        since_order: days since the last order, one per row.
        tenure: days since the first order, one per row.
        y: who churned.
        day: the day number of each row.
        horizon_days: the length of a window.
        moving: repeat orders day by day, and the feasts that move.
    """

    since_order: Floats
    tenure: Floats
    y: Flags
    day: Ints
    horizon_days: int
    moving: Moving

    def ended(self, until: int) -> Weeks:
        """Return the weeks whose windows had ended by a day, and the orders before it."""
        known = self.day + self.horizon_days <= until
        return Weeks(
            self.since_order[known],
            self.tenure[known],
            self.y[known],
            self.day[known],
            self.horizon_days,
            self.moving.before(until),
        )


def read_weeks(log: Log, definition: ChurnDefinition, end: int, country: str = "") -> Weeks:
    """Return the population of every week, back from the last whose horizon has ended; of at most 20,000 customers.

    Args:
        log: the shop's log.
        definition: population and horizon.
        end: the first day number that no label may read.
        country: two letters of ISO 3166; its calendar says where feasts that move lie. Empty: none is known.
    """
    some, days = sample_customers(log, CUSTOMERS), weeks_before(log, definition, end)
    moving = Moving.of(log, end, country)
    if not len(days):
        nothing = np.zeros(0)
        return Weeks(nothing, nothing, nothing > 0, nothing.astype(np.int64), definition.horizon_days, moving)
    known = default_features()
    features = FeatureSet((known[SINCE_ORDER], known[TENURE]))
    data = build_dataset(some, days, definition, features)
    return Weeks(data.values[:, 0], data.values[:, 1], data.y, data.as_of, definition.horizon_days, moving)


def weeks_before(log: Log, definition: ChurnDefinition, end: int) -> tuple[date, ...]:
    """Return days a week apart, back from the last whose horizon has ended by a day."""
    # Until half the active window is covered, the log shows frequent customers only.
    first = log.first_day + max(WEEK_DAYS, definition.active_days // 2)
    days = range(end - definition.horizon_days, first, -WEEK_DAYS)[:MOST_WEEKS]
    return tuple(date_of(day) for day in reversed(days))


def base_rates(weeks: Weeks, data: Dataset, until: int) -> Levels:
    """Learn from the weeks whose horizon had ended by a day.

    Args:
        weeks: of the whole log.
        data: the training rows of the model; their mean shift is the zero, as the model knows that level already.
        until: a day number; no window that reaches beyond it is used.
    """
    known = weeks.ended(until)
    if not len(data):
        return Levels.flat(weeks.horizon_days)
    expected = _expected_log_odds(data)
    days, shifts = _shifts(known, expected)
    if not len(days):
        return Levels.flat(weeks.horizon_days)
    shifts = shifts - float(np.mean(np.interp(data.days, days, shifts)))
    slope = -poisson_orders(float(known.y.mean()))
    feasts = known.moving.feasts(days, shifts, weeks.horizon_days, slope)
    found = learnt(days, shifts, weeks.horizon_days, renewal(known.tenure, known.day), feasts)
    p = sigmoid(expected(data.values[:, data.features.names.index(SINCE_ORDER)]))
    return replace(found, spread=float((p * (1 - p)).mean()))


def poisson_orders(churned: float) -> float:
    """Return the mean orders of who orders at all, of Poisson customers of whom a share orders nothing.

    By the logarithm of their rate, the log-odds of no order fall by as much: −log(e^r − 1) has the slope
    −r / (1 − e^−r).

    >>> round(poisson_orders(0.5), 3)
    1.386
    """
    rate = -np.log(np.clip(churned, 0.01, 0.99))
    return float(rate / -np.expm1(-rate))


def _shifts(weeks: Weeks, expected: Callable[[Floats], Floats]) -> tuple[Ints, Floats]:
    """Return each week that has enough customers, and how far its churn rate was from the expected one."""
    days, week, count = np.unique(weeks.day, return_inverse=True, return_counts=True)
    if not len(days):
        return days, np.zeros(0)
    log_odds = expected(weeks.since_order)
    churned = (np.bincount(week, weeks.y) + 0.5) / (count + 1)
    order = np.argsort(week, kind="stable")
    groups = np.split(log_odds[order], np.cumsum(count)[:-1])
    shifts = np.array([shift_to(group, share) for group, share in zip(groups, churned, strict=True)])
    enough = count >= ENOUGH_CUSTOMERS
    return days[enough], shifts[enough]


def _expected_log_odds(data: Dataset) -> Callable[[Floats], Floats]:
    """Return the log-odds of churn by days since the last order: of the training rows, in bins of equal count."""
    since_order = data.values[:, data.features.names.index(SINCE_ORDER)]
    edges = np.unique(np.quantile(since_order, np.linspace(0, 1, BINS_SINCE_ORDER + 1)[1:-1]))
    bin_of = np.searchsorted(edges, since_order, "right")
    churned, rows = np.bincount(bin_of, data.y, len(edges) + 1), np.bincount(bin_of, minlength=len(edges) + 1)
    log_odds = np.log(churned + 0.5) - np.log(rows - churned + 0.5)
    return lambda days: np.asarray(log_odds[np.searchsorted(edges, days, "right")], dtype=np.float64)
