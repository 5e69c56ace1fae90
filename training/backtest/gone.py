"""How well P(left) tells the gone from the slow, on the test dates whose three horizons have ended by now.

The forecast that a bundle carries is fitted anew on what was known at each of these dates, and held against who ordered
nothing in three horizons from it on. A date whose three horizons go on tells nothing yet.
"""

from __future__ import annotations

import math

import numpy as np

from features.log import Log
from training.dataset import Dataset, Floats
from training.forecasts.left import HORIZONS, fit_left, with_window
from training.forecasts.next_order import Timing
from training.metrics import auroc, ece, log_loss
from training.models.trees import TreeSettings

NAMES = ("auroc", "ece", "log_loss")
NOT_YET = dict.fromkeys(NAMES, math.nan)


def told_gone(
    log: Log, train: Dataset, test: Dataset, p: Floats, timing: Timing, end: int, trees: TreeSettings
) -> dict[str, float]:
    """Return AUROC, ECE and log loss of P(left) against no order in three horizons; NaN where they have not ended.

    Args:
        log: the shop's log.
        train: what was known on the test date.
        test: the rows of the test date.
        p: P(no order within the horizon) of these rows.
        timing: of the shop's gaps, as known on that date.
        end: the first day number that no label may read.
        trees: how trees grow.
    """
    day, window = int(test.days[0]), HORIZONS[0] * test.definition.horizon_days
    later = with_window(log, test, window, end)
    if not len(later):
        return dict(NOT_YET)
    model = fit_left(log, train, day, trees)

    def carried_on(days: int) -> Floats:
        return np.asarray(timing.no_order_probability(test.values, p, [days])[:, 0], dtype=np.float64)

    left = model.probability(test.values, p, carried_on)
    return {"auroc": auroc(later.y, left), "ece": ece(later.y, left), "log_loss": log_loss(later.y, left)}
