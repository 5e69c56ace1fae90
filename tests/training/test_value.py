"""Expected spend if retained."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from training.value import ValueModel, fit_value, read_value, value_errors

NAMES = ("tenure_days", "spend_30d", "spend_90d", "spend_365d", "spend_per_order_day")


def test_the_own_rate_is_pulled_towards_the_shops():
    # 20 days of 6 a day, pulled by 10 days of 3 a day: (120 + 30) / 30 = 5 a day, over 14 days 70
    model = ValueModel(NAMES, 14, (0.0, 3.0, 0.0), 10.0, (0.0, 1.0, 0.0, 0.0))
    assert model.expected_spend(np.array([[20.0, 0.0, 120.0, 0.0, 40.0]])) == pytest.approx([70.0])


def test_it_beats_the_customers_mean_out_of_time(data):
    latest = data.days[-1]
    earlier, later = data.hold_out_last()
    errors = value_errors(fit_value(earlier), later)
    assert later.days == (latest,)
    assert errors["root_mean_squared_error"] < errors["customer_mean_root_mean_squared_error"]
    assert errors["bias"] == pytest.approx(1, abs=0.25)


def test_it_is_never_negative_and_survives_its_file(data, tmp_path):
    model = fit_value(data)
    model.to_files(tmp_path)
    said = model.expected_spend(data.values)
    assert (said >= 0).all()
    assert np.array_equal(read_value(tmp_path).expected_spend(data.values), said)


def test_nobody_stayed(data):
    model = fit_value(replace(data, y=np.ones(len(data), dtype=bool)))
    assert np.isfinite(model.expected_spend(data.values)).all()
    assert value_errors(model, replace(data, y=np.ones(len(data), dtype=bool))) == {}
