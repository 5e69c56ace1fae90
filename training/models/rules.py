"""Two rules that every shop knows, as probabilities: long without an order, and long by the customer's own rhythm.

A model has to beat them, and they serve where no model does.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from training.dataset import Dataset, Floats
from training.models.calibration import fit_line
from training.models.fitted import EarlyStoppingSplit, Explained, Fit, fit_twice, read_json, write_json

FILE = "rule.json"
NO_GAP_KNOWN_DAYS = 30.0


@dataclass(frozen=True)
class Rule:
    """Log-odds that rise with the logarithm of one feature.

    Args:
        names: the features it takes; it uses one of them.
        feature: the one that it uses, `days_since_order` or `overdue`.
        slope: how fast the log-odds rise with log(1 + feature).
        intercept: the log-odds at 0.
        centre: the mean of log(1 + feature) in training, where the contribution is 0.
        shop_gap_days: the median usual gap, for customers with a single order.
    """

    names: tuple[str, ...]
    feature: str
    slope: float
    intercept: float
    centre: float
    shop_gap_days: float

    def log_odds(self, X: Floats) -> Floats:
        """Return the log-odds of churn, one per row.

        >>> Rule(("days_since_order",), "days_since_order", 2.0, -1.0, 0.0, 30.0).log_odds(np.array([[0.0]]))
        array([-1.])
        """
        return self.intercept + self.slope * self.evidence(X)

    def explained(self, X: Floats) -> Explained:
        """Return the log-odds, all of which come from one feature."""
        added = np.zeros(X.shape)
        added[:, self.names.index(self.feature)] = self.slope * (self.evidence(X) - self.centre)
        return Explained(self.log_odds(X), added, self.intercept + self.slope * self.centre)

    def evidence(self, X: Floats) -> Floats:
        """Return log(1 + feature); customers without a usual gap are measured by the shop's."""
        column = X[:, self.names.index(self.feature)]
        if self.feature == "overdue":
            by_shop_gap = X[:, self.names.index("days_since_order")] / self.shop_gap_days
            column = np.where(np.isnan(column), by_shop_gap, column)
        return np.asarray(np.log1p(column), dtype=np.float64)

    def to_files(self, folder: Path) -> None:
        """Write itself as JSON."""
        write_json(folder / FILE, asdict(self))


def read_rule(folder: Path) -> Rule:
    """Read what `Rule.to_files` wrote."""
    content = read_json(folder / FILE)
    return Rule(**{**content, "names": tuple(content["names"])})


def fit_rule(feature: str, data: Dataset, split: EarlyStoppingSplit) -> Fit:
    """Learn how the risk rises with a feature, `days_since_order` or `overdue`."""
    return fit_twice(partial(_learn, feature), data, split)


def _learn(feature: str, data: Dataset) -> Rule:
    known = data.X["usual_gap_days"].median() if len(data) else np.nan
    gap = float(known) if known > 0 else NO_GAP_KNOWN_DAYS
    blank = Rule(data.features.names, feature, 0.0, 0.0, 0.0, gap)
    evidence = blank.evidence(data.values)
    slope, intercept = fit_line(evidence, data.y)
    if slope < 0:  # where risk does not rise with the feature, the rule gives everyone the base rate
        slope, intercept = 0.0, fit_line(np.zeros(len(data)), data.y)[1]
    return replace(blank, slope=slope, intercept=intercept, centre=float(evidence.mean()))
