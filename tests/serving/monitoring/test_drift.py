"""Drift does not cry wolf over three years, and what was really tampered with is raised within one period."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from features.clock import date_of, day_number
from serving.monitoring.alarm import Alarm
from serving.monitoring.arrivals import age_alarms, order_alarms, silence_alarms
from serving.monitoring.drift import PERIOD_DAYS, drift_alarms, drift_document, figures, periods_before
from serving.monitoring.movement import usual
from tests.serving.monitoring.shops import DEFINITION, Tampered, day_of, model_of, shop_of
from training.bundle import Bundle

MONTHS, CHANGED = 36, 1_200


@pytest.fixture(scope="module")
def steady() -> Tampered:
    return shop_of(1)


@pytest.fixture(scope="module")
def model(steady: Tampered) -> Bundle:
    return model_of(steady.log, day_of(420))


def alarms_after(shop: Tampered, model: Bundle, changed: int, *days: int) -> list[Alarm]:
    """What is raised in the period after a day: by its end, or so many days into it."""
    return [alarm for each in days or (PERIOD_DAYS,) for alarm in alarms_on(shop, model, changed + each)]


def alarms_on(shop: Tampered, model: Bundle, end: int) -> list[Alarm]:
    log, day = shop.log.before(end), date_of(end)
    found = figures(log, periods_before(log, day, DEFINITION.active_days), model, shop.segment_of)
    return [*drift_alarms(found), *order_alarms(log, day), *silence_alarms(log, day)]


def subjects(alarms: list[Alarm]) -> set[str]:
    return {alarm.subject for alarm in alarms}


def test_three_years_in_which_nothing_changes_raise_at_most_one_false_alarm(steady: Tampered, model: Bundle):
    log, last = steady.log, day_of(1_550)
    days = periods_before(log, date_of(last), DEFINITION.active_days)
    found = figures(log, days, model, steady.segment_of)
    assert len(days) > MONTHS
    raised = 0
    for end in range(len(days) - MONTHS, len(days)):
        day = days[end]
        known = log.before(day_number(day))
        arrived = [*order_alarms(known, day), *silence_alarms(known, day), *age_alarms(known, day)]
        raised += bool([*drift_alarms(found, end + 1), *arrived])
    assert raised <= 1


def test_a_figure_of_the_past_is_the_one_that_was_known_then(steady: Tampered, model: Bundle):
    late, early = day_of(1_200), day_of(1_200 - 3 * PERIOD_DAYS)
    log = steady.log
    now, then = (
        {each.name: each.values for each in figures(log.before(end), days, model, {}) if "without" not in each.what}
        for end in (late, early)
        for days in [periods_before(log, date_of(end), DEFINITION.active_days)]
    )
    for name in ("days_since_order", "probability", "orders", "new", "spend_per_order"):
        np.testing.assert_array_equal(now[name][-4], then[name][-1], name)


def test_a_price_rise_is_raised(steady: Tampered, model: Bundle):
    assert "prices" in subjects(alarms_after(steady.dearer(day_of(CHANGED), 1.1), model, day_of(CHANGED)))


def test_lost_orders_are_raised(steady: Tampered, model: Bundle):
    found = alarms_after(steady.without_orders(day_of(CHANGED), 2), model, day_of(CHANGED))
    assert {"orders", "week"} & subjects(found)


def test_a_tracking_source_that_fell_silent_is_raised(steady: Tampered, model: Bundle):
    found = alarms_after(steady.without_events(day_of(CHANGED), "mail_clicked"), model, day_of(CHANGED))
    (silent,) = [alarm for alarm in found if alarm.kind == "events"]
    assert silent.subject == "mail_clicked"
    assert "the longest pause of the year before was" in silent.words


def test_a_campaign_is_raised(steady: Tampered, model: Bundle):
    found = alarms_after(steady.with_campaign(day_of(CHANGED), 120), model, day_of(CHANGED))
    assert "new" in subjects(found)


def test_a_season_is_raised_once_and_known_in_the_next_year():
    gifts = shop_of(1, christmas_factor=2.0)
    model = model_of(gifts.log, day_of(200))
    before_christmas = [day_number(date(year, 11, 24)) for year in (2020, 2022)]
    first, third = (subjects(alarms_after(gifts, model, day, 14, 28)) for day in before_christmas)
    assert "orders" in first
    assert "orders" not in third


def test_data_that_is_old_is_raised(steady: Tampered):
    log = steady.log
    last = date_of(log.last_day)
    assert list(age_alarms(log, date_of(log.last_day + 7))) == []
    (old,) = age_alarms(log, date_of(log.last_day + 20))
    assert f"the last order is of {last}, 20 days ago" in old.words


def test_the_document_says_what_is_usual(steady: Tampered, model: Bundle):
    log, day = steady.log, date_of(day_of(1_200))
    days = periods_before(log, day, DEFINITION.active_days)
    found = drift_document(figures(log, days, model, steady.segment_of), days)
    orders = next(each for each in found["figures"] if each["name"] == "orders")
    assert orders["usual_low"] < orders["now"] < orders["usual_high"]
    frequency = next(each for each in found["figures"] if each["name"] == "frequency" and each["stability_index"])
    assert frequency["stability_index"] > 0


def test_a_short_past_tells_nothing_yet():
    assert usual(np.array([1.0, 2.0, 90.0]), 0.02, 13, 1e-4) is None


@pytest.mark.parametrize("jump", [0.0, 3.0])
def test_false_alarms_are_as_rare_as_asked_whatever_the_noise(jump: float):
    random, raised = np.random.default_rng(4), []
    for _ in range(300):
        noise = random.standard_normal(30)
        noise[-1] += 8 * jump
        judged = usual(noise, 0.0, 13, 1e-2)
        assert judged is not None
        raised.append(judged.is_unusual)
    assert np.mean(raised) < 0.05 if not jump else np.mean(raised) > 0.95
