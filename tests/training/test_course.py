"""A customer's course is what will be said later, and the risk map counts what came; both against plain readings."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from features.clock import date_of, day_number
from features.errors import InputError
from training.forecasts.risk_map import LEAST_CUSTOMERS, RiskMap, count_risk_map
from training.one_customer.course import expected_course
from training.plots.course import course_figure, risk_map_figure


@pytest.fixture(scope="module")
def asked(log, bundles):  # type: ignore[no-untyped-def]
    """A bundle, a date in the past, and a customer who orders nothing for four weeks from then on."""
    day = log.last_day - 60
    orders = log.streams["orders"]
    for place, who in enumerate(log.customer_ids):
        own = orders.day[orders.starts[place] : orders.starts[place + 1]]
        before, after = own[own < day], own[own >= day]
        if len(before) > 5 and day - before.max() < 20 and not (after < day + 28).any():
            return bundles["logistic"].at_ordinary_level, date_of(day), log.only([who])
    raise AssertionError("nobody")


def test_a_course_is_what_the_model_says_on_the_days_to_come(asked) -> None:  # type: ignore[no-untyped-def]
    """The truth: the same customer, scored four weeks later, when no order and no visit had come."""
    from features.build import feature_columns

    bundle, day, log = asked
    known = log.before(day_number(day))
    found = expected_course(bundle, log, day)
    said, left = [], []
    for after in range(28):
        matrix = bundle.matrix(feature_columns(known, [day + timedelta(days=after)], bundle.features))
        said.append(float(bundle.probability(matrix, day)[0]))
        left.append(float(bundle.left_probability(matrix, np.array(said[-1:]))[0]))
        assert found.probability[after] == pytest.approx(max(said), abs=1e-12)
        assert found.at(after) == pytest.approx(max(left), abs=1e-12)
    assert len(found.dates) == 92
    assert found.at(60) > found.at(0)
    assert (np.diff(found.left) >= 0).all()


def test_the_list_takes_who_is_late_and_likely_enough_gone(asked) -> None:  # type: ignore[no-untyped-def]
    bundle, day, log = asked
    known = np.sort(log.before(day_number(day)).streams["orders"].day)
    usual = np.median(np.diff(known))
    found = expected_course(bundle, log, day, enter_at=0.25)
    assert found.listed_on is not None
    place = found.dates.index(found.listed_on)
    late = day_number(found.listed_on) - known[-1]
    assert found.probability[place] >= 0.25
    assert late > np.floor(usual)
    assert place == 0 or found.probability[place - 1] < 0.25 or late - 1 <= np.ceil(usual)
    assert expected_course(bundle, log, day, enter_at=1.01).listed_on is None
    assert found.lost_on == date_of(int(known[-1]) + bundle.definition.active_days + 1)


def test_a_course_is_of_one_customer_with_an_order(asked, log) -> None:  # type: ignore[no-untyped-def]
    bundle, day, own = asked
    for some, when in ((log, day), (own, date_of(own.first_day))):
        with pytest.raises(InputError, match="a course is of one customer with an order before"):
            expected_course(bundle, some, when)


def test_the_risk_map_counts_each_training_row_once(log, data) -> None:  # type: ignore[no-untyped-def]
    window = 3 * data.definition.horizon_days
    found = count_risk_map(log, data, window, log.last_day + 1)
    assert found is not None
    orders, counted, gone = log.streams["orders"], {}, {}
    place_of = {str(who): place for place, who in enumerate(log.customer_ids)}
    for day, who in zip(data.as_of.tolist(), data.customer_id, strict=True):
        if day + window > log.last_day + 1:
            continue
        own = orders.day[orders.starts[place_of[who]] : orders.starts[place_of[who] + 1]]
        known = own[own < day]
        cell = found.place(int(day - known.max()), len(known))
        counted[cell] = counted.get(cell, 0) + 1
        gone[cell] = gone.get(cell, 0) + (not ((own >= day) & (own < day + window)).any())
    assert found.gone_days == window
    for cell, customers in np.ndenumerate(found.customers):
        assert counted.get(cell, 0) == customers
        assert gone.get(cell, 0) == found.gone[cell]


def test_a_short_log_counts_the_horizon(log, data) -> None:  # type: ignore[no-untyped-def]
    found = count_risk_map(log, data, 10_000, log.last_day + 1)
    assert found is not None
    assert (found.gone_days, found.gone.sum()) == (data.definition.horizon_days, data.y.sum())


def test_a_share_of_few_is_not_told(data) -> None:  # type: ignore[no-untyped-def]
    few = np.full(LEAST_CUSTOMERS - 1, 3.0)
    found = RiskMap.of(few, few, np.ones(len(few), dtype=bool), 90)
    assert np.isnan(found.share).all()


def test_a_bundle_carries_its_map(bundles, tmp_path) -> None:  # type: ignore[no-untyped-def]
    from training.bundle import Bundle

    bundle = bundles["logistic"]
    bundle.save(tmp_path / "kept")
    again = Bundle.load(tmp_path / "kept").risk_map
    assert again is not None
    assert again.orders == bundle.risk_map.orders
    assert again.customers.tolist() == bundle.risk_map.customers.tolist()
    assert again.gone.tolist() == bundle.risk_map.gone.tolist()


def test_pictures_show_the_customer_and_the_day_of_the_list(asked, log, data) -> None:  # type: ignore[no-untyped-def]
    bundle, day, own = asked
    course = expected_course(bundle, own, day)
    words = [text.get_text() for text in course_figure(course).axes[0].texts]
    assert f" the list may take them: {course.listed_on}" in words
    counted = count_risk_map(log, data, 84, log.last_day + 1)
    assert counted is not None
    axes = risk_map_figure(counted, at=(9, 2)).axes[0]
    assert len(axes.lines) == 1
    assert len(axes.texts) == counted.customers.size
