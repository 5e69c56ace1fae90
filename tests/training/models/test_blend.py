"""The mean of several."""

from __future__ import annotations

import numpy as np
import pytest

from training.metrics import log_loss
from training.models.blend import Blend, blended, learn_weights
from training.models.calibration import sigmoid
from training.models.candidates import CANDIDATES, WEIGHTS, fit, fit_each, usual_weights
from training.models.fitted import Fit


def test_a_blend_of_fits_at_hand_is_the_blend_fitted_alone(data):
    alone = fit("blend", data).fitted
    beside = dict(fit_each((*WEIGHTS, "blend"), data))["blend"].fitted
    assert isinstance(alone, Blend)
    assert alone.weights == beside.weights
    assert np.array_equal(alone.log_odds(data.values), beside.log_odds(data.values))


def test_it_is_the_weighted_mean_of_its_parts(data):
    blend = fit("blend", data).fitted
    parts = [blend.weights[name] * part.log_odds(data.values) for name, part in blend.parts.items()]
    assert blend.log_odds(data.values) == pytest.approx(np.sum(parts, axis=0))
    assert sum(blend.weights.values()) == pytest.approx(1)
    assert set(blend.parts) == set(WEIGHTS) < set(CANDIDATES)


def test_weights_go_to_who_is_right_as_far_as_rows_prove_it():
    random = np.random.default_rng(0)
    truth = random.normal(size=4_000)
    y = random.random(4_000) < sigmoid(truth)
    said = np.column_stack([truth, random.normal(size=4_000)])
    usual = np.array([0.5, 0.5])
    few, many = learn_weights(said[:40], y[:40], usual), learn_weights(said, y, usual)
    assert 0.5 < few[0] < many[0]
    assert many[0] > 0.9
    assert log_loss(y, sigmoid(said @ many)) < log_loss(y, sigmoid(said @ usual))


def test_each_dates_level_is_free():
    """A part that is right about who, on dates whose level it missed, is not made to pay for the level."""
    random = np.random.default_rng(0)
    truth, date = random.normal(size=6_000), np.repeat([0, 1, 2], 2_000)
    level = np.array([-1.5, 0.0, 1.5])[date]
    y = random.random(6_000) < sigmoid(truth + level)
    said = np.column_stack([truth, 0.2 * truth + level])
    found = learn_weights(said, y, np.array([0.5, 0.5]), date)
    assert found[0] > 0.9


def test_with_few_rows_the_models_of_rhythm_weigh_more():
    few, many = usual_weights(2_000), usual_weights(500_000)
    rhythm = ("gap_hazard", "bg_nbd", "pareto_nbd")
    assert sum(few[name] for name in rhythm) > 0.6 > 0.4 > sum(many[name] for name in rhythm)
    assert sum(few.values()) == pytest.approx(1) == sum(many.values())


def test_without_a_later_date_the_usual_weights_hold(data):
    parts = {name: Fit(found.fitted, None) for name, found in fit_each(tuple(WEIGHTS), data)}
    found = blended(parts, WEIGHTS)
    assert found.out_of_sample is None
    assert found.fitted.weights == WEIGHTS
