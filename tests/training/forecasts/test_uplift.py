"""Uplift by Qini: figures by hand, a model that finds what is there, and one that is refused where nothing is."""

from __future__ import annotations

import numpy as np
import pytest

from training.forecasts.uplift import fit_uplift, qini, qini_curves, uplift_backtest


def trial(accounts: int, *, has_uplift: bool, seed: int = 0):
    """A trial in which risk says nothing of whom a contact changes; feature 0 does where there is uplift."""
    random = np.random.default_rng(seed)
    X = random.random((accounts, 3))
    treated = random.random(accounts) < 0.6
    chance = 0.3 + 0.3 * X[:, 1] + (0.35 * (X[:, 0] > 0.5) * treated if has_uplift else 0.05 * treated)
    kept = random.random(accounts) < chance
    return X, kept, treated, 1 - (0.3 + 0.3 * X[:, 1])


def test_a_curve_by_hand():
    kept, treated = np.array([True, True, False, False]), np.array([True, False, True, False])
    (gained,) = qini_curves(np.ones((1, 4)), kept, treated)
    # 1 of 1 treated stayed; then 1 of 1 held out too: 1 − 1 × 1/1; then 1 − 1 × 2/1; at last 1 − 1 × 2/2
    assert gained.tolist() == [0, 1, 0, -1, 0]


def test_a_random_order_has_no_qini_and_the_right_one_has():
    X, kept, treated, _ = trial(20_000, has_uplift=True)
    order = np.random.default_rng(5).random(20_000)
    assert abs(qini(order, kept, treated)) < 0.01
    assert qini(X[:, 0], kept, treated) > 0.03
    assert qini(-X[:, 0], kept, treated) < -0.03


@pytest.mark.parametrize("accounts", [3_000, 20_000], ids=["line", "trees"])
def test_the_learner_finds_whom_a_contact_changes(accounts):
    X, kept, treated, _ = trial(accounts, has_uplift=True)
    found = fit_uplift(X, kept, treated).uplift(X)
    assert found[X[:, 0] > 0.75].mean() > found[X[:, 0] < 0.25].mean() + 0.15


def test_it_wins_where_uplift_differs_from_risk():
    X, kept, treated, risk = trial(8_000, has_uplift=True)
    began = np.sort(np.random.default_rng(1).integers(0, 365, 8_000))
    found = uplift_backtest(X, kept, treated, risk, gain=risk * X[:, 2], began_day=began, horizon_days=56)
    assert found.wins
    assert found.words.startswith("the uplift model is used: by Qini")
    assert set(found.ahead) == {"risk", "gain"}
    assert found.ahead["risk"].low > 0


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_it_is_refused_where_everybody_is_moved_alike(seed):
    X, kept, treated, risk = trial(4_000, has_uplift=False, seed=seed)
    found = uplift_backtest(X, kept, treated, risk)
    assert not found.wins
    assert "by chance only" in found.words


def test_too_few_outcomes_are_said_to_be_too_few():
    X, kept, treated, risk = trial(600, has_uplift=True)
    found = uplift_backtest(X, kept, treated, risk)
    assert not found.wins
    assert found.words.startswith("no uplift model yet: it takes 500 accounts in each arm")


def test_no_account_is_judged_by_a_model_that_knew_its_future():
    X, kept, treated, risk = trial(4_000, has_uplift=True)
    began = np.repeat([0, 300], 2_000)
    # nothing had ended before the only later block began when the horizon is as long as the trial
    found = uplift_backtest(X, kept, treated, risk, began_day=began, horizon_days=400)
    assert not found.wins
    assert found.words.endswith("in the test")


def test_the_same_input_gives_the_same_verdict():
    X, kept, treated, risk = trial(2_000, has_uplift=True)
    one, two = (uplift_backtest(X, kept, treated, risk) for _ in range(2))
    assert one == two
