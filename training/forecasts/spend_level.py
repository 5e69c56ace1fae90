"""The level of expected spend in a coming window: the same forecast as that of the churn rate, of money.

What a customer spends who stays has a season of its own: more orders before a feast, larger baskets, higher prices. So
the log is read week by week once more: the logarithm of what those who stayed spent, over what the model of the spend
expected of them.
"""

from __future__ import annotations

import numpy as np

from features.churn.labels import ChurnDefinition
from features.definitions import default_features
from features.feature import FeatureSet
from features.log import Ints, Log
from training.dataset import Dataset, Floats, build_dataset, sample_customers
from training.forecasts.base_rate import ENOUGH_CUSTOMERS, Weeks, poisson_orders, weeks_before
from training.forecasts.level import Levels, learnt, renewal
from training.forecasts.spend import INPUTS, ValueModel

# What they spent together in a week is known to a few hundredths from so many.
CUSTOMERS = 5_000


def read_spend_weeks(log: Log, definition: ChurnDefinition, end: int) -> Dataset | None:
    """Return what the model of the spend reads of every week, and what came; of at most 5,000 customers.

    None where the log holds no money or no week whose horizon has ended.

    Args:
        log: the shop's log.
        definition: population and horizon.
        end: the first day number that no label may read.
    """
    days, known = weeks_before(log, definition, end), default_features()
    if not days or not log.has_money:
        return None
    features = FeatureSet(tuple(known[name] for name in INPUTS))
    return build_dataset(sample_customers(log, CUSTOMERS), days, definition, features)


def spend_levels(rows: Dataset | None, weeks: Weeks, model: ValueModel, until: int) -> Levels:
    """Learn from the weeks whose horizon had ended by a day.

    Args:
        rows: what `read_spend_weeks` gave.
        weeks: of the same log.
        model: of the expected spend.
        until: a day number; no window that reaches beyond it is used.
    """
    if rows is None:
        return Levels.flat(weeks.horizon_days)
    known = rows.where(rows.as_of + weeks.horizon_days <= until)
    days, shifts = _shifts(known, model)
    if not len(days):
        return Levels.flat(weeks.horizon_days)
    churned = float(known.y.mean())
    # By the logarithm of their rate, the orders of Poisson customers who order at all rise by 1 − P(none) × orders.
    slope = 1 - np.clip(churned, 0.01, 0.99) * poisson_orders(churned)
    feasts = weeks.moving.before(until).feasts(days, shifts, weeks.horizon_days, slope)
    tenure = known.X["tenure_days"].to_numpy(dtype=np.float64)
    return learnt(days, shifts, weeks.horizon_days, renewal(tenure, known.as_of), feasts)


def _shifts(rows: Dataset, model: ValueModel) -> tuple[Ints, Floats]:
    """Return each week in which enough stayed, and the logarithm of what they spent over what was expected."""
    stayed = rows.where(~rows.y)
    days, week, count = np.unique(stayed.as_of, return_inverse=True, return_counts=True)
    expected = np.bincount(week, model.of(stayed.features.names).expected_spend(stayed.values), len(days))
    spent = np.bincount(week, stayed.spend_next, len(days))
    enough = (count >= ENOUGH_CUSTOMERS) & (expected > 0) & (spent > 0)
    return days[enough], np.log(spent[enough] / expected[enough])
