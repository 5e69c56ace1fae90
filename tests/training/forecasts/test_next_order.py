"""When the next order comes: laws of the curve, and coverage where the truth is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.value.next_order_errors import follow_waits, timing_errors
from features.churn.labels import ChurnDefinition
from features.clock import date_of
from features.definitions import default_features
from features.errors import ModelRefused
from features.log import Lines
from features.roll_up import roll_up
from training.dataset import build_dataset
from training.forecasts.next_order import Timing, fit_timing, read_timing
from training.models.gap_hazard import Curve, GapHazard
from training.models.history import Histories

NAMES = ("frequency", "tenure_days", "days_since_order")
# Silences of 10-day gaps that end at a constant rate of one a gap, whatever the number of orders.
CONSTANT = GapHazard(10.0, (0,), (Curve(np.array([0.0, 100.0]), np.array([0.0, 100.0])),))
TIMING = Timing(NAMES, 14, 90, CONSTANT)
ROW = np.array([[5.0, 60.0, 10.0]])

curves = st.lists(st.tuples(st.floats(0.01, 5), st.floats(0, 2)), min_size=1, max_size=8)
rows = st.lists(
    st.tuples(st.integers(0, 500), st.integers(1, 3000), st.integers(1, 3000), st.floats(0, 1)), min_size=1, max_size=8
)


def timing_of(steps, horizon=14, follow=90):
    times, hazard = np.cumsum([[0, 0], *steps], axis=0).T
    return Timing(NAMES, horizon, follow, GapHazard(7.0, (0,), (Curve(times, hazard),)))


def of(many):
    *columns, p = np.array(many, dtype=float).T
    return np.column_stack(columns), p


@given(curves, rows, st.lists(st.integers(0, 400), min_size=2, max_size=6))
@settings(max_examples=150, deadline=None)
def test_silence_is_exactly_p_at_the_horizon_and_never_rises(steps, many, days):
    """Also where p is 0 or 1, after a single order, after years of silence, and where no silence ever ended."""
    X, p = of(many)
    ordered = sorted(days)
    predicted = timing_of(steps).no_order_probability(X, p, [*ordered, 14, 0])
    assert np.array_equal(predicted[:, -2], p)
    assert (predicted[:, -1] == 1).all()
    assert ((predicted >= 0) & (predicted <= 1)).all()
    assert (np.diff(predicted[:, :-2], axis=1) <= 0).all()
    before = [place for place, day in enumerate(ordered) if day <= 14]
    assert (predicted[:, before] >= p[:, None]).all()


@given(curves, rows, st.integers(14, 400))
@settings(max_examples=150, deadline=None)
def test_the_next_order_lies_in_the_days_followed(steps, many, follow):
    X, p = of(many)
    predicted = timing_of(steps, follow=follow).next_order(X, p)
    assert predicted.within_days == follow
    assert (predicted.low_days >= 0).all()
    assert (predicted.low_days <= predicted.median_days).all()
    assert (predicted.median_days <= predicted.high_days).all()
    assert (predicted.high_days < follow).all()


def test_days_may_come_in_any_order():
    predicted = TIMING.no_order_probability(ROW, np.array([0.4]), [60, 14, 30])
    assert predicted == pytest.approx(0.4 ** (np.array([[60, 14, 30]]) / 14))


def test_quantiles_of_an_exponential_wait_by_hand():
    """Constant hazard: P(wait < d | order within 90) = (1 − p^(d/14)) / (1 − p^(90/14))."""
    p = 0.5
    share = (1 - p ** (np.arange(91) / 14)) / (1 - p ** (90 / 14))
    predicted = TIMING.next_order(ROW, np.array([p]))
    low, high = predicted.low_days[0], predicted.high_days[0]
    assert predicted.median_days[0] == np.searchsorted(share, 0.5) - 1
    assert share[high + 1] - share[low] == pytest.approx(0.8, abs=0.01)
    assert share[low] == pytest.approx(0.1, abs=0.04)


def test_the_whole_days_are_those_nearest_to_80_percent():
    for p in np.linspace(0.01, 0.9, 40):
        share = (1 - p ** (np.arange(91) / 14)) / (1 - p ** (90 / 14))
        low, high = np.searchsorted(share, [0.1, 0.9], "right") - 1
        off = [abs(share[after] - share[first] - 0.8) for first in (low, low + 1) for after in (high, high + 1)]
        predicted = TIMING.next_order(ROW, np.array([p]))
        assert abs(share[predicted.high_days[0] + 1] - share[predicted.low_days[0]] - 0.8) == pytest.approx(
            min(off), abs=1e-4
        )


def test_with_the_hazards_own_probability_it_is_the_hazard(data):
    timing, X = fit_timing(data), data.values
    seen = Histories.of(*data.X[list(NAMES)].to_numpy().T)
    predicted = timing.no_order_probability(X, timing.hazard.no_order_probability(seen, 28), [7, 60])
    own = np.column_stack([timing.hazard.no_order_probability(seen, time) for time in (7, 60)])
    assert predicted == pytest.approx(own, abs=1e-3)


def test_who_never_comes_and_who_comes_today():
    predicted = TIMING.next_order(np.repeat(ROW, 2, axis=0), np.array([1.0, 0.0]))
    # p = 1: given that an order comes nevertheless, any of the 90 days is as good
    assert predicted.low_days.tolist() == [9, 0]
    assert predicted.median_days.tolist() == [44, 0]
    assert predicted.high_days.tolist() == [80, 0]


def test_poisson_customers_are_covered():
    """Each orders on any day with a chance of his own, for ever; p is the truth, so only the shape is judged."""
    random, customers, days, follow = np.random.default_rng(5), 1_500, 400, 60
    daily = random.gamma(3, 1 / 60, customers).clip(0.005, 0.5)
    who, when = np.nonzero(random.random((customers, days + follow)) < daily[:, None])
    log = roll_up(Lines.of([f"{each:04}" for each in who], when.tolist(), [1_000] * len(who)))
    definition, features = ChurnDefinition(20, 90), default_features()
    learnt = build_dataset(log, [date_of(day) for day in (200, 260, 320, 380)], definition, features)
    judged = build_dataset(log, [date_of(days)], definition, features)
    true = daily[[int(name) for name in judged.customer_id]]
    timing = replace(fit_timing(learnt), follow_days=follow)
    waits = follow_waits(log, [date_of(days)], 90, follow)
    found = timing_errors(timing, judged.values, (1 - true) ** 20, waits)
    assert found["next_order_coverage"] == pytest.approx(0.8, abs=0.04)
    assert found["next_order_too_early"] == pytest.approx(0.1, abs=0.03)
    assert found["next_order_median_absolute_error_days"] < found["usual_gap_median_absolute_error_days"]
    predicted = timing.no_order_probability(judged.values, (1 - true) ** 20, [5, 50])
    assert predicted.mean(axis=0) == pytest.approx([((1 - true) ** day).mean() for day in (5, 50)], abs=0.03)


def test_it_covers_out_of_time_in_a_shop_that_people_leave(data, log):
    earlier, later = data.hold_out_last()
    timing = replace(fit_timing(earlier), follow_days=28)
    p = timing.hazard.no_order_probability(Histories.of(*later.X[list(NAMES)].to_numpy().T), 28)
    found = timing_errors(timing, later.values, p, later.wait_days)
    assert 0.7 <= found["next_order_coverage"] <= 0.9  # 150 customers
    assert found["next_order_mean_absolute_error_days"] < found["usual_gap_mean_absolute_error_days"]
    assert timing_errors(timing, later.values, p, np.full(len(later), 28)) == {}


def test_no_further_than_the_log_can_teach(data):
    assert fit_timing(data).follow_days == data.definition.active_days
    short = data.on(data.days[:1])
    known = int(short.X["tenure_days"].max()) + 28
    assert fit_timing(short).follow_days == max(28, min(84, known // 2))


def test_waits_go_beyond_the_horizon(data, log):
    days = [date_of(day) for day in data.days[:2]]
    some, waits = data.on(data.days[:2]), follow_waits(log, days, data.definition.active_days, 60)
    assert len(waits) == len(some)
    assert np.array_equal(np.minimum(waits, 28), some.wait_days)
    assert (waits[some.y] > 28).any()


def test_who_does_not_come_waits_as_long_as_was_looked():
    log = roll_up(Lines.of(["ann", "bob", "bob"], [1, 5, 12], [700, 300, 50]))
    assert follow_waits(log, [date_of(7)], 30, 20).tolist() == [20, 5]


def test_it_survives_its_file(data, tmp_path):
    timing, p = fit_timing(data), np.linspace(0.01, 0.99, len(data))
    timing.to_files(tmp_path)
    again = read_timing(tmp_path)
    assert (again.names, again.horizon_days, again.follow_days, again.levels) == (
        timing.names,
        timing.horizon_days,
        timing.follow_days,
        timing.levels,
    )
    days = [7, 28, 90]
    assert np.array_equal(
        again.no_order_probability(data.values, p, days), timing.no_order_probability(data.values, p, days)
    )
    assert np.array_equal(again.next_order(data.values, p).high_days, timing.next_order(data.values, p).high_days)
    with pytest.raises(ModelRefused, match=r"timing\.json is missing"):
        read_timing(tmp_path / "elsewhere")


def test_nobody_at_all(data):
    nobody = data.on([])
    timing = fit_timing(nobody)
    assert timing.follow_days >= timing.horizon_days
    assert timing.no_order_probability(nobody.values, np.zeros(0), [7, 30]).shape == (0, 2)
    assert len(timing.next_order(nobody.values, np.zeros(0)).median_days) == 0
    assert timing_errors(timing, nobody.values, np.zeros(0), np.zeros(0, dtype=np.int64)) == {}
