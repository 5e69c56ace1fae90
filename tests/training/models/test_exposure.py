"""Windows longer than the log: rows of its first months become like those of the day that is scored."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from features.clock import date_of
from features.definitions import default_features
from tests.training.conftest import DEFINITION, renewal_shop
from training.dataset import Dataset, build_dataset
from training.models.candidates import fit, fit_each
from training.models.exposure import adjust_exposure, growth

DAYS = range(90, 350, 28)


def rows_of(days: range, *, leaving: bool) -> Dataset:
    log = renewal_shop(300, 400, leaving=leaving)
    return build_dataset(log, [date_of(day) for day in days], DEFINITION, default_features())


@pytest.fixture(scope="module")
def regulars() -> Dataset:
    """Customers who bought before the log began as they did afterwards."""
    return rows_of(DAYS, leaving=False)


def means(data: Dataset, name: str) -> np.ndarray:
    return np.array([data.on([day]).X[name].mean() for day in data.days])


def test_the_first_months_of_a_shop_of_regulars_become_like_its_last(regulars):
    before, after = (means(data, "order_days_365d") for data in (regulars, adjust_exposure(regulars)))
    assert before[-1] > 2.5 * before[0]
    assert after == pytest.approx(np.full(len(after), after.mean()), rel=0.1)


def test_they_reach_the_length_of_the_log_on_the_day_that_is_scored(regulars):
    coming = regulars.days[-1] + DEFINITION.horizon_days
    scored = rows_of(range(coming, coming + 1), leaving=False)
    learnt = means(adjust_exposure(regulars), "order_days_365d").mean()
    assert learnt == pytest.approx(scored.X["order_days_365d"].mean(), rel=0.05)


def test_nothing_else_is_touched(regulars):
    after = adjust_exposure(regulars)
    same = [name for name in regulars.features.names if after.X[name].equals(regulars.X[name])]
    assert {"days_since_order", "tenure_days", "frequency", "order_days_90d", "mean_gap_days"} <= set(same)
    assert {"order_days_180d", "spend_365d", "order_weeks_364d"}.isdisjoint(same)
    assert np.array_equal(after.y, regulars.y)


def test_a_log_longer_than_every_window_stays_as_it_is(regulars):
    old = replace(regulars, X=regulars.X.assign(tenure_days=regulars.X["tenure_days"] + 365))
    assert adjust_exposure(old) is old


def test_no_label_is_asked(regulars):
    turned = replace(regulars, y=~regulars.y)
    assert adjust_exposure(turned).X.equals(adjust_exposure(regulars).X)


@pytest.mark.parametrize("days", [[], DAYS[:1], DAYS[:2]])
def test_too_few_dates_say_nothing(regulars, days):
    few = regulars.on(days)
    assert adjust_exposure(few) is few


def test_growth_stays_between_newcomers_and_regulars():
    held = np.array([90.0, 180.0, 360.0])
    assert growth(held, held**2) == 1.0
    assert growth(held, 1 / held) == 0.0
    assert growth(held, held**0.5) == pytest.approx(0.5)
    assert growth(held, np.array([0.0, 0.0, 3.0])) == 0.0


@pytest.mark.parametrize("name", ["lightgbm", "logistic"])
def test_one_and_many_fits_learn_from_the_same_rows(regulars, name):
    alone, (_, beside) = fit(name, regulars), next(fit_each([name], regulars))
    assert np.array_equal(alone.fitted.log_odds(regulars.values), beside.fitted.log_odds(regulars.values))


def test_the_level_of_a_young_shop_is_true(regulars):
    """The trees, learnt on short histories, read the longer ones of the next date as loyalty without this."""
    coming = regulars.days[-1] + DEFINITION.horizon_days
    scored = rows_of(range(coming, coming + 1), leaving=False)
    predicted = 1 / (1 + np.exp(-fit("lightgbm", regulars).fitted.log_odds(scored.values)))
    assert predicted.mean() == pytest.approx(scored.y.mean(), abs=0.05)
