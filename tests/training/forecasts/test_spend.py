"""Expected spend if retained, and its interval."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.value.classic_spend import fit_classic_spend
from features.churn.labels import ChurnDefinition
from features.clock import date_of
from features.definitions import default_features
from features.log import Lines
from features.roll_up import roll_up
from training.dataset import build_dataset
from training.forecasts.gamma_gamma import GammaGamma
from training.forecasts.spend import (
    PARTS,
    SpendInterval,
    ValueModel,
    _weights,
    at_least_one,
    customer_mean,
    fit_value,
    read_value,
    spend_errors,
    value_errors,
)

WINDOWS = ("30d", "90d", "365d")
NAMES = (
    *("frequency", "tenure_days", "spend_per_order_day"),
    *(f"order_days_{days}" for days in WINDOWS),
    *(f"spend_{days}" for days in WINDOWS),
)
# p·γ / (p·x + q − 1) with hardly any p: an order is worth what the shop's are, 50.
FIFTY = GammaGamma(p=1e-9, q=2.0, gamma=5e10)


def only(part: int) -> tuple[float, ...]:
    return tuple(float(place == part) for place in range(PARTS))


def test_the_own_rate_is_pulled_towards_the_shops():
    # since 20 days: 90-day window, 6 a day, pulled by 10 days of 3 a day: (120 + 30) / 30 = 5 a day, over 14 days 70
    model = ValueModel(NAMES, 14, (0.0,) * 4, (0.0, 3.0, 0.0, 0.0), FIFTY, only(5))
    assert model.expected_spend(np.array([[2.0, 20, 40, 3, 3, 3, 120, 120, 120]])) == pytest.approx([70.0])


def test_a_retained_customer_orders_at_least_once():
    # a year and more: 30-day window, 2 orders, pulled by 10 days of none: 2 / 40 a day, 0.7 in 14 days
    model = ValueModel(NAMES, 14, (0.0,) * 4, (0.0,) * 4, FIFTY, only(0))
    predicted = model.expected_spend(
        np.array([[9.0, 400, 40, 2, 3, 9, 80, 120, 400], [9.0, 400, 40, 0, 3, 9, 0, 120, 400]])
    )
    assert predicted == pytest.approx([50 * 0.7 / (1 - np.exp(-0.7)), 50])


def test_poisson_customers_are_found():
    """Each orders at a rate and for an amount of his own; the truth is known of those who came."""
    random, customers, days, horizon = np.random.default_rng(3), 1_500, 400, 20
    daily, amount = random.gamma(3, 1 / 60, customers).clip(max=0.5), random.integers(1_000, 9_000, customers)
    came = random.random((customers, days + horizon)) < daily[:, None]
    who, when = np.nonzero(came)
    log = roll_up(Lines.of([f"{each:04}" for each in who], when.tolist(), amount[who].tolist()))
    features, definition = default_features(), ChurnDefinition(horizon, 120)
    learnt = build_dataset(log, [date_of(day) for day in (260, 300, 340, 380)], definition, features)
    judged = build_dataset(log, [date_of(days)], definition, features)
    place = np.array([int(name) for name in judged.customer_id])
    truth = amount[place] * horizon * daily[place] / (1 - (1 - daily[place]) ** horizon)
    model = fit_value(learnt)
    predicted = model.expected_spend(judged.values)
    assert predicted.sum() == pytest.approx(truth.sum(), rel=0.03)
    peer = customer_mean(model.names, judged.values, horizon)
    assert np.corrcoef(predicted, truth)[0, 1] > max(0.88, np.corrcoef(peer, truth)[0, 1])
    classic, stayed = fit_classic_spend(learnt).expected_spend(judged.values), ~judged.y
    errors = value_errors(model, judged)
    errors |= spend_errors("gamma_gamma_", classic[stayed], judged.spend_next[stayed])
    assert errors["interval_coverage"] == pytest.approx(0.8, abs=0.04)
    assert errors["root_mean_squared_error"] < errors["customer_mean_root_mean_squared_error"]
    assert errors["root_mean_squared_error"] < 1.03 * errors["gamma_gamma_root_mean_squared_error"]  # its own world


def test_it_beats_the_customers_mean_out_of_time(data):
    latest = data.days[-1]
    earlier, later = data.hold_out_last()
    errors = value_errors(fit_value(earlier), later)
    assert later.days == (latest,)
    assert errors["root_mean_squared_error"] < errors["customer_mean_root_mean_squared_error"]
    assert errors["mean_absolute_error"] < errors["customer_mean_absolute_error"]
    assert errors["bias"] == pytest.approx(1, abs=0.25)
    assert errors["interval_coverage"] == pytest.approx(0.8, abs=0.1)


def test_the_weights_are_those_of_least_squares():
    """Of parts without likeness, a tenth more of each square: w = (w_true + 0.1 · equal) / 1.1."""
    parts, true = np.eye(3)[np.repeat([0, 1, 2], 50)] * 8.0, np.array([2.0, 0.5, 0.5])
    assert _weights(parts, parts @ true) == pytest.approx((true + 0.1 * 1.0) / 1.1)
    assert min(_weights(parts, -parts @ true)) == 0


@given(st.floats(0, 1e7), st.lists(st.tuples(st.floats(1, 1e7), st.floats(0, 5), st.floats(0, 5)), min_size=1))
@settings(deadline=None)
def test_the_interval_is_never_crossed(expected, levels):
    shares = [sorted(pair[1:]) for pair in levels]
    bands = SpendInterval(
        tuple(sorted(pair[0] for pair in levels)), tuple(low for low, _ in shares), tuple(high for _, high in shares)
    )
    low, high = bands.around(np.array([expected]))
    assert 0 <= low[0] <= expected <= high[0]


@given(st.floats(0, 1e6))
@settings(deadline=None)
def test_a_count_above_zero_is_at_least_one(rate):
    assert at_least_one(np.array([rate]))[0] >= max(1.0, rate) * (1 - 1e-6)


def test_it_is_never_negative_and_survives_its_file(data, tmp_path):
    model = fit_value(data)
    model.to_files(tmp_path)
    predicted = model.expected_spend(data.values)
    low, high = model.bands.around(predicted)
    assert (predicted >= 0).all()
    assert (low >= 0).all()
    assert (low < high).all()
    again = read_value(tmp_path)
    assert again == model
    assert np.array_equal(again.expected_spend(data.values), predicted)


def test_nobody_stayed(data):
    model = fit_value(replace(data, y=np.ones(len(data), dtype=bool)))
    predicted = model.expected_spend(data.values)
    assert np.isfinite([predicted, *model.bands.around(predicted)]).all()
    assert value_errors(model, replace(data, y=np.ones(len(data), dtype=bool))) == {}


def test_a_shop_of_two_customers():
    log = roll_up(Lines.of(["ann", "bob", "bob"], [1, 5, 12], [700, 300, 50]))
    data = build_dataset(log, [date_of(7)], ChurnDefinition(10, 30), default_features())
    predicted = fit_value(data).expected_spend(data.values)
    assert (predicted > 0).all()
    assert (predicted < 5_000).all()


def test_nobody_at_all(data):
    nobody = data.on([])
    model = fit_value(nobody)
    assert model.expected_spend(nobody.values).shape == (0,)
    assert np.isfinite(model.expected_spend(data.values)).all()
