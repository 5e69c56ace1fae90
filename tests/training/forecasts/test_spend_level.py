"""The level of the spend of a coming window."""

from __future__ import annotations

import numpy as np
import pytest

from features.churn.labels import ChurnDefinition
from features.clock import date_of
from features.definitions import default_features
from features.log import Lines, Log
from features.roll_up import roll_up
from training.dataset import build_dataset
from training.forecasts.level import YEAR_DAYS
from training.forecasts.level_history import LevelHistory
from training.forecasts.spend import fit_value
from training.splits import training_dates

DEFINITION = ChurnDefinition(28, 84)
DAYS = 2 * YEAR_DAYS + 100
TURN = YEAR_DAYS + YEAR_DAYS // 2 + 7


def shop(*, season: float, customers: int = 700) -> Log:
    """Return a shop whose baskets are worth so many times as much in second halves of years."""
    random = np.random.default_rng(4)
    who, day = np.nonzero(random.random((customers, DAYS)) < 1 / 25)
    here = day >= random.uniform(-200, DAYS - 50, customers)[who]
    who, day = who[here], day[here]
    amount = np.where(day % YEAR_DAYS < YEAR_DAYS / 2, 1000, 1000 * season).astype(int)
    return roll_up(Lines.of([f"{one:04}" for one in who], day.tolist(), amount.tolist()))


def factor(log: Log, day: int) -> tuple[float, float]:
    """Return the forecast factor, and spent over expected without it."""
    dates = [*training_dates(log.first_day, day, DEFINITION), date_of(day)]
    both = build_dataset(log, dates, DEFINITION, default_features())
    train, test = both.where(both.as_of < day), both.on([day])
    value, stayed = fit_value(train), ~test.y
    history = LevelHistory.of(log.before(day), DEFINITION, day)
    expected = value.expected_spend(test.values)[stayed].sum()
    return history.spend(value, day).factor(day), float(test.spend_next[stayed].sum() / expected)


def test_dearer_baskets_that_come_again_are_forecast():
    found, came = factor(shop(season=1.8), TURN)
    assert came > 1.15
    assert abs(np.log(found / came)) < 0.6 * np.log(came)


def test_without_a_season_next_to_nothing_is_multiplied():
    found, came = factor(shop(season=1.0), TURN)
    assert found == pytest.approx(1, abs=0.05)
    assert came == pytest.approx(1, abs=0.1)


def test_a_log_without_money_has_no_level_of_spend():
    log = shop(season=1.0)
    silent = Log(log.customer_ids, log.streams, has_money=False, words=log.words)
    history = LevelHistory.of(silent, DEFINITION, DAYS)
    assert history.spend_weeks is None
    data = build_dataset(log, training_dates(0, DAYS, DEFINITION), DEFINITION, default_features())
    assert history.spend(fit_value(data), DAYS).factor(DAYS) == 1


def test_a_log_of_days_has_no_level_yet():
    log = roll_up(Lines.of(["ann", "bob", "bob"], [1, 5, 12], [700, 300, 50]))
    asked = ChurnDefinition(10, 30)
    data = build_dataset(log, [date_of(7)], asked, default_features())
    assert LevelHistory.of(log, asked, 13).spend(fit_value(data), 13).factor(20) == 1
