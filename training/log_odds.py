"""Log-odds: the probability that they are, and the shift that brings them to a level."""

from __future__ import annotations

import numpy as np

from training.dataset import Flags, Floats

MOST_STEPS, MOST_SHIFT, LEAST_STEP, LEAST_INSIDE = 100, 20.0, 1e-12, 1e-12


def sigmoid(log_odds: Floats) -> Floats:
    """Return the probability of log-odds, without overflow.

    >>> sigmoid(np.array([0.0, -800.0]))
    array([0.5, 0. ])
    """
    return np.asarray(np.exp(-np.logaddexp(0, -log_odds)), dtype=np.float64)


def log_odds_of(p: Floats) -> Floats:
    """Return the log-odds of probabilities; those of 0 and 1 stay finite.

    >>> log_odds_of(np.array([0.5, 0.75])).round(4)
    array([0.    , 1.0986])
    """
    inside = np.clip(p, LEAST_INSIDE, 1 - LEAST_INSIDE)
    return np.asarray(np.log(inside) - np.log1p(-inside), dtype=np.float64)


def shift_to(log_odds: Floats, share: float) -> float:
    """Return the shift of log-odds at which their mean probability is a given share.

    Newton's method, kept inside a bracket. Press et al., Numerical Recipes, section 9.4.

    Args:
        log_odds: one per row.
        share: between 0 and 1.

    >>> round(shift_to(np.zeros(4), 0.75), 4)  # the log-odds of 0.75
    1.0986
    """
    low, high, shift = -MOST_SHIFT, MOST_SHIFT, 0.0
    for _ in range(MOST_STEPS):
        p = sigmoid(log_odds + shift)
        missed = float(p.mean()) - share
        low, high = (low, shift) if missed > 0 else (shift, high)
        step = shift - missed / max(float((p * (1 - p)).mean()), 1e-12)
        step = step if low < step < high else (low + high) / 2
        if abs(step - shift) < LEAST_STEP:
            return step
        shift = step
    return shift


def with_true_level(p: Floats, y: Flags) -> Floats:
    """Return probabilities moved by one shift in log-odds, so that their mean is the share that churned.

    What is left to be wrong is the shape: who churns rather than who. Where nobody or everybody churned, half a
    customer more or less keeps the shift finite.

    Args:
        p: a probability per row.
        y: who churned.

    >>> with_true_level(np.array([0.5, 0.5, 0.5, 0.5]), np.array([True, False, False, False])).round(6)
    array([0.25, 0.25, 0.25, 0.25])
    """
    if not len(y):
        return p
    half = 0.5 / len(y)
    log_odds = log_odds_of(p)
    return sigmoid(log_odds + shift_to(log_odds, float(np.clip(y.mean(), half, 1 - half))))
