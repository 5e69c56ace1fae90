"""Measures of predicted churn probabilities, each small enough to check by hand.

`y` is a bool array (churned), `p` a float array of probabilities, of the same length.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.log import Ints
from training.dataset import Flags, Floats
from training.log_odds import with_true_level

# A wrong probability of exactly 0 or 1 would cost one row an infinite log loss.
LEAST_PROBABILITY = 1e-12
BINS = 10
TOP_SHARE = 0.1
# 95 % of a normal distribution lie within so many standard errors of its mean.
Z_95 = 1.959964


def auroc(y: Flags, p: Floats) -> float:
    """Return how often a churned customer is ranked above a kept one, ties counting half; NaN with one class.

    Mann and Whitney (1947), U divided by the number of pairs.

    >>> auroc(np.array([True, False, False]), np.array([0.9, 0.9, 0.1]))
    0.75
    """
    churned, kept = int(y.sum()), int((~y).sum())
    if not churned or not kept:
        return float("nan")
    ranks = pd.Series(p).rank(method="average").to_numpy()
    return float((ranks[y].sum() - churned * (churned + 1) / 2) / (churned * kept))


def row_log_loss(y: Flags, p: Floats) -> Floats:
    """Return the log loss of each row, in nats.

    >>> row_log_loss(np.array([True, False]), np.array([0.5, 0.5])).round(4)
    array([0.6931, 0.6931])
    """
    return np.asarray(-np.log(np.clip(np.where(y, p, 1 - p), LEAST_PROBABILITY, 1)), dtype=np.float64)


def log_loss(y: Flags, p: Floats) -> float:
    """Return the mean log loss of the rows, in nats; NaN without rows.

    >>> round(log_loss(np.array([True, False]), np.array([0.5, 0.5])), 4)
    0.6931
    """
    return float(row_log_loss(y, p).mean()) if len(y) else float("nan")


def shape(y: Flags, p: Floats) -> float:
    """Return the log loss with the level set true: how well customers are told apart, in nats; NaN without rows.

    An error of the level is the same for all customers of a date, and no fault of who tells them apart.

    >>> y = np.array([True, False, True, True])
    >>> shape(y, np.array([0.5, 0.2, 0.5, 0.5])) < log_loss(y, np.array([0.5, 0.2, 0.5, 0.5]))
    True
    """
    return log_loss(y, with_true_level(p, y))


def brier(y: Flags, p: Floats) -> float:
    """Return the mean squared difference between the predicted probability and the outcome. Brier (1950).

    >>> brier(np.array([True, False]), np.array([0.8, 0.4]))
    0.1
    """
    return float(np.mean((p - y) ** 2).round(15)) if len(y) else float("nan")


@dataclass(frozen=True, eq=False)
class Bins:
    """Bins of equal count by probability: mean prediction, share that churned, customers."""

    predicted: Floats
    observed: Floats
    count: Floats


def reliability(y: Flags, p: Floats, bins: int = BINS) -> Bins:
    """Return the mean probability and the share churned per bin, from the least likely to the likeliest.

    >>> reliability(np.array([False, True]), np.array([0.2, 0.7]), bins=2).observed
    array([0., 1.])
    """
    order = np.argsort(p, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    return Bins(
        predicted=np.array([p[part].mean() for part in parts]),
        observed=np.array([y[part].mean() for part in parts]),
        count=np.array([len(part) for part in parts], dtype=np.float64),
    )


def ece(y: Flags, p: Floats, bins: int = BINS) -> float:
    """Return the expected calibration error: the mean gap between predicted and observed churn, over bins.

    Naeini, Cooper and Hauskrecht (2015), with bins of equal count.

    >>> round(ece(np.array([False, True]), np.array([0.2, 0.7]), bins=2), 4)
    0.25
    """
    if not len(y):
        return float("nan")
    found = reliability(y, p, bins)
    return float(np.average(np.abs(found.predicted - found.observed), weights=found.count))


@dataclass(frozen=True)
class Top:
    """The customers of a list: how many were picked, how many of them churned, and how good that is.

    `capture` is the share of all churned customers that is among them, `lift` their churn rate over everyone's.
    """

    picked: int
    hits: int
    capture: float
    lift: float


def at_top(y: Flags, p: Floats, picked: int) -> Top:
    """Return the measures of a list of the `picked` likeliest customers; ties stand in row order.

    >>> at_top(np.array([True, False, True, False]), np.array([0.9, 0.1, 0.8, 0.2]), 1)
    Top(picked=1, hits=1, capture=0.5, lift=2.0)
    """
    return on_list(y, np.argsort(-p, kind="stable")[: max(0, picked)])


def on_list(y: Flags, rows: Ints) -> Top:
    """Return the measures of a list of the given rows.

    >>> on_list(np.array([True, False, True, False]), np.array([0, 3]))
    Top(picked=2, hits=1, capture=0.5, lift=1.0)
    """
    picked, hits, churned = len(rows), int(y[rows].sum()), int(y.sum())
    unknown = float("nan")
    capture = hits / churned if churned else unknown
    lift = (hits / picked) / (churned / len(y)) if churned and picked else unknown
    return Top(picked=picked, hits=hits, capture=capture, lift=lift)


def mean_of_known(values: Sequence[float]) -> float:
    """Return the mean of the values that are not NaN; NaN where there is none.

    >>> mean_of_known([0.2, float("nan"), 0.4]), mean_of_known([])
    (0.30000000000000004, nan)
    """
    finite = [value for value in values if not math.isnan(value)]
    return float(np.mean(finite)) if finite else float("nan")


def known(value: float) -> float | None:
    """Return a measure for JSON, NaN as None.

    >>> known(float("nan")), known(0.5)
    (None, 0.5)
    """
    return None if math.isnan(value) else float(value)


def evaluate(y: Flags, p: Floats) -> dict[str, float]:
    """Return every measure by name; lift and capture are at a tenth of the population.

    >>> sorted(evaluate(np.array([True, False]), np.array([0.8, 0.4])))
    ['auroc', 'brier', 'capture_at_tenth', 'ece', 'lift_at_tenth', 'log_loss', 'shape']
    """
    top = at_top(y, p, round(len(y) * TOP_SHARE))
    return {
        "log_loss": log_loss(y, p),
        "shape": shape(y, p),
        "auroc": auroc(y, p),
        "brier": brier(y, p),
        "ece": ece(y, p),
        "capture_at_tenth": top.capture,
        "lift_at_tenth": top.lift,
    }
