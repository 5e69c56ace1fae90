"""How likely a customer has left: P(no order within three horizons), not only within one.

Within one horizon a slow buyer who is on time often orders nothing. Over three of them most rhythms come round: who is
silent for so long has rarely come back. So a second blend is learnt on labels three times as long, on the same features
and on those of the training dates whose long window had ended. Where the log is too short for that the window is two
horizons; where it is too short for any, the probability of one horizon is carried on by the shop's own gaps, at the
pace of the customer's own (`training/forecasts/next_order.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from features.churn.labels import ChurnDefinition, label_table
from features.clock import date_of
from features.log import Log
from training.dataset import Dataset, Floats
from training.models.calibration import Calibration, calibrate, sigmoid
from training.models.candidates import BLEND, enough_to_learn, fit, read_fitted
from training.models.fitted import Fitted, read_json, write_json
from training.models.trees import USUAL, TreeSettings

FILE, FOLDER = "left.json", "left"
HORIZONS = (3, 2)  # the first for which the log is long enough
# P(no order within so many days), customers × 1: what is left where nothing could be learnt.
CarriedOn = Callable[[int], Floats]
UNCHANGED = Calibration()


@dataclass(frozen=True, eq=False)
class LeftModel:
    """The forecast of who has left.

    Args:
        window_days: P(no order within so many days) is what it says.
        fitted: learnt on that window; None where the log was too short for any.
        calibration: from its log-odds to calibrated ones.
    """

    window_days: int
    fitted: Fitted | None = None
    calibration: Calibration = UNCHANGED

    @classmethod
    def by_gaps(cls, definition: ChurnDefinition) -> LeftModel:
        """Return the model that needs no learning: the shop's own gaps over three horizons."""
        return cls(HORIZONS[0] * definition.horizon_days)

    def probability(self, X: Floats, p: Floats, carried_on: CarriedOn) -> Floats:
        """Return the probability of having left: never above that of no order within the horizon, which is part of it.

        Args:
            X: customers × features.
            p: calibrated P(no order within the horizon), one per customer.
            carried_on: P(no order) over any number of days, by the shop's gaps.
        """
        if self.fitted is None:
            return np.minimum(carried_on(self.window_days), p)
        return np.minimum(sigmoid(self.calibration.apply(self.fitted.log_odds(X), 0.0)), p)

    @property
    def facts(self) -> dict[str, Any]:
        """What is said of it: the window, and whether it was learnt or follows the shop's gaps."""
        return {"window_days": self.window_days, "by": "gaps" if self.fitted is None else BLEND}

    def to_files(self, folder: Path) -> None:
        """Write itself as JSON, and what was learnt into a folder of its own."""
        line = {"slope": self.calibration.slope, "intercept": self.calibration.intercept}
        write_json(folder / FILE, {**self.facts, "method": self.calibration.method, **line})
        if self.fitted is not None:
            (folder / FOLDER).mkdir()
            self.fitted.to_files(folder / FOLDER)


def read_left(folder: Path, horizon_days: int) -> LeftModel:
    """Read what `LeftModel.to_files` wrote; a bundle of before follows the shop's gaps.

    Raises:
        ModelRefused: a file is missing or corrupt.
    """
    if not (folder / FILE).exists():
        return LeftModel(HORIZONS[0] * horizon_days)
    content = read_json(folder / FILE)
    line = Calibration(content["method"], float(content["slope"]), float(content["intercept"]))
    learnt = content["by"] == BLEND
    fitted = read_fitted(BLEND, folder / FOLDER) if learnt else None
    return LeftModel(int(content["window_days"]), fitted, line)


def fit_left(log: Log, data: Dataset, until: int, trees: TreeSettings = USUAL) -> LeftModel:
    """Learn from the training dates whose longer window had ended.

    Args:
        log: the shop's log.
        data: the training rows of the model.
        until: the first day number that no label may read.
        trees: how trees grow.
    """
    for horizons in HORIZONS:
        rows = with_window(log, data, horizons * data.definition.horizon_days, until)
        if len(rows) and enough_to_learn(rows):
            found = fit(BLEND, rows, trees)
            return LeftModel(rows.definition.horizon_days, found.fitted, calibrate("none", found.out_of_sample))
    return LeftModel.by_gaps(data.definition)


def with_window(log: Log, data: Dataset, window_days: int, until: int) -> Dataset:
    """Return the rows of the dates whose longer window had ended, with its labels; the features stay as they are.

    Args:
        log: the shop's log.
        data: rows with labels of a shorter window.
        window_days: churned then means: no order within so many days.
        until: the first day number that no label may read.
    """
    days = [day for day in data.days if day + window_days <= until]
    rows, definition = data.on(days), replace(data.definition, horizon_days=window_days)
    if not days:
        return replace(rows, definition=definition)
    own = log.only(np.unique(rows.customer_id))  # the rows may be of some customers of a large shop
    labels = label_table(own, [date_of(day) for day in days], definition)
    return replace(
        rows,
        y=labels["churned"].to_numpy(dtype=bool),
        spend_next=labels["spend_next"].to_numpy(dtype=np.float64),
        wait_days=labels["wait_days"].to_numpy(dtype=np.int64),
        definition=definition,
    )
