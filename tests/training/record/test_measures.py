"""The names of figures in MLflow: their units, and what they are the mean of."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from features.money import Money
from training.record.measures import date_measures, money_measures, quality_measures

ERRORS = {
    "mean_absolute_error": 1234.0,
    "root_mean_squared_error": 2000.0,
    "customer_mean_absolute_error": 3000.0,
    "customer_mean_root_mean_squared_error": 4000.0,
    "bias": 1.1,
    "interval_coverage": 0.8,
}


@pytest.mark.parametrize(("money", "names", "first"), [("EUR", "eur", 12.34), ("IRR", "irr", 1234.0)])
def test_amounts_are_as_people_write_them_and_say_their_currency(
    trained: Any, money: str, names: str, first: float
) -> None:
    tested = replace(trained[0].backtest, value=(ERRORS, {}))
    found = money_measures(tested, Money(money))
    assert found[f"money/mean_absolute_error_{names}"] == first
    assert found["money/predicted_over_actual"] == 1.1
    assert len(found) == len(ERRORS)


def test_a_test_dates_figures_and_the_mean_of_all_have_one_name(trained: Any) -> None:
    result = trained[0].backtest.candidates["lightgbm"]
    by_date, means = date_measures(result), quality_measures(result)
    for name in ("auroc", "log_loss_nats", "brier"):
        values = by_date[f"by_date/{name}"]
        assert list(values) == [one.test_date for one in result.by_date]
        assert means[f"quality/{name}"] == pytest.approx(sum(values.values()) / len(values))
