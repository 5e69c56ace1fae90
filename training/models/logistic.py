"""Logistic regression on ranks: each feature becomes its rank among the training rows.

A rank is bounded: a tenure that grows past every training row stays at the top rank. Values that may be missing get an
indicator beside them. scikit-learn fits, NumPy predicts, JSON stores.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from training.dataset import Dataset, Floats
from training.metrics import log_loss
from training.models.calibration import sigmoid
from training.models.fitted import EarlyStoppingSplit, Explained, Fit, read_json, write_json

FILE = "logistic.json"
KNOTS = 33
# Inverse strength of the ridge; the one with the lowest log loss on the latest date is taken.
STRENGTHS = (0.01, 0.1, 1.0)
USUAL_STRENGTH = 0.1
# More rows than these do not change one weight per feature.
MOST_ROWS = 60_000


@dataclass(frozen=True, eq=False)
class Ranks:
    """The ranks of each feature's values among the training rows.

    Args:
        knots: per feature, values at even steps of rank, ascending; a single knot makes the feature constant.
    """

    knots: tuple[Floats, ...]

    @classmethod
    def of(cls, X: Floats) -> Ranks:
        """Learn the ranks from training rows."""
        return cls(tuple(_knots(column) for column in X.T))

    def design(self, X: Floats) -> Floats:
        """Return rows × (2 × features): ranks from −0.5 to 0.5, 0 where missing, then the missing indicators.

        >>> Ranks((np.array([0.0, 10.0]),)).design(np.array([[0.0], [5.0], [99.0], [np.nan]]))
        array([[-0.5,  0. ],
               [ 0. ,  0. ],
               [ 0.5,  0. ],
               [ 0. ,  1. ]])
        """
        ranks = np.column_stack([_rank(column, knots) for column, knots in zip(X.T, self.knots, strict=True)])
        missing = np.isnan(X)
        return np.hstack([np.where(missing, 0.0, ranks), missing.astype(np.float64)])


def _knots(column: Floats) -> Floats:
    known = column[~np.isnan(column)]
    return np.unique(np.quantile(known, np.linspace(0, 1, KNOTS))) if len(known) else np.zeros(1)


def _rank(column: Floats, knots: Floats) -> Floats:
    if len(knots) < 2:
        return np.zeros(len(column))
    return np.asarray(np.interp(column, knots, _levels(len(knots))), dtype=np.float64)


@cache
def _levels(knots: int) -> Floats:
    """Return the ranks of so many knots, cached: for a single customer, making them costs more than using them."""
    return np.linspace(-0.5, 0.5, knots)


@dataclass(frozen=True, eq=False)
class Logistic:
    """A fitted logistic regression on ranks.

    Args:
        names: the features it takes, in order.
        ranks: how values become ranks.
        weights: log-odds per unit of rank, then per missing indicator.
        centre: the mean of the design in training, at which every contribution is 0.
        base: the log-odds at the centre.
    """

    names: tuple[str, ...]
    ranks: Ranks
    weights: Floats
    centre: Floats
    base: float

    def log_odds(self, X: Floats) -> Floats:
        """Return the log-odds of churn, one per row."""
        return self.explained(X).log_odds

    def explained(self, X: Floats) -> Explained:
        """Return the log-odds and what each feature adds to them, its missing indicator included."""
        parts = (self.ranks.design(X) - self.centre) * self.weights
        added = parts[:, : len(self.names)] + parts[:, len(self.names) :]
        return Explained(added.sum(axis=1) + self.base, added, self.base)

    def to_files(self, folder: Path) -> None:
        """Write itself as JSON."""
        content = {
            "names": list(self.names),
            "knots": [knots.tolist() for knots in self.ranks.knots],
            "weights": self.weights.tolist(),
            "centre": self.centre.tolist(),
            "base": self.base,
        }
        write_json(folder / FILE, content)


def read_logistic(folder: Path) -> Logistic:
    """Read what `Logistic.to_files` wrote."""
    content = read_json(folder / FILE)
    knots = tuple(np.array(values, dtype=np.float64) for values in content["knots"])
    weights, centre = (np.array(content[key], dtype=np.float64) for key in ("weights", "centre"))
    return Logistic(tuple(content["names"]), Ranks(knots), weights, centre, float(content["base"]))


def fit_logistic(data: Dataset, split: EarlyStoppingSplit) -> Fit:
    """Fit on everything, with the ridge that predicted the latest date best when fitted on earlier ones."""
    if split is None:
        return Fit(_learn(data, [USUAL_STRENGTH])[0], None)
    earlier, latest = split
    tried = [model.log_odds(latest.values) for model in _learn(earlier, STRENGTHS)]
    best = int(np.argmin([log_loss(latest.y, sigmoid(log_odds)) for log_odds in tried]))
    return Fit(_learn(data, [STRENGTHS[best]])[0], (tried[best], latest.y))


def _learn(data: Dataset, strengths: Sequence[float]) -> list[Logistic]:
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    some = slice(None, None, -(-len(data) // MOST_ROWS) or 1)
    X, y = data.values[some], data.y[some]
    ranks = Ranks.of(X)
    design = ranks.design(X)
    centre = design.mean(axis=0)
    varies = design.min(axis=0) < design.max(axis=0)  # most features are never missing
    model = LogisticRegression(solver="newton-cholesky", warm_start=True)
    found = []
    for strength in strengths:
        with threadpool_limits(1):  # threads of the linear algebra would spend their time waiting for each other
            model.set_params(C=strength).fit(design[:, varies], y)
        weights = np.zeros(len(centre))
        weights[varies] = model.coef_[0]
        base = float(model.intercept_[0] + centre @ weights)
        found.append(Logistic(data.features.names, ranks, weights, centre, base))
    return found
