"""Feasts that move: on which days they lie, and what they do to a window."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from features.churn.labels import ChurnDefinition
from features.clock import date_of, day_number
from features.definitions import default_features
from features.log import Lines, Log
from features.roll_up import roll_up
from features.sources.mapping import Shop
from training.dataset import build_dataset
from training.forecasts.base_rate import base_rates, read_weeks
from training.forecasts.feast_days import AROUND, feast_days
from training.forecasts.feasts import Activity, Feast
from training.forecasts.level import Levels
from training.splits import training_dates

DEFINITION = ChurnDefinition(28, 84)
FIRST, DAYS = date(2022, 1, 3), 900


def shop(busy: str | None, country: str = "GR", customers: int = 900) -> Log:
    """Return a shop that sells three times as much in the fortnight before a feast."""
    random, first = np.random.default_rng(5), day_number(FIRST)
    rate = np.full(DAYS, 1 / 35)
    for day in feast_days(country, range(2022, 2025))[busy] if busy else ():
        rate[max(day - first - 14, 0) : day - first] *= 3
    who, day = np.nonzero(random.random((customers, DAYS)) < rate)
    joined = random.uniform(-400, DAYS, customers)
    here = day >= joined[who]
    ids, days = [f"{one:04}" for one in who[here]], (first + day[here]).tolist()
    return roll_up(Lines.of(ids, days, [1000] * len(days)))


def learnt(log: Log, day: date, country: str) -> Levels:
    """Return what is known on a day."""
    until = day_number(day)
    data = build_dataset(log, training_dates(log.first_day, until, DEFINITION), DEFINITION, default_features())
    return base_rates(read_weeks(log.before(until), DEFINITION, until, country), data, until)


def test_each_country_has_its_feasts_by_its_own_calendar():
    """Of 2024: Orthodox and Western Easter, Eid as Turkey and Iran keep it, Nowruz, and the Lunar New Year."""
    of = {country: feast_days(country, range(2024, 2025)) for country in ("GR", "DE", "TR", "IR", "CN", "US")}
    said = {(c, name): str(date_of(days[0])) for c, feasts in of.items() for name, days in feasts.items()}
    assert said["GR", "Easter"] == "2024-05-05"
    assert said["DE", "Easter"] == "2024-03-31"
    assert said["TR", "Eid al-Fitr"] == "2024-04-10"
    assert said["TR", "Eid al-Adha"] == "2024-06-16"
    assert said["IR", "Nowruz"] == "2024-03-20"
    assert said["CN", "Lunar New Year"] in ("2024-02-09", "2024-02-10")
    assert "Easter" not in of["TR"]
    assert {days["Black Friday"] for days in of.values()} == {(day_number(date(2024, 11, 29)),)}


def test_a_feast_of_several_days_is_one_and_there_may_be_two_in_a_year():
    eids = feast_days("TR", range(2033, 2034))["Eid al-Fitr"]
    assert [date_of(day).month for day in eids] == [1, 12]


def test_the_zone_of_a_shop_says_its_country():
    assert Shop("Europe/Istanbul", "TRY").country == "TR"
    assert Shop("UTC", "EUR").country == ""
    assert list(feast_days("XX", range(2024, 2026))) == ["Black Friday"]


def test_a_window_has_the_days_of_a_feast_that_lie_in_it():
    feast = Feast("feast", (100, 200), 2, (0.5, 1.0, 1.0, 0.0))
    starts = np.array([90, 97, 99, 102, 150, 198])
    assert feast.over(starts, 10).tolist() == [0.15, 0.25, 0.2, 0.0, 0.0, 0.25]
    assert Feast.from_dict({"name": "feast", "days": [100, 200], "before": 2, "effect": [0.5, 1.0, 1.0, 0.0]}) == feast


def test_a_feast_that_moved_is_forecast_where_it_now_is():
    """Easter is on 16 April in 2023 and on 5 May in 2024: the same weeks of last year mislead twice."""
    log = shop("Easter")
    for day, before_easter in ((date(2024, 3, 19), False), (date(2024, 4, 16), True)):
        with_calendar, without = (learnt(log, day, country).forecast(day_number(day)) for country in ("GR", ""))
        truth = learnt(log, date(2024, 6, 11), "")
        came = truth.shifts[np.searchsorted(truth.days, day_number(day))]
        assert abs(with_calendar.shift - came) < abs(without.shift - came)
        assert (with_calendar.feasts < -0.3) == before_easter


def test_a_shop_that_keeps_no_feast_is_not_moved_by_the_calendar():
    log, day = shop(None), date(2024, 4, 16)
    with_calendar, without = (learnt(log, day, country).forecast(day_number(day)) for country in ("GR", ""))
    assert abs(with_calendar.shift - without.shift) < 0.1


def test_feasts_are_known_for_years_after_training_and_survive_their_file():
    known = learnt(shop("Easter"), date(2024, 6, 1), "GR")
    again = Levels.from_dict(known.to_dict())
    assert again.to_dict() == known.to_dict()
    assert again.of_feasts(day_number(date(2026, 3, 22))) < -0.2  # Easter is on 12 April
    assert again.of_feasts(day_number(date(2026, 8, 1))) == 0


def test_the_days_after_are_not_looked_at():
    day, log = date(2024, 4, 16), shop("Easter")
    assert learnt(log, day, "GR").to_dict() == learnt(log.before(day_number(day)), day, "GR").to_dict()


def test_repeat_orders_are_counted_by_day():
    log = roll_up(Lines.of(["ann", "ann", "bob", "ann"], [10, 11, 11, 13], [100] * 4))
    assert Activity.of(log, 13).orders.tolist() == [0, 1, 0]
    assert Activity.of(log, 20).orders.tolist()[:5] == [0, 1, 0, 1, 0]


@pytest.mark.parametrize(("first", "days", "is_known"), [(8, 64, True), (9, 64, False), (8, 63, False)])
def test_around_a_feast_nothing_is_known_where_days_are_missing(first, days, is_known):
    """Of a feast on day 50: four weeks before and one after are looked at, and a fortnight on either side of them."""
    seen = Activity(first, np.full(days, 5.0)).around(50, AROUND["Easter"])
    assert (seen is not None) == is_known
    assert seen is None or (len(seen) == 36 and np.abs(seen).max() < 0.01)
