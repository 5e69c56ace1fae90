"""The results of a backtest: each candidate on each date, the chosen candidate, and why it was chosen.

The candidate with the lowest mean log loss over the dates is the best. The safest one within one standard error of it
is chosen: rules before probability models, these before the blend, the blend before a learned model on its own. So a
model has to be better than the best rule by more than chance.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np

from features.churn.labels import ChurnDefinition
from features.log import Texts
from training.backtest.choice import Difference, Rows, better_on_dates, difference, intervals, simplest_within_one_error
from training.dataset import Flags, Floats
from training.forecasts.base_rate import Forecast
from training.metrics import known, mean_of_known
from training.models.calibration import Method
from training.models.candidates import BLEND
from training.splits import Split


@dataclass(frozen=True, eq=False)
class DateResult:
    """One candidate on one test date.

    Args:
        test_date: predictions were made at its start.
        customers: the population on it.
        churned: how many of them did not order in the horizon.
        metrics: every measure by name.
        y: who churned.
        p: the predicted probability of each.
        customer_id: whose row it is.
    """

    test_date: date
    customers: int
    churned: int
    metrics: dict[str, float]
    y: Flags = field(repr=False)
    p: Floats = field(repr=False)
    customer_id: Texts = field(repr=False)

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the rows; NaN as None."""
        facts = {"test_date": self.test_date.isoformat(), "customers": self.customers, "churned": self.churned}
        return {**facts, **plain(self.metrics)}


@dataclass(frozen=True, eq=False)
class CandidateResult:
    """One candidate over all test dates, with the calibration that served it best.

    Args:
        name: of the candidate.
        is_rule: a rule is what a model has to beat.
        calibration: the one that was chosen over the dates.
        by_date: oldest first.
    """

    name: str
    is_rule: bool
    calibration: Method
    by_date: tuple[DateResult, ...]

    @property
    def mean(self) -> dict[str, float]:
        """Each measure, as the mean over the dates where it is defined."""
        return {
            name: mean_of_known([result.metrics[name] for result in self.by_date]) for name in self.by_date[0].metrics
        }

    @property
    def spread(self) -> dict[str, float]:
        """The standard deviation of each measure over the dates; NaN with a single one."""
        return {name: _spread([result.metrics[name] for result in self.by_date]) for name in self.by_date[0].metrics}

    @property
    def y(self) -> Flags:
        """Who churned, all dates one after the other."""
        return np.concatenate([result.y for result in self.by_date])

    @property
    def p(self) -> Floats:
        """The predicted probabilities, all dates one after the other."""
        return np.concatenate([result.p for result in self.by_date])

    @property
    def interval(self) -> dict[str, tuple[float, float]]:
        """The 95 % bootstrap intervals of the mean log loss, Brier score and AUROC."""
        return intervals(self.rows)

    @property
    def rows(self) -> list[Rows]:
        """Per date: who churned, the predicted probability of each, and whose row it is."""
        return [(result.y, result.p, result.customer_id) for result in self.by_date]

    def against(self, other: CandidateResult) -> Difference:
        """Return how much higher its mean log loss is than another's on the same rows, with the standard error."""
        return difference(self.rows, other.rows)

    def beats_on_dates(self, other: CandidateResult) -> bool:
        """Return whether its log loss is lower than another's beyond the chance of dates."""
        return better_on_dates(self.rows, other.rows)

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "is_rule": self.is_rule,
            "calibration": self.calibration,
            "mean": plain(self.mean),
            "spread": plain(self.spread),
            "interval": {name: list(ends) for name, ends in self.interval.items() if not math.isnan(sum(ends))},
            "by_date": [result.to_dict() for result in self.by_date],
        }


@dataclass(frozen=True, eq=False)
class Backtest:
    """All candidates over the same dates and customers, the safest first.

    Args:
        definition: population and horizon.
        splits: the test dates, each with its training dates.
        candidates: by name.
        value: per test date, the errors of the expected spend beside those of its rivals, minor units.
        forecasts: per test date, the forecast of the churn rate from the season and the latest dates.
        notes: what a reader should know first, in words.
        in_time: whether the test dates are later than the training dates; False where only a split by customers
            was possible.
    """

    definition: ChurnDefinition
    splits: tuple[Split, ...]
    candidates: dict[str, CandidateResult]
    value: tuple[dict[str, float], ...] = ()
    forecasts: tuple[Forecast, ...] = ()
    notes: tuple[str, ...] = ()
    in_time: bool = True

    @property
    def best(self) -> str:
        """The candidate with the least mean log loss."""
        return _lowest_log_loss(self.candidates.values())

    @property
    def chosen(self) -> str:
        """The safest candidate within one standard error of the best.

        In a split by customers nothing shows how models age: rules and the blend then come before the rest.
        """
        best, order = self.candidates[self.best], list(self.candidates)
        if not self.in_time:
            order.sort(key=lambda name: not (self.candidates[name].is_rule or name == BLEND))
        return simplest_within_one_error({name: self.candidates[name].against(best) for name in order})

    @property
    def best_rule(self) -> str:
        """The best of the rules."""
        return _lowest_log_loss(result for result in self.candidates.values() if result.is_rule)

    @property
    def best_model(self) -> str | None:
        """The best of the models; None where there was too little history for one."""
        models = [result for result in self.candidates.values() if not result.is_rule]
        return _lowest_log_loss(models) if models else None

    @property
    def beats_rule(self) -> bool:
        """Whether a model, not a rule, was chosen."""
        return not self.candidates[self.chosen].is_rule

    @property
    def why(self) -> str:
        """Why the candidate was chosen, in words."""
        chosen, rule = self.candidates[self.chosen], self.candidates[self.best_rule]
        dates = f"{len(self.splits)} test date{'' if len(self.splits) == 1 else 's'}"
        if self.best_model is None:
            return f"{chosen.name} is the better rule over {dates}; there is too little history for a model"
        if not self.beats_rule:
            model = self.candidates[self.best_model]
            return (
                f"no model beats the best rule by more than chance over {dates}: {_with_measures(rule)} stands against "
                f"{_with_measures(model)}"
            )
        verdict = f"{_with_measures(chosen)} beats the best rule, {_with_measures(rule)}, over {dates}"
        return f"{verdict}{self._why_not_the_best()}"

    def _why_not_the_best(self) -> str:
        if self.chosen == self.best:
            return ""
        return f"; it is the safest within one standard error of the best, {_with_measures(self.candidates[self.best])}"

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON: no NaN, no rows of customers."""
        days = [split.test_date.isoformat() for split in self.splits]
        return {
            "horizon_days": self.definition.horizon_days,
            "active_days": self.definition.active_days,
            "test_dates": days,
            "chosen": self.chosen,
            "best": self.best,
            "best_rule": self.best_rule,
            "in_time": self.in_time,
            "beats_rule": self.beats_rule,
            "why": self.why,
            "notes": list(self.notes),
            "candidates": {name: result.to_dict() for name, result in self.candidates.items()},
            "value": [{"test_date": day, **plain(errors)} for day, errors in zip(days, self.value, strict=True)],
            "base_rate": [
                {"test_date": day, **forecast.to_dict()} for day, forecast in zip(days, self.forecasts, strict=True)
            ],
        }


def _lowest_log_loss(results: Iterable[CandidateResult]) -> str:
    # min keeps the first of equals: the simpler candidate.
    return str(min(results, key=lambda result: round(result.mean["log_loss"], 6)).name)


def _with_measures(result: CandidateResult) -> str:
    return f"{result.name} (log loss {result.mean['log_loss']:.4f}, AUROC {result.mean['auroc']:.3f})"


def plain(metrics: dict[str, float]) -> dict[str, float | None]:
    """Return measures for JSON, NaN as None.

    >>> plain({"auroc": float("nan"), "ece": 0.5})
    {'auroc': None, 'ece': 0.5}
    """
    return {name: known(value) for name, value in metrics.items()}


def _spread(values: Sequence[float]) -> float:
    finite = [value for value in values if not math.isnan(value)]
    return float(np.std(finite, ddof=1)) if len(finite) > 1 else float("nan")
