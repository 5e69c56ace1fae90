"""The level of a coming window."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from features.churn.labels import ChurnDefinition
from features.clock import date_of, day_number
from features.definitions import default_features
from features.log import Lines, Log
from features.roll_up import roll_up
from training.dataset import build_dataset
from training.forecasts.base_rate import base_rates, read_weeks
from training.forecasts.level import YEAR_DAYS, Levels
from training.log_odds import shift_to, sigmoid
from training.splits import training_dates

DEFINITION = ChurnDefinition(28, 84)
DAYS = 2 * YEAR_DAYS + 100


def shop(*, season: float, customers: int = 600, ageing: bool = False) -> Log:
    """Return a shop that sells so many times as much in second halves of years; an ageing one wins nobody."""
    random = np.random.default_rng(3)
    rate = np.where(np.arange(DAYS) % YEAR_DAYS < YEAR_DAYS / 2, 1.0, season) / 40
    if ageing:
        rate = rate * np.exp(-np.arange(DAYS) / 300)
    who, day = np.nonzero(random.random((customers, DAYS)) < rate)
    joined = np.zeros(customers) if ageing else random.uniform(-200, DAYS - 50, customers)
    here = day >= joined[who]
    return roll_up(Lines.of([f"{one:04}" for one in who[here]], day[here].tolist(), [1000] * int(here.sum())))


def learnt(log: Log, until: int) -> Levels:
    """Return what is known on a day."""
    data = build_dataset(log, training_dates(log.first_day, until, DEFINITION), DEFINITION, default_features())
    return base_rates(read_weeks(log, DEFINITION, until), data, until)


def test_a_season_that_comes_again_is_forecast():
    log, turn = shop(season=3.0), YEAR_DAYS + YEAR_DAYS // 2
    known, truth = learnt(log, turn), learnt(log, turn + 28 + 7)
    came = truth.shifts[np.searchsorted(truth.days, turn)]
    found = known.forecast(turn)
    assert found.last_year is not None
    assert found.shift < -0.4
    assert came < -0.4
    assert abs(found.shift - came) < 0.5 * abs(came)


def test_without_a_season_next_to_nothing_is_added():
    found = learnt(shop(season=1.0), YEAR_DAYS + YEAR_DAYS // 2).forecast(YEAR_DAYS + YEAR_DAYS // 2)
    assert abs(found.shift) < 0.2


def test_a_cohort_that_ages_is_no_season():
    """Nobody joins: a year ago it was another shop."""
    log = shop(season=1.0, ageing=True)
    known, truth = learnt(log, DAYS - 120), learnt(log, DAYS - 120 + 28 + 7)
    assert known.season < 0.1
    came = truth.shifts[np.searchsorted(truth.days, DAYS - 120)]
    assert abs(known.forecast(DAYS - 120).shift - came) < 0.4


def test_a_cohort_is_known_before_the_log_shows_how_they_joined_a_year_ago():
    """As of the whole of CDNOW's second year: last year's windows are known, and its newcomers are not."""
    log = shop(season=1.0, ageing=True)
    orders = log.streams["orders"]
    first = orders.day[orders.starts[:-1]]
    known = learnt(log.only([str(one) for one in log.customer_ids[first < 90]]), YEAR_DAYS + 60)
    assert known.season == 0
    assert known.forecast(YEAR_DAYS + 60).last_year is None
    assert known.factor(YEAR_DAYS + 60) == 1
    assert learnt(shop(season=1.0), YEAR_DAYS + 60).season > 0.5


def test_less_than_a_year_knows_no_last_year():
    found = learnt(shop(season=3.0), 300).forecast(300)
    assert found.last_year is None
    assert found.latest is not None


def test_nothing_on_or_after_the_day_is_looked_at():
    log, day = shop(season=3.0), YEAR_DAYS + 150
    data = build_dataset(log, training_dates(log.first_day, day, DEFINITION), DEFINITION, default_features())
    ours = base_rates(read_weeks(log, DEFINITION, day), data, day)
    later = base_rates(read_weeks(log, DEFINITION, day + 70), data, day)
    cut = base_rates(read_weeks(log.before(day), DEFINITION, day), data, day)
    assert ours.to_dict() == later.to_dict() == cut.to_dict()


def test_a_round_trip_changes_no_bit():
    rates = learnt(shop(season=2.0), 500)
    again = Levels.from_dict(rates.to_dict())
    assert again.to_dict() == rates.to_dict()
    assert [again.forecast(day) for day in range(480, 600, 7)] == [rates.forecast(day) for day in range(480, 600, 7)]


def test_a_handful_of_customers_gets_no_shift():
    few = shop(season=3.0, customers=8)
    assert learnt(few, 600).forecast(600).shift == 0


@pytest.mark.parametrize("share", [0.001, 0.3, 0.999])
def test_a_share_is_met(share):
    log_odds = np.random.default_rng(0).normal(size=500)
    assert sigmoid(log_odds + shift_to(log_odds, share)).mean() == pytest.approx(share, abs=1e-6)


def test_the_forecast_says_its_day():
    assert learnt(shop(season=1.0), 400).forecast(day_number(date(1971, 3, 1))).to_dict()["day"] == "1971-03-01"
    assert date_of(day_number(date(1971, 3, 1))) == date(1971, 3, 1)
