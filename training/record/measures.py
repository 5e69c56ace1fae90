"""The figures of a backtest by their names in MLflow: the same in every run, grouped, the unit at the end.

Amounts are in the shop's currency as people write it, shares between 0 and 1, losses in nats.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np

from features.money import Money
from training.backtest.fairness.report import fairness_metrics
from training.backtest.gone import NAMES
from training.backtest.report import Report
from training.backtest.results import Backtest, CandidateResult, DateResult
from training.metrics import mean_of_known

_UNITS = {"log_loss": "log_loss_nats", "shape": "shape_nats"}
_BY_DATE = ("auroc", "log_loss", "shape", "brier", "ece")
# The errors of the expected spend, and those of each customer's own mean beside them.
_ERRORS = {
    "mean_absolute_error": "mean_absolute_error",
    "root_mean_squared_error": "root_mean_squared_error",
    "customer_mean_absolute_error": "own_mean_absolute_error",
    "customer_mean_root_mean_squared_error": "own_mean_root_mean_squared_error",
}
_SHARES = {"bias": "predicted_over_actual", "interval_coverage": "interval_coverage"}


def quality_measures(result: CandidateResult) -> dict[str, float]:
    """Return how good a candidate is out of time: the mean over the test dates."""
    return {f"quality/{_UNITS.get(name, name)}": value for name, value in result.mean.items()}


def date_measures(result: CandidateResult) -> dict[str, dict[date, float]]:
    """Return how good a candidate is on each test date, and the churn rate that it said beside the observed one."""
    found = {
        f"by_date/{_UNITS.get(name, name)}": {one.test_date: one.metrics[name] for one in result.by_date}
        for name in _BY_DATE
    }
    rates = {one.test_date: _rates(one) for one in result.by_date}
    said = {day: said for day, (said, _) in rates.items()}
    done = {day: done for day, (_, done) in rates.items()}
    return {**found, "by_date/churn_rate_said": said, "by_date/churn_rate": done}


def _rates(result: DateResult) -> tuple[float, float]:
    return float(result.p.mean()), result.churned / result.customers


def money_measures(tested: Backtest, money: Money) -> dict[str, float]:
    """Return the errors of the expected spend of who stays, the mean over the test dates.

    Args:
        tested: the backtest; its errors are in minor units.
        money: of the shop.
    """
    unit, of_one = money.currency.lower(), 10.0**money.decimals
    dates = [errors for errors in tested.value if errors]
    if not dates:
        return {}
    amounts = {
        f"money/{ours}_{unit}": mean_of_known([errors[name] for errors in dates]) / of_one
        for name, ours in _ERRORS.items()
    }
    return {
        **amounts,
        **{f"money/{ours}": mean_of_known([errors[name] for errors in dates]) for name, ours in _SHARES.items()},
    }


def left_measures(tested: Backtest) -> dict[str, float]:
    """Return how well the gone are told from the slow, the mean over the test dates whose three horizons have ended."""
    return {f"left/{_UNITS.get(name, name)}": mean_of_known([each[name] for each in tested.gone]) for name in NAMES}


def report_measures(report: Report) -> dict[str, float]:
    """Return the figures of a report: against the best rule, of the level, of the list; unknown ones are left out."""
    listed, graded = report.shortlist, report.grade
    found = {
        "quality/skill_over_rule": graded.skill,
        "quality/ece_by_chance": graded.floor.mean,
        "quality/auroc_random_split": np.nan if report.random_split is None else report.random_split,
        **_level(report),
        "list/picked_customers": listed.candidate.picked,
        "list/hits_customers": listed.candidate.hits,
        "list/false_alarms_customers": listed.candidate.false_alarms,
        "list/capture": listed.candidate.capture,
        "list/precision": listed.candidate.precision,
        "list/lift": listed.candidate.lift,
        "list/hits_over_rule": listed.over_rule,
        **dict(() if report.fairness is None else fairness_metrics(report.fairness)),
    }
    return known_only(found)


def _level(report: Report) -> dict[str, float]:
    missed = [abs(each.predicted - each.base_rate) for each in report.dates]
    inside = [float(each.level.is_inside) for each in report.dates if each.level is not None]
    return {
        "level/mean_absolute_error_points": 100 * mean_of_known(missed),
        "level/inside_interval_share": mean_of_known(inside),
    }


def known_only(measures: Mapping[str, float]) -> dict[str, float]:
    """Return the measures that are known.

    >>> known_only({"quality/auroc": 0.8, "list/lift": float("nan")})
    {'quality/auroc': 0.8}
    """
    return {name: float(value) for name, value in measures.items() if np.isfinite(value)}
