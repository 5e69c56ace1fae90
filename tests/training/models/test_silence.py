"""What the candidates by silence share: the line, the explanation, the sample."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.models.candidates import fit
from training.models.history import INPUTS, Histories
from training.models.silence import CUSTOMERS_TO_FIT, shapley, some_customers

NAMES = ("gap_hazard", "bg_nbd", "pareto_nbd")


@given(st.lists(st.floats(-5, 5), min_size=6, max_size=6))
@settings(max_examples=50, deadline=None)
def test_shapley_is_the_mean_over_all_orders_of_arrival(numbers):
    row, base = np.array(numbers[:3]), np.array(numbers[3:])

    def value(at):
        return at[:, 0] * at[:, 1] + np.abs(at[:, 2] - at[:, 0])

    expected = np.zeros(3)
    for order in ((0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)):
        now = base.copy()
        for player in order:
            before = value(now[None, :])[0]
            now[player] = row[player]
            expected[player] += (value(now[None, :])[0] - before) / 6
    found = shapley(value, row[None, :], base)
    assert found.added[0] == pytest.approx(expected, abs=1e-9)
    assert found.base == pytest.approx(value(base[None, :])[0])
    assert found.log_odds == pytest.approx(value(row[None, :]))


@pytest.mark.parametrize("name", NAMES)
def test_only_what_is_looked_at_is_told(bundles, data, name):
    added = bundles[name].fitted.explained(data.values).added
    told = {feature for feature, column in zip(data.features.names, added.T, strict=True) if column.any()}
    assert told <= set(INPUTS)
    assert "days_since_order" in told


@pytest.mark.parametrize("name", NAMES)
def test_the_typical_customer_has_no_reasons(bundles, data, name):
    fitted = bundles[name].fitted
    row = data.values[:1].copy()
    row[0, [data.features.names.index(each) for each in INPUTS]] = fitted.typical
    found = fitted.explained(row)
    assert not found.added.any()
    assert found.log_odds[0] == pytest.approx(found.base)


@pytest.mark.parametrize("name", ["bg_nbd", "pareto_nbd"])
def test_a_longer_silence_is_never_better_news(bundles, data, name):
    rows = data.values.copy()
    rows[:, data.features.names.index("days_since_order")] += 10
    rows[:, data.features.names.index("tenure_days")] += 10
    fitted = bundles[name].fitted
    assert (fitted.log_odds(rows) >= fitted.log_odds(data.values) - 1e-9).all()


@pytest.mark.parametrize("name", NAMES)
def test_nonsense_is_scored_too(bundles, data, name):
    rows = np.full((1, data.values.shape[1]), np.nan)
    assert np.isfinite(bundles[name].fitted.log_odds(rows)).all()


@pytest.mark.parametrize("name", NAMES)
def test_of_a_single_date_the_line_is_learnt_from_its_labels(data, name):
    one = data.on([data.days[-1]])
    found = fit(name, one)
    assert found.out_of_sample is None
    predicted = 1 / (1 + np.exp(-found.fitted.log_odds(one.values)))
    assert predicted.mean() == pytest.approx(one.y.mean(), abs=0.02)


@pytest.mark.parametrize("name", NAMES)
def test_labels_that_contradict_it_leave_the_base_rate(data, name):
    one = data.on([data.days[-1]])
    raw = fit(name, one).fitted.log_odds(one.values)
    against = replace(one, y=raw < np.median(raw))
    if name != "gap_hazard":  # learns from who came back itself
        assert fit(name, against).fitted.slope == 0


def test_a_sample_is_drawn_alike_every_time():
    many = Histories(*(np.arange(3 * CUSTOMERS_TO_FIT, dtype=float) for _ in range(3)))
    first, second = some_customers(many), some_customers(many)
    assert len(first) == len(np.unique(first.age)) == CUSTOMERS_TO_FIT
    assert np.array_equal(first.age, second.age)
    few = Histories(*(np.arange(9.0) for _ in range(3)))
    assert some_customers(few) is few
