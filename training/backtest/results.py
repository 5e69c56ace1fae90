"""The results of a backtest: each candidate on each date, the chosen candidate, and why it was chosen.

Candidates are compared by shape: the log loss after each date's level is set true. A level that was off is the same for
all of them, is forecast apart, and would drown what tells them apart. The blend is the default: another candidate is
chosen only where its shape, the mean over the dates, is better by more than one standard error. See
docs/decisions/0009-the-blend-by-default.md.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np

from features.churn.labels import ChurnDefinition
from features.log import Texts
from training.backtest.choice import Difference, Rows, better_on_dates, default_unless_beaten, difference, intervals
from training.backtest.listing import Listing
from training.dataset import Flags, Floats
from training.forecasts.level import Forecast
from training.log_odds import with_true_level
from training.metrics import known, mean_of_known
from training.models.calibration import Method
from training.models.candidates import BLEND, LEARNED
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
        scale: how many log-odds of its move the mean as one of the forecast of the level does.
    """

    test_date: date
    customers: int
    churned: int
    metrics: dict[str, float]
    y: Flags = field(repr=False)
    p: Floats = field(repr=False)
    customer_id: Texts = field(repr=False)
    scale: float = 1.0

    @cached_property
    def with_true_level(self) -> Floats:
        """The probabilities with the level of the date set true."""
        return with_true_level(self.p, self.y)

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

    def shape_against(self, other: CandidateResult) -> Difference:
        """Return how much higher its mean shape is than another's on the same rows, with the standard error."""
        mine, theirs = (
            [(date.y, date.with_true_level, date.customer_id) for date in one.by_date] for one in (self, other)
        )
        return difference(mine, theirs)

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
        listings: per test date, who would have come on its list, and in which order; empty where nobody asked.
        gone: per test date, the measures of P(left) against no order in three horizons; NaN where they go on.
        notes: what a reader should know first, in words.
        in_time: whether the test dates are later than the training dates; False where only a split by customers
            was possible.
        weights: of the blend's parts, learnt over all test dates; empty where no blend was fitted.
        share: of the shop's customers that these are.
        seconds: that fitting a candidate took, over all test dates, by name; how fast the machine was, no result.
    """

    definition: ChurnDefinition
    splits: tuple[Split, ...]
    candidates: dict[str, CandidateResult]
    value: tuple[dict[str, float], ...] = ()
    forecasts: tuple[Forecast, ...] = ()
    listings: tuple[Listing, ...] = ()
    gone: tuple[dict[str, float], ...] = ()
    notes: tuple[str, ...] = ()
    in_time: bool = True
    weights: Mapping[str, float] = field(default_factory=dict)
    share: float = 1.0
    seconds: Mapping[str, float] = field(default_factory=dict)

    @cached_property
    def best(self) -> str:
        """The candidate with the least mean shape."""
        return _lowest("shape", self.candidates.values())

    @cached_property
    def default(self) -> str:
        """The candidate that serves unless another is better beyond chance: the blend, where it could be fitted."""
        return BLEND if BLEND in self.candidates else self.best_model or self.best_rule

    @cached_property
    def chosen(self) -> str:
        """The default, or else the best of those whose shape is better by more than one standard error.

        A part of the blend that is learnt from many columns has to be better with 95 %. In a split by customers
        nothing shows how models age: a rule alone can then take the place of the blend.
        """
        default = self.candidates[self.default]
        rivals = [one for name, one in self.candidates.items() if name != default.name]
        apart = {one.name: one.shape_against(default) for one in rivals if self.in_time or one.is_rule}
        sure = {name: one for name, one in apart.items() if name not in LEARNED or one.high < 0}
        return default_unless_beaten(default.name, sure)

    @cached_property
    def best_rule(self) -> str:
        """The best of the rules, as they would serve."""
        return _lowest("log_loss", (result for result in self.candidates.values() if result.is_rule))

    @cached_property
    def best_model(self) -> str | None:
        """The model with the least shape; None where there was too little history for one."""
        models = [result for result in self.candidates.values() if not result.is_rule]
        return _lowest("shape", models) if models else None

    @property
    def beats_rule(self) -> bool:
        """Whether a model, not a rule, was chosen."""
        return not self.candidates[self.chosen].is_rule

    @cached_property
    def why(self) -> str:
        """Why the candidate was chosen, in words."""
        chosen, rule = self.candidates[self.chosen], self.candidates[self.best_rule]
        dates = f"{len(self.splits)} test date{'' if len(self.splits) == 1 else 's'}"
        if self.best_model is None:
            return f"{chosen.name} is the better rule over {dates}; there is too little history for a model"
        return f"{self._against_the_default(chosen, rule)} over {dates}{self._how_unsure()}"

    def _against_the_default(self, chosen: CandidateResult, rule: CandidateResult) -> str:
        if chosen.is_rule:
            default = self.candidates[self.default]
            return f"{_with_measures(chosen)} beats every model by more than chance, {_with_measures(default)},"
        gain = chosen.shape_against(rule).is_gain
        verdict = "beats the best rule" if gain else "is no better than the best rule by more than chance"
        words = f"{_with_measures(chosen)} {verdict}, {_with_measures(rule)},"
        if chosen.name == self.default:
            return words
        default = self.candidates[self.default]
        return f"{words} and {_with_measures(default)} by more than one standard error,"

    def _how_unsure(self) -> str:
        """Say how near the next candidate came, where a single date had to decide."""
        if len(self.splits) > 1:
            return ""
        chosen = self.candidates[self.chosen]
        next_best = _lowest("shape", (one for name, one in self.candidates.items() if name != chosen.name))
        apart = self.candidates[next_best].shape_against(chosen)
        return (
            f"; one date is little evidence: {next_best} was {apart.mean:+.4f} ± {apart.standard_error:.4f} nats of "
            "shape away, and shops move by more from month to month"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON: no NaN, no rows of customers."""
        days = [split.test_date.isoformat() for split in self.splits]
        return {
            "horizon_days": self.definition.horizon_days,
            "active_days": self.definition.active_days,
            "test_dates": days,
            "chosen": self.chosen,
            "best": self.best,
            "weights": dict(self.weights),
            "default": self.default,
            "best_rule": self.best_rule,
            "in_time": self.in_time,
            "beats_rule": self.beats_rule,
            "why": self.why,
            "notes": list(self.notes),
            "candidates": {name: result.to_dict() for name, result in self.candidates.items()},
            "value": [{"test_date": day, **plain(errors)} for day, errors in zip(days, self.value, strict=True)],
            "left": [{"test_date": day, **plain(each)} for day, each in zip(days, self.gone, strict=False)],
            "base_rate": [
                {"test_date": day, **forecast.to_dict()} for day, forecast in zip(days, self.forecasts, strict=True)
            ],
        }


def _lowest(measure: str, results: Iterable[CandidateResult]) -> str:
    # min keeps the first of equals: the simpler candidate.
    return str(min(results, key=lambda result: round(result.mean[measure], 6)).name)


def _with_measures(result: CandidateResult) -> str:
    return f"{result.name} (shape {result.mean['shape']:.4f}, AUROC {result.mean['auroc']:.3f})"


def plain(metrics: dict[str, float]) -> dict[str, float | None]:
    """Return measures for JSON, NaN as None.

    >>> plain({"auroc": float("nan"), "ece": 0.5})
    {'auroc': None, 'ece': 0.5}
    """
    return {name: known(value) for name, value in metrics.items()}


def _spread(values: Sequence[float]) -> float:
    finite = [value for value in values if not math.isnan(value)]
    return float(np.std(finite, ddof=1)) if len(finite) > 1 else float("nan")
