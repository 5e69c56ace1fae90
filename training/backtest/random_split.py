"""The AUROC that a random split would have claimed, as a warning beside the one measured on later dates.

A random split takes a snapshot of everyone every few days and holds out a random half of the rows. Rows of one customer
then lie in both halves with horizons that overlap: a model that recognises the customer knows the answer. On the day a
list is made there is no such row from the future. The learner is LightGBM with its own default settings; the small slow
trees among the candidates remember less.
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from features.churn.labels import ChurnDefinition
from features.clock import date_of
from features.feature import FeatureSet
from features.log import Log
from training.dataset import Dataset, build_dataset, sample_customers
from training.metrics import auroc
from training.models.trees import lightgbm, predicted, trained
from training.splits import latest_dates

LEARNER = "lightgbm"
CUSTOMERS, MOST_ROWS = 2_000, 30_000
SNAPSHOTS, SNAPSHOTS_A_HORIZON = 30, 7
ROUNDS = 100  # LightGBM's own default, like every setting that is not named below
# A smaller difference is within the chance of the random half.
NOTICEABLE = 0.005


def snapshots(log: Log, definition: ChurnDefinition, features: FeatureSet, until: date | None = None) -> Dataset:
    """Return rows of at most 2,000 customers at 30 dates, seven in a horizon: what a random split is usually made of.

    Args:
        log: the shop's log.
        definition: population and horizon.
        features: what to know about a customer.
        until: orders on or after this date are not read.

    Raises:
        InsufficientHistory: no date has both history and a finished horizon.
    """
    last = latest_dates(log, definition, until)[-1]
    step = timedelta(days=max(1, round(definition.horizon_days / SNAPSHOTS_A_HORIZON)))
    days = [last - number * step for number in reversed(range(SNAPSHOTS))]
    known = [day for day in days if day > date_of(log.first_day)]
    return build_dataset(sample_customers(log, CUSTOMERS), known or [last], definition, features)


def random_split_auroc(data: Dataset) -> float:
    """Return the AUROC of LightGBM fitted on a random half of the rows and judged on the other; NaN with one class.

    At most about 30,000 rows are used: all rows of customers drawn at random.

    Args:
        data: rows of many dates; the closer the dates, the more a random split remembers.
    """
    random = np.random.default_rng(1)
    codes = np.unique(data.customer_id.astype(str), return_inverse=True)[1]
    drawn = random.random(codes.max(initial=0) + 1) < MOST_ROWS / max(len(data), 1)
    some = data.where(drawn[codes])
    half = random.random(len(some)) < 0.5
    train, test = some.where(half), some.where(~half)
    if len(np.unique(train.y)) < 2 or len(np.unique(test.y)) < 2:
        return float("nan")
    library, params = lightgbm(), {"objective": "binary", "deterministic": True, "num_threads": 1, "verbose": -1}
    booster = trained(params, library.Dataset(train.values, train.y, params=params), ROUNDS)
    return auroc(test.y, predicted(booster, test.values))


def random_split_words(claimed: float, in_time: float) -> str:
    """Return the two figures side by side in words.

    Args:
        claimed: AUROC of LightGBM by a random split.
        in_time: AUROC of LightGBM on dates that it had not seen.

    >>> random_split_words(0.98, 0.84)
    'a random split would have claimed AUROC 0.980 where the future gave 0.840: that is memory, not foresight'
    """
    words = f"a random split would have claimed AUROC {claimed:.3f} where the future gave {in_time:.3f}"
    if claimed - in_time > NOTICEABLE:
        return f"{words}: that is memory, not foresight"
    return f"{words}: here it flatters nobody, but it does not know the season either"
