"""How far off the forecast of the next order was, beside a naive one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np

from features.churn.labels import ChurnDefinition, label_table
from features.log import Ints, Log
from training.dataset import Floats
from training.forecasts.next_order import Timing
from training.models.history import Histories, inputs


def follow_waits(log: Log, as_of_dates: Sequence[date], active_days: int, follow_days: int) -> Ints:
    """Return whole days to the next order, `follow_days` where none came in them, row by row as `dataset` has them.

    Args:
        log: the shop's log; it must reach `follow_days` beyond the last date.
        as_of_dates: the dates.
        active_days: who is in the population.
        follow_days: how long to look, also beyond the horizon of the labels.
    """
    labels = label_table(log, as_of_dates, ChurnDefinition(follow_days, active_days))
    return labels["wait_days"].to_numpy(dtype=np.int64)


def timing_errors(timing: Timing, X: Floats, p: Floats, wait_days: Ints) -> dict[str, float]:
    """Return how often the interval covered the next order, and the errors of its median and of a naive forecast, days.

    Only customers who ordered within `follow_days` are judged: nothing is predicted for others. The naive forecast is
    the customer's mean gap, the shop's where there is none, counted from the last order; overdue orders are due today.

    Args:
        timing: the forecast to judge.
        X: customers × features.
        p: calibrated P(no order within the horizon), one per customer.
        wait_days: whole days to the next order, `follow_days` or more where none came; `follow_waits` gives them.
    """
    came = wait_days < timing.follow_days
    if not came.any():
        return {}
    X, wait = X[came], wait_days[came]
    predicted, naive = timing.next_order(X, np.asarray(p)[came]), _naive(timing, X)
    return {
        "next_order_coverage": float(np.mean((predicted.low_days <= wait) & (wait <= predicted.high_days))),
        "next_order_too_early": float(np.mean(wait < predicted.low_days)),
        "next_order_too_late": float(np.mean(wait > predicted.high_days)),
        "next_order_width_days": float(np.median(predicted.high_days - predicted.low_days + 1)),
        "next_order_median_absolute_error_days": float(np.median(np.abs(predicted.median_days - wait))),
        "next_order_mean_absolute_error_days": float(np.mean(np.abs(predicted.median_days - wait))),
        "usual_gap_median_absolute_error_days": float(np.median(np.abs(naive - wait))),
        "usual_gap_mean_absolute_error_days": float(np.mean(np.abs(naive - wait))),
    }


def _naive(timing: Timing, X: Floats) -> Floats:
    seen = Histories.of(*inputs(timing.names, X).T)
    gap = np.where(seen.frequency > 0, seen.recency / np.maximum(seen.frequency, 1), timing.hazard.shop_gap)
    return np.maximum(np.rint(gap - seen.since_order), 0.0)
