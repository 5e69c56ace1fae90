"""What probabilities say of their own quality, before their window ends."""

from __future__ import annotations

import numpy as np
import pytest

from serving.monitoring.expected_quality import MEASURES, Judge, expected_quality
from training import metrics
from training.log_odds import log_odds_of, sigmoid


def drawn(rows: int = 4_000, seed: int = 3) -> np.ndarray:
    return np.random.default_rng(seed).beta(1.2, 2.5, rows)


def outcomes_of(p: np.ndarray, seed: int = 5) -> np.ndarray:
    return np.random.default_rng(seed).random(len(p)) < p


def test_drawn_outcomes_are_measured_as_the_backtest_measures_them():
    p = np.round(drawn(), 2)  # with ties
    y, listed = outcomes_of(p), np.arange(50)
    found = {name: values[0] for name, values in Judge(p, listed).measures(y[None, :]).items()}
    assert found["auroc"] == pytest.approx(metrics.auroc(y, p), rel=1e-12)
    assert found["log_loss"] == pytest.approx(metrics.log_loss(y, p), rel=1e-12)
    assert found["ece"] == pytest.approx(metrics.ece(y, p), rel=1e-9)
    assert found["churned"] == pytest.approx(y.mean())
    assert found["hits"] == y[:50].sum()


def test_true_probabilities_are_estimated_closely():
    p = drawn()
    said = expected_quality(p, level_error=0.0, listed=np.argsort(-p)[:200])
    for seed in range(20):
        y = outcomes_of(p, seed)
        assert said["auroc"].value == pytest.approx(metrics.auroc(y, p), abs=0.03)
        assert said["log_loss"].value == pytest.approx(metrics.log_loss(y, p), abs=0.03)
    inside = [said["churned"].holds(float(outcomes_of(p, seed).mean())) for seed in range(400)]
    assert np.mean(inside) == pytest.approx(0.95, abs=0.03)


def test_the_interval_holds_levels_that_miss_as_often_as_it_says():
    p, error = drawn(), 0.3
    said = expected_quality(p, error)
    random = np.random.default_rng(8)
    came = [outcomes_of(sigmoid(log_odds_of(p) + error * random.standard_normal()), seed).mean() for seed in range(400)]
    assert np.mean([said["churned"].holds(float(share)) for share in came]) == pytest.approx(0.95, abs=0.03)
    assert said["churned"].spread > 3 * expected_quality(p, 0.0)["churned"].spread


def test_of_one_customer_there_is_no_ranking():
    found = expected_quality(np.array([0.3]), 0.1)
    assert set(found) == set(MEASURES)
    assert np.isnan(found["auroc"].value)
    assert found["auroc"].to_dict() == {"value": None, "low": None, "high": None}
    assert found["hits"].value == 0


def test_the_same_question_has_the_same_answer():
    p = drawn(100)
    assert expected_quality(p, 0.2) == expected_quality(p, 0.2)
