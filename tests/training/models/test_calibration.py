"""The line in log-odds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.metrics import log_loss
from training.models.calibration import Calibration, calibrate, fit_line, sigmoid


def test_sigmoid_knows_no_overflow():
    assert sigmoid(np.array([-1e4, 0.0, 1e4])).tolist() == [0.0, 0.5, 1.0]


def test_a_known_line_is_found_again():
    random = np.random.default_rng(0)
    x = random.normal(size=50_000)
    y = random.random(50_000) < sigmoid(1.5 * x - 0.7)
    slope, intercept = fit_line(x, y)
    assert slope == pytest.approx(1.5, abs=0.05)
    assert intercept == pytest.approx(-0.7, abs=0.05)


def test_the_fit_is_a_minimum_whatever_the_scale():
    random = np.random.default_rng(1)
    x = random.normal(size=500) * 40 + 300
    y = random.random(500) < sigmoid((x - 300) / 20)
    slope, intercept = fit_line(x, y)
    best = log_loss(y, sigmoid(slope * x + intercept))
    for step in (-0.01, 0.01):
        assert log_loss(y, sigmoid((slope + step) * x + intercept - step * 300)) > best


@given(st.lists(st.tuples(st.floats(-50, 50), st.booleans()), min_size=1, max_size=30))
@settings(max_examples=60, deadline=None)
def test_a_line_is_always_finite(rows):
    slope, intercept = fit_line(np.array([x for x, _ in rows]), np.array([y for _, y in rows]))
    assert np.isfinite([slope, intercept]).all()


def test_too_sure_log_odds_are_drawn_in():
    random = np.random.default_rng(2)
    truth = random.normal(size=5_000)
    y = random.random(5_000) < sigmoid(truth)
    found = calibrate("platt", (3 * truth, y))
    assert found.slope == pytest.approx(1 / 3, abs=0.05)
    assert log_loss(y, sigmoid(found.apply(3 * truth, shift=9.0))) < log_loss(y, sigmoid(3 * truth))


def test_calibration_never_turns_the_ranking_around():
    x = np.linspace(-1, 1, 200)
    assert calibrate("platt", (x, x < 0)).slope == 0.0


FEW, ONE_CLASS = (np.zeros(10), np.zeros(10, dtype=bool)), (np.ones(99), np.ones(99, dtype=bool))


@pytest.mark.parametrize("late", [None, FEW, ONE_CLASS])
def test_where_nothing_can_be_judged_nothing_is_changed(late):
    assert calibrate("platt", late) == Calibration()


def test_a_forecast_shift_moves_the_mean_of_a_sharper_model_as_far_as_it_was_meant_to():
    """The forecast is of who was seen when alone; a model that knows more needs more log-odds for the same mean."""
    random = np.random.default_rng(3)
    known, hidden = random.normal(0, 0.8, 40_000), random.normal(0, 2, 40_000)
    sharp = known + hidden
    blunt = known * 0.6  # of the same mean, as half of the customers churn by either
    shift, later = 0.5, (sharp, random.random(len(sharp)) < sigmoid(sharp))
    meant = sigmoid(blunt + shift).mean()
    season = calibrate("season", later, float((sigmoid(blunt) * (1 - sigmoid(blunt))).mean()))
    assert season.scale > 1.3
    assert sigmoid(season.apply(sharp, shift)).mean() == pytest.approx(meant, abs=0.01)
    assert sigmoid(calibrate("season", later).apply(sharp, shift)).mean() < meant - 0.02


def test_a_shift_counts_once_where_nothing_says_more():
    assert calibrate("season", None, 0.2).scale == 1.0
    assert calibrate("season", (np.zeros(99), np.ones(99, dtype=bool)), 0.0).scale == 1.0
    assert calibrate("season", (np.zeros(99), np.ones(99, dtype=bool)), 0.01).scale == 1.0
