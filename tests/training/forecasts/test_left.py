"""Who has left: labels of a longer window, learnt where the log is long enough, carried on by the gaps where not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from features.churn.labels import ChurnDefinition, label_table
from features.clock import date_of
from features.log import Log
from training.dataset import Dataset
from training.forecasts.left import HORIZONS, LeftModel, fit_left, read_left, with_window
from training.forecasts.next_order import fit_timing
from training.metrics import auroc, log_loss
from training.models.calibration import sigmoid
from training.models.logistic import fit_logistic
from training.models.trees import TreeSettings

QUICK = TreeSettings(learning_rate=0.3)


def test_the_rows_of_a_longer_window_are_those_whose_window_had_ended(log: Log, data: Dataset) -> None:
    """The features are the same rows, the labels those of the longer window, and no date reaches beyond the end."""
    until = data.days[-1] + data.definition.horizon_days
    found = with_window(log, data, 84, until)
    assert found.days == tuple(day for day in data.days if day + 84 <= until)
    assert 0 < len(found.days) < len(data.days)
    expected = label_table(log, [date_of(day) for day in found.days], ChurnDefinition(84, 84))["churned"]
    assert found.y.tolist() == expected.tolist()
    assert np.array_equal(found.values, data.on(found.days).values, equal_nan=True)
    assert (found.y <= data.on(found.days).y).all()  # silent for longer is silent for shorter
    assert found.definition == ChurnDefinition(84, 84)


def test_no_label_is_read_from_the_day_that_ends_them(log: Log, data: Dataset) -> None:
    """Whatever comes after changes nothing."""
    until = data.days[5] + 84
    whole, known = (with_window(each, data, 84, until) for each in (log, log.before(until)))
    assert whole.y.tolist() == known.y.tolist()
    assert whole.days == known.days


@pytest.fixture(scope="module")
def learnt(log: Log, data: Dataset) -> LeftModel:
    """Learnt on the small shop, with trees that grow quickly."""
    return fit_left(log, data, data.days[-1] + data.definition.horizon_days, QUICK)


def test_the_long_silence_is_told_better_than_by_the_short_one(log: Log, data: Dataset, learnt: LeftModel) -> None:
    """Of which it is a part: never is it the likelier one."""
    assert learnt.facts == {"window_days": 84, "by": "blend"}
    rows = with_window(log, data, 84, 10**6).on([data.days[-5]])
    once = sigmoid(fit_logistic(data, None).fitted.log_odds(rows.values))
    left = learnt.probability(rows.values, once, lambda days: pytest.fail("it was learnt"))
    assert ((left >= 0) & (left <= once)).all()
    assert log_loss(rows.y, left) < log_loss(rows.y, once)
    assert auroc(rows.y, left) > 0.7


def test_what_was_learnt_is_read_back(tmp_path: Path, data: Dataset, learnt: LeftModel) -> None:
    learnt.to_files(tmp_path)
    found, p = read_left(tmp_path, 28), np.full(len(data), 0.99)
    told = [each.probability(data.values, p, lambda days: p) for each in (learnt, found)]
    assert told[0].tolist() == told[1].tolist()
    assert found.facts == learnt.facts


def test_a_short_log_is_asked_about_two_horizons_and_a_shorter_one_is_carried_on(log: Log, data: Dataset) -> None:
    """The gaps of the shop, at each customer's own pace."""
    newest = data.on(data.days[-1:])
    until = newest.days[-1] + 28
    assert fit_left(log, newest, newest.days[-1] + 56, QUICK).facts == {"window_days": 56, "by": "blend"}
    none = fit_left(log, newest, until, QUICK)
    assert none.facts == {"window_days": HORIZONS[0] * 28, "by": "gaps"}
    timing, p = fit_timing(data), np.full(len(newest), 0.6)
    found = none.probability(newest.values, p, lambda days: timing.no_order_probability(newest.values, p, [days])[:, 0])
    assert ((found > 0) & (found < 0.6)).all()
    gap = newest.X["mean_gap_days"].to_numpy()
    regular = newest.X["frequency"].to_numpy() >= 8
    slow, quick = regular & (gap > 20), regular & (gap < 10)
    assert found[slow].mean() > found[quick].mean()  # whoever is slow is silent for long more often


def test_a_bundle_of_before_carries_on_by_the_gaps(tmp_path: Path) -> None:
    """Its folder holds no such file, and its scores say what they can."""
    assert read_left(tmp_path, 28).facts == {"window_days": 84, "by": "gaps"}
