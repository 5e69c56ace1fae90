"""Measures of a group with their standard errors, customers counted as whole: one stands on several test dates.

Each measure is a mean of what every row adds to it, so its error follows from those parts, summed by customer. Liang
and Zeger (1986) for means, Obuchowski (1997), "Nonparametric analysis of clustered ROC curve data", for the AUROC.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.log import Texts
from training.dataset import Flags, Floats
from training.metrics import Z_95


@dataclass(frozen=True)
class Estimate:
    """A measure and its standard error; both NaN where there are no rows to measure.

    >>> Estimate(0.8, 0.05).interval
    (0.702, 0.898)
    """

    value: float
    error: float

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval, within 0 and 1."""
        reach = Z_95 * self.error
        return round(max(0.0, self.value - reach), 3), round(min(1.0, self.value + reach), 3)


UNKNOWN = Estimate(math.nan, math.nan)


def share(found: Flags, customer_id: Texts) -> Estimate:
    """Return the share of rows that are flagged.

    Args:
        found: one per row.
        customer_id: whose row it is.

    >>> share(np.array([True, False, True, False]), np.array(["ann", "bob", "cid", "dan"], dtype=object))
    Estimate(value=0.5, error=0.25)
    """
    return mean(found.astype(np.float64), customer_id)


def mean(values: Floats, customer_id: Texts) -> Estimate:
    """Return the mean of a value per row.

    Args:
        values: one per row.
        customer_id: whose row it is.

    >>> mean(np.array([1.0, 1.0]), np.array(["ann", "bob"], dtype=object))
    Estimate(value=1.0, error=0.0)
    """
    if not len(values):
        return UNKNOWN
    middle = float(values.mean())
    return Estimate(middle, _clustered((values - middle) / len(values), customer_id))


def auroc_estimate(y: Flags, p: Floats, customer_id: Texts) -> Estimate:
    """Return the AUROC; NaN where nobody or everybody churned.

    Args:
        y: who churned.
        p: the predicted probability of each.
        customer_id: whose row it is.

    >>> who = np.array(["ann", "bob", "cid", "dan"], dtype=object)
    >>> auroc_estimate(np.array([True, True, False, False]), np.array([0.9, 0.4, 0.6, 0.1]), who).value
    0.75
    """
    if not y.any() or y.all():
        return UNKNOWN
    value, parts = auroc_parts(y, p)
    return Estimate(value, _clustered(parts, customer_id))


def auroc_parts(y: Flags, p: Floats) -> tuple[float, Floats]:
    """Return the AUROC, and what each row adds to it around its value; of two classes that both have rows.

    Args:
        y: who churned.
        p: the predicted probability of each.

    >>> auroc_parts(np.array([True, False, False]), np.array([0.5, 0.1, 0.9]))
    (0.5, array([ 0.  ,  0.25, -0.25]))
    """
    below, above = _placements(y, p)
    value = float(below[y].mean())
    return value, np.where(y, (below - value) / y.sum(), (above - value) / (~y).sum())


def promised_auroc(p: Floats) -> float:
    """Return the AUROC that probabilities would show if they were true; NaN of no rows, or of rows that all are sure.

    It is what the customers can be told apart by what is known of them: a group of people who are alike has a low one
    however good the model is.

    >>> promised_auroc(np.array([0.5, 0.5])), promised_auroc(np.array([1.0, 0.0]))
    (0.5, 1.0)
    """
    if not len(p):
        return math.nan
    _, place = np.unique(p, return_inverse=True)
    churned, kept = np.bincount(place, p), np.bincount(place, 1 - p)
    itself = float(p @ (1 - p))  # nobody is told from oneself
    pairs = float(churned.sum() * kept.sum()) - itself
    won = float(churned @ (np.cumsum(kept) - kept / 2)) - itself / 2
    return won / pairs if pairs > 0 else math.nan


def _placements(y: Flags, p: Floats) -> tuple[Floats, Floats]:
    """Return for each row the share of those who stayed below it, and of those who churned above it; ties half."""
    _, place = np.unique(p, return_inverse=True)
    churned, kept = (np.bincount(place[who], minlength=int(place.max()) + 1) for who in (y, ~y))
    below = (np.cumsum(kept) - kept / 2) / kept.sum()
    above = 1 - (np.cumsum(churned) - churned / 2) / churned.sum()
    return below[place], above[place]


def _clustered(parts: Floats, customer_id: Texts) -> float:
    """Return the standard error of a sum of parts that are independent between customers."""
    codes = pd.factorize(customer_id)[0]
    return float(np.sqrt((np.bincount(codes, parts) ** 2).sum()))
