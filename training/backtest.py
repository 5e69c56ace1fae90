"""Candidates over splits: who would have been right, on dates that nobody had seen.

The winner is the candidate with the least out-of-time log loss, then the best AUROC; a model has to beat the best rule.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol

import numpy as np

from features.clock import day_number
from features.definitions import default_features
from features.definitions.engagement import event_kinds
from features.errors import InsufficientHistory
from features.feature import FeatureSet
from features.labels import ChurnDefinition
from features.log import Log
from training.calibration import METHODS, Method, calibrate, sigmoid
from training.dataset import Dataset, Flags, Floats, dataset
from training.metrics import evaluate
from training.models import CANDIDATES, RULES, enough_to_learn, fit
from training.splits import TEST_DATES, Split, rolling_origin
from training.value import fit_value, value_errors


class Progress(Protocol):
    """Called before each step of long work: how many are done, of how many, and what comes now."""

    def __call__(self, done: int, total: int, what: str) -> None: ...  # noqa: D102


def silent(done: int, total: int, what: str) -> None:
    """Report nothing."""


@dataclass(frozen=True, eq=False)
class DateResult:
    """One candidate on one test date.

    Args:
        test_date: looked at from its start.
        customers: the population on it.
        churned: how many of them did not order in the horizon.
        metrics: every measure by name.
        y: who churned.
        p: what was said of each.
    """

    test_date: date
    customers: int
    churned: int
    metrics: dict[str, float]
    y: Flags = field(repr=False)
    p: Floats = field(repr=False)

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the rows; NaN as None."""
        facts = {"test_date": self.test_date.isoformat(), "customers": self.customers, "churned": self.churned}
        return {**facts, **_plain(self.metrics)}


@dataclass(frozen=True, eq=False)
class CandidateResult:
    """One candidate over all test dates, with the calibration that served it best.

    Args:
        name: of the candidate.
        is_rule: a rule is what a model has to beat.
        calibration: `none` or `platt`, whichever had the lower log loss over the dates.
        by_date: oldest first.
    """

    name: str
    is_rule: bool
    calibration: Method
    by_date: tuple[DateResult, ...]

    @property
    def mean(self) -> dict[str, float]:
        """Each measure, as the mean over the dates where it is defined."""
        return {name: _mean([result.metrics[name] for result in self.by_date]) for name in self.by_date[0].metrics}

    @property
    def spread(self) -> dict[str, float]:
        """The standard deviation of each measure over the dates; NaN with a single one."""
        return {name: _spread([result.metrics[name] for result in self.by_date]) for name in self.by_date[0].metrics}

    @property
    def rank(self) -> tuple[float, float]:
        """Less is better: log loss, then AUROC."""
        auroc = self.mean["auroc"]
        return round(self.mean["log_loss"], 6), 0.0 if math.isnan(auroc) else -auroc

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "is_rule": self.is_rule,
            "calibration": self.calibration,
            "mean": _plain(self.mean),
            "spread": _plain(self.spread),
            "by_date": [result.to_dict() for result in self.by_date],
        }


@dataclass(frozen=True, eq=False)
class Backtest:
    """All candidates over the same dates and customers.

    Args:
        definition: population and horizon.
        splits: the test dates and what was learnt from for each.
        candidates: by name.
        value: per test date, the errors of the expected spend beside those of the customer's mean, minor units.
        notes: what a reader should know first, in words.
    """

    definition: ChurnDefinition
    splits: tuple[Split, ...]
    candidates: dict[str, CandidateResult]
    value: tuple[dict[str, float], ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def chosen(self) -> str:
        """The candidate with the least log loss, then the best AUROC."""
        return _best(list(self.candidates.values())).name

    @property
    def best_rule(self) -> str:
        """The best of the rules."""
        return _best([result for result in self.candidates.values() if result.is_rule]).name

    @property
    def best_model(self) -> str | None:
        """The best of the models; None where there was too little history for one."""
        models = [result for result in self.candidates.values() if not result.is_rule]
        return _best(models).name if models else None

    @property
    def beats_rule(self) -> bool:
        """Whether a model, not a rule, came out first."""
        return not self.candidates[self.chosen].is_rule

    @property
    def why(self) -> str:
        """The choice in words."""
        chosen, rule = self.candidates[self.chosen], self.candidates[self.best_rule]
        dates = f"{len(self.splits)} test date{'' if len(self.splits) == 1 else 's'}"
        if self.best_model is None:
            return f"{chosen.name} is the better rule over {dates}; there is too little history for a model"
        if not self.beats_rule:
            model = self.candidates[self.best_model]
            return f"no model beats the best rule over {dates}: {_said(rule)} stands against {_said(model)}"
        return f"{_said(chosen)} beats the best rule, {_said(rule)}, over {dates}"

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON: no NaN, no rows of customers."""
        return {
            "horizon_days": self.definition.horizon_days,
            "active_days": self.definition.active_days,
            "test_dates": [split.test_date.isoformat() for split in self.splits],
            "chosen": self.chosen,
            "best_rule": self.best_rule,
            "beats_rule": self.beats_rule,
            "why": self.why,
            "notes": list(self.notes),
            "candidates": {name: result.to_dict() for name, result in self.candidates.items()},
            "value": [
                {"test_date": split.test_date.isoformat(), **_plain(errors)}
                for split, errors in zip(self.splits, self.value, strict=True)
            ],
        }


def backtest(
    log: Log,
    definition: ChurnDefinition,
    features: FeatureSet | None = None,
    *,
    until: date | None = None,
    n_tests: int = TEST_DATES,
    progress: Progress = silent,
) -> Backtest:
    """Fit every candidate on what was known at each test date, and judge it on what came.

    Args:
        log: the shop's log.
        definition: population and horizon.
        features: what to know about a customer; by default all that the log has the data for.
        until: orders on or after this date do not exist.
        n_tests: how many test dates to ask for; a short log gives fewer.
        progress: is called before each step.

    Raises:
        InsufficientHistory: there is no test date with something to learn from before it.
    """
    features = features or default_features(event_kinds(log))
    wanted = rolling_origin(log, definition, until, n_tests)
    steps = _Steps(progress, len(wanted) * (len(CANDIDATES) + 1))
    judged: list[_Judged] = []
    for split in reversed(wanted):
        steps.next(f"features for {split.test_date.isoformat()}")
        train, test = _data(log, split, definition, features)
        if not len(train) or not len(test):
            break
        names = tuple(CANDIDATES) if enough_to_learn(train) else RULES
        if judged and len(names) < len(judged[-1].said):
            break  # an older date that only knows rules would hide what the models do on the newer ones
        judged.append(_judge(train, test, split, names, steps))
    if not judged:
        raise InsufficientHistory(f"nobody ordered in the {definition.active_days} days before the test date")
    return _collected(definition, judged[::-1], n_tests)


class _Steps:
    """Counts steps for a progress bar."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress, self._total, self._done = progress, total, 0

    def next(self, what: str) -> None:
        self._progress(self._done, self._total, what)
        self._done += 1


@dataclass(frozen=True, eq=False)
class _Judged:
    """What every candidate said on one test date, with each calibration."""

    split: Split
    said: dict[str, dict[Method, DateResult]]
    value: dict[str, float]


def _data(log: Log, split: Split, definition: ChurnDefinition, features: FeatureSet) -> tuple[Dataset, Dataset]:
    both = dataset(log, [*split.train_dates, split.test_date], definition, features)
    return both.on(day_number(day) for day in split.train_dates), both.on([day_number(split.test_date)])


def _judge(train: Dataset, test: Dataset, split: Split, names: Sequence[str], steps: _Steps) -> _Judged:
    said = {}
    for name in names:
        steps.next(f"{name} for {split.test_date.isoformat()}")
        found = fit(name, train)
        raw = found.fitted.log_odds(test.values)
        said[name] = {m: _result(sigmoid(calibrate(m, found.late).apply(raw)), test, split) for m in METHODS}
    return _Judged(split, said, value_errors(fit_value(train), test))


def _result(p: Floats, test: Dataset, split: Split) -> DateResult:
    return DateResult(split.test_date, len(test), int(test.y.sum()), evaluate(test.y, p), test.y, p)


def _collected(definition: ChurnDefinition, judged: Sequence[_Judged], n_tests: int) -> Backtest:
    names, splits = tuple(judged[0].said), tuple(date.split for date in judged)
    results = {name: _calibrated(name, judged) for name in names}
    return Backtest(definition, splits, results, tuple(date.value for date in judged), _notes(splits, n_tests, names))


def _calibrated(name: str, judged: Sequence[_Judged]) -> CandidateResult:
    rule = CANDIDATES[name].is_rule
    return _best([CandidateResult(name, rule, m, tuple(date.said[name][m] for date in judged)) for m in METHODS])


def _best(results: list[CandidateResult]) -> CandidateResult:
    # min keeps the first of equals: the simpler candidate, and no calibration before one.
    return min(results, key=lambda result: result.rank)


def _notes(splits: Sequence[Split], n_tests: int, names: Sequence[str]) -> tuple[str, ...]:
    notes = []
    if len(splits) < n_tests:
        notes.append(f"the log is long enough for {len(splits)} of {n_tests} test dates")
    if len(names) < len(CANDIDATES):
        notes.append("too few customers churned or stayed to fit a model: the rules stand alone")
    return tuple(notes)


def _said(result: CandidateResult) -> str:
    return f"{result.name} (log loss {result.mean['log_loss']:.4f}, AUROC {result.mean['auroc']:.3f})"


def _plain(metrics: dict[str, float]) -> dict[str, float | None]:
    return {name: None if math.isnan(value) else float(value) for name, value in metrics.items()}


def _mean(values: Sequence[float]) -> float:
    known = [value for value in values if not math.isnan(value)]
    return float(np.mean(known)) if known else float("nan")


def _spread(values: Sequence[float]) -> float:
    known = [value for value in values if not math.isnan(value)]
    return float(np.std(known, ddof=1)) if len(known) > 1 else float("nan")
