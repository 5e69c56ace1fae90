"""P(left) is judged where three horizons have ended, by what was known on the date, and MLflow keeps its measures."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from features.log import Log
from training.backtest.gone import NAMES, NOT_YET, told_gone
from training.dataset import Dataset
from training.forecasts.left import fit_left, with_window
from training.forecasts.next_order import fit_timing
from training.metrics import auroc
from training.models.calibration import sigmoid
from training.models.candidates import fit
from training.models.trees import TreeSettings
from training.record.measures import left_measures

QUICK = TreeSettings(learning_rate=0.3)


@pytest.fixture(scope="module")
def parts(data: Dataset) -> dict[str, Any]:
    """A test date in the middle, what was known on it, and what BG/NBD says."""
    day = data.days[9]
    train = data.on([each for each in data.days if each + data.definition.horizon_days <= day])
    test = data.on([day])
    p = sigmoid(fit("gap_hazard", train).fitted.log_odds(test.values))
    return {"train": train, "test": test, "p": p, "timing": fit_timing(train), "trees": QUICK}


def test_it_is_judged_by_who_ordered_nothing_in_three_horizons(log: Log, parts: dict[str, Any]) -> None:
    day, window = parts["test"].days[0], 3 * parts["test"].definition.horizon_days
    found = told_gone(log, end=day + window, **parts)
    later = with_window(log, parts["test"], window, day + window)
    served = fit_left(log, parts["train"], day, QUICK)
    p, timing = parts["p"], parts["timing"]
    left = served.probability(
        parts["test"].values, p, lambda days: timing.no_order_probability(parts["test"].values, p, [days])[:, 0]
    )
    assert found["auroc"] == auroc(later.y, left) > 0.6
    assert 0 < found["log_loss"] < math.log(2)
    assert 0 <= found["ece"] < 0.2


def test_what_comes_after_changes_nothing_and_what_goes_on_tells_nothing(log: Log, parts: dict[str, Any]) -> None:
    end = parts["test"].days[0] + 3 * parts["test"].definition.horizon_days
    assert told_gone(log.before(end), end=end, **parts) == told_gone(log, end=end, **parts)
    assert set(told_gone(log, end=end - 1, **parts)) == set(NAMES)
    assert np.isnan(list(told_gone(log, end=end - 1, **parts).values())).all()


def test_mlflow_keeps_the_measures_beside_those_of_the_probability(trained: Any) -> None:
    """A date whose three horizons go on has none, and takes nothing from the others' mean."""
    tested = replace(trained[0].backtest, gone=({"auroc": 0.7, "ece": 0.1, "log_loss": 0.4}, dict(NOT_YET)))
    assert left_measures(tested) == {"left/auroc": 0.7, "left/ece": 0.1, "left/log_loss_nats": 0.4}
    assert tested.to_dict()["left"][1] == {"test_date": str(tested.splits[1].test_date), **dict.fromkeys(NAMES)}
