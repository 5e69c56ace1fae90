"""How good probabilities are before their window ends, from the probabilities alone.

Calibrated probabilities say how often they will be right: outcomes are drawn from them, and measured as the true ones
will be. The level of the coming window is itself a forecast, so each draw first moves everybody by an error of that
forecast; and probabilities lie a little too close together in one window and too far apart in the next, so each draw
also stretches them. What is left out is drift of who leaves rather than who; that is what realised windows show. The
method is confidence-based performance estimation: Białek et al. (2024), arXiv 2401.08348.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd

from features.log import Ints
from training.dataset import Flags, Floats
from training.log_odds import log_odds_of, sigmoid
from training.metrics import BINS, LEAST_PROBABILITY, known, row_log_loss

MEASURES = ("churned", "log_loss", "auroc", "ece", "hits")
# Many customers leave less to chance: the level alone is drawn, of which a hundred quantiles say as much.
MOST_DRAWS, LEAST_DRAWS, DRAWN_CUSTOMERS = 400, 100, 4_000_000
ENDS = (2.5, 50.0, 97.5)
# Standard deviation of the calibration slope (Cox 1958) from window to window beyond chance: over 65 dates of 13 logs
# it was 0.07 with chance (benchmarks/watch/results.md). Without it one AUROC in three came out outside of its interval.
SLOPE_ERROR = 0.06
# So many drawn outcomes are held at once: 32 MB.
AT_ONCE = 4_000_000


@dataclass(frozen=True)
class Expected:
    """What a measure is expected to be.

    Args:
        value: the median of the draws; NaN where the measure does not exist, as an AUROC of one class.
        low: lower end of the 95 % interval.
        high: upper end.
        spread: standard deviation of the draws.
    """

    value: float
    low: float
    high: float
    spread: float

    def holds(self, realised: float) -> bool:
        """Return whether the interval holds what came.

        >>> Expected(0.3, 0.25, 0.35, 0.02).holds(0.4)
        False
        """
        return bool(self.low <= realised <= self.high)

    def missed_by(self, realised: float) -> float:
        """Return how many standard deviations above the expected value something came out."""
        return (realised - self.value) / max(self.spread, LEAST_PROBABILITY)

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON, NaN as None."""
        return {name: known(getattr(self, name)) for name in ("value", "low", "high")}


@dataclass(frozen=True, eq=False)
class Judge:
    """Measures drawn or realised outcomes of fixed probabilities, many at once.

    Args:
        p: one probability per customer, of any order.
        listed: positions of the customers of a list; None = there is none.
    """

    p: Floats
    listed: Ints | None = None

    def measures(self, outcomes: Flags) -> dict[str, Floats]:
        """Return each measure, one value per row of outcomes; NaN where it does not exist.

        Args:
            outcomes: who churned, draws × customers.

        >>> found = Judge(np.array([0.1, 0.9])).measures(np.array([[False, True], [True, True]]))
        >>> found["churned"], found["auroc"]
        (array([0.5, 1. ]), array([ 1., nan]))
        """
        churned = outcomes.sum(axis=1).astype(np.float64)
        listed = outcomes[:, [] if self.listed is None else self.listed]
        return {
            "churned": churned / len(self.p),
            "log_loss": self._log_loss(outcomes),
            "auroc": self._auroc(outcomes, churned),
            "ece": self._ece(outcomes),
            "hits": listed.sum(axis=1).astype(np.float64),
        }

    def _log_loss(self, outcomes: Flags) -> Floats:
        stayed, left = (row_log_loss(np.full(len(self.p), churned), self.p) for churned in (False, True))
        return np.asarray((stayed.sum() + outcomes @ (left - stayed)) / len(self.p), dtype=np.float64)

    def _auroc(self, outcomes: Flags, churned: Floats) -> Floats:
        ranks = pd.Series(self.p).rank(method="average").to_numpy()
        pairs = churned * (len(self.p) - churned)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray((outcomes @ ranks - churned * (churned + 1) / 2) / pairs, dtype=np.float64)

    def _ece(self, outcomes: Flags) -> Floats:
        order = np.argsort(self.p, kind="stable")
        parts = [part for part in np.array_split(order, BINS) if len(part)]
        starts = np.cumsum([0, *(len(part) for part in parts[:-1])])
        expected = np.add.reduceat(self.p[order], starts)
        came = np.add.reduceat(outcomes[:, order], starts, axis=1, dtype=np.float64)
        return np.asarray(np.abs(came - expected).sum(axis=1) / len(self.p), dtype=np.float64)


def expected_quality(p: Floats, level_error: float, listed: Ints | None = None) -> dict[str, Expected]:
    """Return what each of MEASURES will be when the window has ended, with an interval.

    Args:
        p: calibrated probability of churn, one per customer; at least one.
        level_error: standard error of the level of the window, in log-odds.
        listed: positions of the customers of a list; None = nobody is listed.

    >>> sure = expected_quality(np.array([0.5] * 400), level_error=0.0)["churned"]
    >>> open_ = expected_quality(np.array([0.5] * 400), level_error=0.5)["churned"]
    >>> round(sure.value, 1), open_.high - open_.low > 2 * (sure.high - sure.low)
    (0.5, True)
    """
    judge = Judge(p, listed)
    parts = [judge.measures(outcomes) for outcomes in _drawn(p, level_error)]
    return {name: _expected(np.concatenate([part[name] for part in parts])) for name in MEASURES}


def _expected(drawn: Floats) -> Expected:
    if np.isnan(drawn).all():
        return Expected(*[float("nan")] * 4)
    low, middle, high = np.nanpercentile(drawn, ENDS)
    return Expected(float(middle), float(low), float(high), float(np.nanstd(drawn)))


def _drawn(p: Floats, level_error: float) -> Iterator[Flags]:
    """Yield drawn outcomes, draws × customers; the draws are the same ones whenever the same is asked."""
    random = np.random.default_rng(17)
    log_odds = log_odds_of(p)
    draws = int(np.clip(DRAWN_CUSTOMERS // max(1, len(p)), LEAST_DRAWS, MOST_DRAWS))
    # Evenly spread quantiles in random order: fewer draws show the interval as well as many random ones.
    levels, slopes = (random.permutation(error * _normal_quantiles(draws)) for error in (level_error, SLOPE_ERROR))
    middle = log_odds.mean()
    rows = max(1, AT_ONCE // max(1, len(p)))
    for first in range(0, draws, rows):
        level, slope = (each[first : first + rows, None] for each in (levels, slopes))
        yield random.random((len(level), len(p))) < sigmoid(log_odds + level + slope * (log_odds - middle))


def _normal_quantiles(count: int) -> Floats:
    """Return so many evenly spread quantiles of the standard normal distribution.

    >>> _normal_quantiles(3).round(3).tolist()
    [-0.967, 0.0, 0.967]
    """
    usual = NormalDist()
    return np.array([usual.inv_cdf((place + 0.5) / count) for place in range(count)])
