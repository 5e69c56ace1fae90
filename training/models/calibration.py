"""Calibration: from the log-odds of a model to probabilities that come true.

A calibration is a line in log-odds: it keeps the ranking, and contributions stay exact (each is scaled by the slope).

    none      the model's own log-odds
    platt     a line fitted on a later date than the training rows: a model is too sure of the rows it was trained on
    season    a shift: the level forecast for the coming window (`training/forecasts/level.py`)

The forecast is made from days since the last order alone. A model that tells customers apart better needs a larger
shift of its log-odds for the same change of the mean: odds ratios do not collapse (Gail, Wieand and Piantadosi 1984,
Biometrika 71(3)). So the shift is scaled by how much more the mean moves with the one than with the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from training.dataset import Flags, Floats
from training.log_odds import sigmoid as sigmoid  # read from here as well as from there

Method = Literal["none", "platt", "season"]
METHODS: tuple[Method, ...] = ("none", "platt", "season")
NEWTON_STEPS = 100
ENOUGH_ROWS = 50
MOST_SCALE = 2.0


def fit_line(x: Floats, y: Flags, *, towards: float = 0.0, weight: float = 1e-3) -> tuple[float, float]:
    """Return (slope, intercept) of the maximum-likelihood line in log-odds, by Newton's method.

    The two targets lie slightly inside 0 and 1, as in Platt (1999), section 2.2, so that a single class or a perfect
    separation still gives a finite line.

    Args:
        x: the predictor, one per row.
        y: whether the customer churned.
        towards: the prior slope.
        weight: how many observations the prior is worth.

    >>> slope, intercept = fit_line(np.array([0.0, 0.0, 1.0, 1.0]), np.array([True, False, False, True]))
    >>> abs(slope) < 1e-6, abs(intercept) < 1e-6
    (True, True)
    """
    target = np.where(y, (y.sum() + 1) / (y.sum() + 2), 1 / ((~y).sum() + 2))
    design = np.column_stack([x, np.ones(len(x))])
    pull, goal = np.array([weight, 1e-9]), np.array([towards, 0.0])
    line = goal.copy()
    loss = _loss(design, target, line, pull, goal)
    for _ in range(NEWTON_STEPS):
        before = loss
        line, loss = _newton(design, target, line, pull, goal, before)
        if before - loss <= 1e-12 * abs(before):
            break
    return float(line[0]), float(line[1])


def _newton(
    design: Floats, target: Floats, line: Floats, pull: Floats, goal: Floats, loss: float
) -> tuple[Floats, float]:
    """Take one step, halved until it does not make things worse."""
    p = sigmoid(design @ line)
    slope = design.T @ (p - target) + pull * (line - goal)
    curve = (design * np.maximum(p * (1 - p), 1e-12)[:, None]).T @ design + np.diag(pull)
    step = np.linalg.lstsq(curve, slope, rcond=None)[0]
    for halvings in range(30):
        tried = line - step / 2**halvings
        tried_loss = _loss(design, target, tried, pull, goal)
        if tried_loss <= loss:
            return tried, tried_loss
    return line, loss


def _loss(design: Floats, target: Floats, line: Floats, pull: Floats, goal: Floats) -> float:
    log_odds = design @ line
    losses = np.logaddexp(0, log_odds) - target * log_odds
    return float(losses.sum() + (pull * (line - goal) ** 2).sum() / 2)


@dataclass(frozen=True)
class Calibration:
    """A line in log-odds: calibrated = slope × raw + intercept, and for `season` scale × the shift of the window.

    >>> Calibration().apply(np.array([0.3]), shift=1.0)
    array([0.3])
    """

    method: Method = "none"
    slope: float = 1.0
    intercept: float = 0.0
    scale: float = 1.0

    def apply(self, log_odds: Floats, shift: float) -> Floats:
        """Return calibrated log-odds; `shift` is the forecast for the window that is predicted."""
        return self.slope * log_odds + self.level(shift)

    def level(self, shift: float) -> float:
        """Return what is added to every row."""
        return self.intercept + (self.scale * shift if self.method == "season" else 0.0)


def calibrate(method: Method, out_of_sample: tuple[Floats, Flags] | None, spread: float = 0.0) -> Calibration:
    """Fit a calibration; it is `none` where there are too few later rows to fit a line to.

    Args:
        method: `none`, `season`, or `platt`, a line fitted to later rows. Platt (1999).
        out_of_sample: raw log-odds that a model gave to rows later than its training rows, and who of them churned.
        spread: mean p (1 − p) of the probabilities that the forecast of the level rests on; 0 where it is not known.

    >>> calibrate("platt", None).method
    'none'
    """
    if method == "season":
        return Calibration(method, scale=level_scale(out_of_sample, spread))
    if method == "none":
        return Calibration()
    if out_of_sample is None or len(out_of_sample[1]) < ENOUGH_ROWS or len(np.unique(out_of_sample[1])) < 2:
        return Calibration()
    slope, intercept = fit_line(*out_of_sample, towards=1.0, weight=1.0)
    # A falling line would reverse the ranking: on later rows the model then knows nothing, and all get the base rate.
    return Calibration(method, max(slope, 0.0), intercept)


def level_scale(out_of_sample: tuple[Floats, Flags] | None, spread: float) -> float:
    """Return how many log-odds of a model move its mean as one of the forecast does: at least 1, at most 2.

    Args:
        out_of_sample: raw log-odds that it gave to later rows, and who of them churned; None gives 1.
        spread: mean p (1 − p) of the probabilities that the forecast rests on; 0 gives 1.

    >>> round(level_scale((np.array([-2.0, 2.0]), np.array([False, True])), 0.2), 4)
    1.9049
    """
    if out_of_sample is None or not spread:
        return 1.0
    p = sigmoid(out_of_sample[0])
    return float(np.clip(spread / max(float((p * (1 - p)).mean()), 1e-12), 1.0, MOST_SCALE))
