"""The hazard of gaps: what is made of the product-limit estimate."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.churn.survival import Survival, kaplan_meier
from tests.spells import arrays, spells
from training.metrics import ece
from training.models.gap_hazard import Curve, GapHazard, fit_gap_hazard, usual_gap
from training.models.history import Histories, final_histories, followed_histories


@given(spells, st.integers(0, 30), st.tuples(st.floats(0, 90), st.floats(0, 90)))
@settings(max_examples=100, deadline=None)
def test_a_longer_horizon_is_never_more_silent(rows, silence, times):
    model = GapHazard(7.0, (0,), (Curve.of(kaplan_meier(*arrays(rows))),))
    seen = Histories(np.array([2.0]), np.array([14.0]), np.array([14.0 + silence]))
    short, long = sorted(times)
    assert 0 <= model.no_order_probability(seen, long)[0] <= model.no_order_probability(seen, short)[0] <= 1


def test_a_curve_by_hand():
    """Each hazard is −log(1 − ended / (at risk + 1)); a silence goes from 5 − ½ to 5 + 10 − ½ days of 10-day gaps."""
    curve = Curve.of(Survival(np.array([0.5, 1.5]), np.array([9.0, 4.0]), np.array([5.0, 2.0]), np.array([])))
    first, second = np.log(2), np.log(2) + np.log(5 / 3)
    assert curve.at(np.array([0.5, 1.0, 1.5])) == pytest.approx([first, (first + second) / 2, second])
    model = GapHazard(10.0, (0,), (curve,))
    seen = Histories(np.zeros(1), np.zeros(1), np.full(1, 5.0))
    reached = first + (1.45 - 0.5) * (second - first)
    assert -np.log(model.no_order_probability(seen, 10)) == pytest.approx(reached - 0.45 / 0.5 * first)


def test_an_own_gap_is_believed_as_far_as_it_was_seen():
    seen = Histories(np.array([0.0, 1.0, 98.0]), np.array([0.0, 10.0, 980.0]), np.array([5.0, 15.0, 985.0]))
    assert usual_gap(seen, 40.0) == pytest.approx([40, 30, 10.6])


def test_it_finds_the_hazard_that_was_simulated(data):
    """The shop's customers come back after a day and an exponential gap, and leave after one order in ten."""
    model = fit_gap_hazard(data)
    predicted = model.no_order_probability(
        Histories.of(*data.X[["frequency", "tenure_days", "days_since_order"]].to_numpy().T), 28
    )
    assert predicted.mean() == pytest.approx(data.y.mean(), abs=0.05)  # rates differ more than one curve can know
    assert ece(data.y, predicted) < 0.06


def test_customers_who_left_the_population_are_learnt_from(data, log):
    """Aged to the last date, they are what the log itself says of everyone who was in the population once."""
    seen, orders, last = final_histories(data), log.streams["orders"], data.days[-1]
    shown = [i for i, customer in enumerate(log.customer_ids) if customer in set(data.customer_id)]
    days = [orders.day[orders.starts[i] : orders.starts[i + 1]] for i in shown]
    days = [each[each < last] for each in days]
    assert len(seen) == len(shown) > (data.as_of == last).sum()
    assert seen.frequency.tolist() == [len(each) - 1 for each in days]
    assert seen.recency.tolist() == [each[-1] - each[0] for each in days]
    assert seen.age.tolist() == [last - each[0] for each in days]


def test_labels_follow_the_customers_of_the_last_date(data):
    seen, followed = final_histories(data), followed_histories(data)
    latest = data.on([data.days[-1]])
    place = np.searchsorted(np.unique(data.customer_id), latest.customer_id)
    assert (followed.age - seen.age)[place].tolist() == latest.wait_days.tolist()
    assert (followed.frequency - seen.frequency)[place].tolist() == (~latest.y).tolist()
    assert followed.since_order[place][~latest.y].tolist() == [0] * int((~latest.y).sum())
    assert (followed.age - seen.age).sum() == latest.wait_days.sum()
