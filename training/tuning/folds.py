"""The folds on which settings of trees are compared: the test dates of a backtest, each with its training rows.

A fold is made once and used for every setting. Early stopping uses the latest training date, as in `fit_trees`, never
the test date.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from features.churn.labels import ChurnDefinition
from features.errors import InsufficientHistory
from features.feature import FeatureSet
from features.log import Log
from training.backtest.choice import Rows
from training.backtest.dates import split_data
from training.dataset import Dataset, Floats, sample_customers
from training.models.calibration import sigmoid
from training.models.candidates import early_stopping_split, enough_to_learn
from training.models.exposure import adjust_exposure
from training.models.fitted import EarlyStoppingSplit
from training.models.trees import SEEDS, EachRound, TreeSettings, fit_trees
from training.splits import Split

# More customers made no better trees of such depths, and every setting is fitted on five dates.
MOST_CUSTOMERS = 10_000
# Settings are compared by one seed: twice as many can be tried in a budget.
JUDGED_BY = SEEDS[:1]
BeforeEach = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class Fold:
    """One test date with all that it takes to judge a setting on it.

    Args:
        day: the test date.
        train: the rows to learn from.
        split: their early-stopping split.
        test: the rows to judge on.
    """

    day: date
    train: Dataset
    split: EarlyStoppingSplit
    test: Dataset

    def predict(self, settings: TreeSettings, each_round: EachRound | None = None) -> Floats:
        """Return the probabilities on the test date by trees of these settings."""
        found = fit_trees(self.train, self.split, settings, seeds=JUDGED_BY, each_round=each_round)
        return sigmoid(found.fitted.log_odds(self.test.values))

    def rows(self, p: Floats) -> Rows:
        """Return who churned, the predicted probability of each and whose row it is, for paired differences."""
        return self.test.y, p, self.test.customer_id


def temporal_folds(
    log: Log, splits: tuple[Split, ...], definition: ChurnDefinition, features: FeatureSet, before_each: BeforeEach
) -> tuple[Fold, ...]:
    """Return the folds, the latest test date first; fewer where the log is too small for trees on older dates.

    Args:
        log: the shop's log; of a large shop 10,000 customers are drawn.
        splits: test dates, each with its training dates.
        definition: population and horizon.
        features: of a customer.
        before_each: is called with words before each fold; an error that it raises stops the work.

    Raises:
        InsufficientHistory: on no test date are there enough rows of both classes.
    """
    sample, folds = sample_customers(log, MOST_CUSTOMERS), list[Fold]()
    for split in reversed(splits):
        before_each(f"features for {split.test_date.isoformat()}")
        train, test = split_data(sample, split, definition, features)
        if not len(train) or not len(test) or not enough_to_learn(train):
            break
        train = adjust_exposure(train)  # as candidates do
        folds.append(Fold(split.test_date, train, early_stopping_split(train), test))
    if not folds:
        raise InsufficientHistory("too few customers churned or stayed to tune trees: regulars train does without")
    return tuple(folds)
