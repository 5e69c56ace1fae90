"""The proposed window: the known rhythm of a simulated shop, logs that are cut off, and properties of any log."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.churn.horizon import (
    GAPS_COVERED,
    HORIZONS_DAYS,
    NO_SEGMENT,
    GapCurve,
    Silences,
    proposed_definition,
    proposed_horizon,
)
from features.churn.labels import ChurnDefinition, complete_until
from features.clock import date_of
from features.log import Lines
from features.roll_up import roll_up
from features.simulation.simulate import simulate


def log_of(orders):
    """A log from (customer, day) pairs."""
    return roll_up(Lines.of([who for who, _ in orders], [day for _, day in orders], [700] * len(orders)))


def log_of_shop(shop):
    bought = shop.orders[~shop.orders["returned"]]
    days = (bought["ordered_at"].dt.normalize() - pd.Timestamp(0)).dt.days
    return roll_up(Lines.of(bought["customer_id"].tolist(), days.tolist(), [700] * len(bought)))


def curve(log):
    return GapCurve.of(Silences.of(log, complete_until(log)))


def finished_gaps(log):
    silences = Silences.of(log, complete_until(log))
    return silences.days[silences.ended]


@pytest.fixture(scope="module")
def steady():
    """Nobody joins late and nobody leaves: every silence is a gap."""
    return log_of_shop(simulate(400, seed=3, days=1200, usual_gap_days=28, stationary=True, with_events=False))


def test_silences_by_hand():
    found = Silences.of(log_of([("ann", 0), ("ann", 4), ("bob", 1), ("bob", 9)]), end=8)
    assert found.begin.tolist() == [0, 4, 1]
    assert found.days.tolist() == [4, 3, 6]
    assert found.ended.tolist() == [True, False, False]
    assert found.followed(3).tolist() == [True, False, True]


def test_a_log_that_is_cut_off_still_shows_its_gaps(steady):
    """Of 80 days only the short gaps have ended; the curve knows that the others are at least so long."""
    truth = float(np.quantile(finished_gaps(steady), GAPS_COVERED))
    cut = steady.before(steady.first_day + 80)
    naive, found = float(np.quantile(finished_gaps(cut), GAPS_COVERED)), curve(cut).days_covering(GAPS_COVERED)
    assert naive < 0.8 * truth
    assert abs(found - truth) < abs(naive - truth) / 2


def test_in_a_long_log_of_customers_who_stay_it_is_the_plain_quantile(steady):
    assert curve(steady).days_covering(GAPS_COVERED) == pytest.approx(np.quantile(finished_gaps(steady), 0.85), abs=1)
    assert curve(steady).never_back < 0.01


def test_who_buys_once_does_not_stretch_the_window():
    """A thousand who came once and never again are no gaps: the window is that of the regulars."""
    regulars = [(f"r{n}", day) for n in range(100) for day in range(n % 10, 400, 10)]
    passers_by = [(f"once{n}", n % 200) for n in range(1000)]
    found = proposed_horizon(log_of([*regulars, *passers_by]))
    assert found.definition == ChurnDefinition(14, 90)
    assert found.curve.share_covered(10) == 1
    assert found.curve.never_back > 0.15


def test_the_sentence_counts_silences_that_could_have_ended():
    """Ann is silent for 20 days and comes back; bob never does; cat has been silent for too short a time to be told."""
    log = log_of([("ann", 0), ("ann", 20), ("ann", 21), ("bob", 2), ("cat", 55), ("dan", 60)])
    week = proposed_horizon(log).windows[0]
    assert week.definition.horizon_days == 7
    # From day 0 ann 20 days; from day 21 ann for ever, bob for ever; cat and dan could not be followed for 14 days.
    assert (week.silences, week.never_back) == (3, pytest.approx(2 / 3))


def test_leaving_is_told_from_waiting(steady):
    """In a shop where nobody leaves nearly every silence of the proposed length ends; where many leave it does not."""
    leaving = log_of_shop(simulate(400, seed=3, days=730, usual_gap_days=28, with_events=False))
    stays, leaves = proposed_horizon(steady).window, proposed_horizon(leaving).window
    assert stays.never_back < 0.05
    assert leaves.never_back > 0.25
    assert leaves.never_back == pytest.approx(leaves.never_back_km, abs=0.05)


def test_from_when_on_silence_means_leaving():
    """Of a hundred weekly buyers half leave after day 199: whoever is silent for longer than a gap is gone."""
    orders = [(f"c{n}", day) for n in range(100) for day in range(n % 7, 200 if n % 2 else 400, 7)]
    found = curve(log_of(orders))
    assert found.days_until_gone() == 7
    assert found.never_back_after(8) == pytest.approx(1)
    assert found.never_back_after(0) < 0.05
    assert found.never_back_after(10_000) is None


def test_a_rate_that_tells_nothing_apart_is_said(steady):
    found = proposed_horizon(steady)
    assert found.window.base_rate < 0.10
    assert "hardly anybody leaves" in found.warning
    assert "30 days would give" in found.warning
    once = proposed_horizon(log_of([(f"c{n}", n % 300) for n in range(600)]))
    assert "nearly everybody leaves" in once.warning


def test_a_usable_rate_needs_no_word():
    found = proposed_horizon(log_of_shop(simulate(300, seed=1, usual_gap_days=28, with_events=False)))
    assert found.definition == ChurnDefinition(60, 180)
    assert found.window.usable
    assert found.warning == ""


def test_the_rate_is_of_dates_whose_horizon_has_ended():
    log = log_of_shop(simulate(100, seed=2, days=400, with_events=False))
    for window in proposed_horizon(log, also_days=[45]).windows:
        assert all(day <= date_of(complete_until(log) - window.definition.horizon_days) for day in window.dates)


def test_each_segment_has_its_own_window():
    weekly = [(f"w{n}", day) for n in range(30) for day in range(n % 6, 500, 6)]
    monthly = [(f"m{n}", day) for n in range(30) for day in range(n % 28, 500, 28)]
    segments = {f"w{n}": "weekly" for n in range(30)} | {f"m{n}": "monthly" for n in range(29)}
    found = proposed_horizon(log_of([*weekly, *monthly]), segments)
    assert {name: part.definition.horizon_days for name, part in found.segments.items()} == {
        "weekly": 7,
        "monthly": 30,
        NO_SEGMENT: 30,
    }
    assert found.curve.days_covering(GAPS_COVERED) == 28
    assert sum(part.gaps for part in found.segments.values()) == found.gaps


def test_a_short_log_gets_a_short_horizon():
    assert proposed_definition(log_of([("ann", day) for day in (0, 12, 25, 39)])).horizon_days == 7


def test_a_log_in_which_nobody_came_back_gets_an_answer():
    found = proposed_horizon(log_of([("ann", 0), ("bob", 300)]))
    assert found.definition == ChurnDefinition(30, 90)
    assert found.curve.days_covering(GAPS_COVERED) is None


orders = st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 400)), min_size=1, max_size=80)


@given(orders, st.integers(-500, 20_000))
@settings(max_examples=60, deadline=None)
def test_properties_of_any_log(rows, later):
    log = log_of(rows)
    found = curve(log)
    covered = [found.share_covered(days) for days in range(420)]
    assert all(0 <= low <= high <= 1 for low, high in pairwise(covered))
    definition = proposed_definition(log)
    assert definition.horizon_days in HORIZONS_DAYS
    assert definition == proposed_definition(log_of([(who, day + later) for who, day in rows]))
    gaps = finished_gaps(log)
    gaps = gaps[gaps <= found.reach_days]
    if len(gaps):  # counting what was cut off never makes gaps shorter
        assert found.days_covering(GAPS_COVERED) >= np.quantile(gaps, GAPS_COVERED, method="inverted_cdf")
