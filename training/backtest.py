"""Candidates over splits: who would have been right, on dates that nobody had seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from features.clock import day_number
from features.definitions import default_features
from features.definitions.engagement import event_kinds
from features.errors import InsufficientHistory
from features.feature import FeatureSet
from features.labels import ChurnDefinition
from features.log import Log
from training.calibration import METHODS, Method, calibrate, sigmoid
from training.choice import simplest_within_one_error
from training.dataset import Dataset, Floats, dataset
from training.metrics import evaluate
from training.models import CANDIDATES, RULES, enough_to_learn, fit_each
from training.results import Backtest, CandidateResult, DateResult
from training.season import Forecast, Weeks, base_rates, read_weeks
from training.splits import TEST_DATES, Split, labels_end, rolling_origin
from training.value import fit_value, value_errors

# Where last year shows the coming window, its season is believed unless the backtest speaks against it: most dates of
# a backtest lie in ordinary weeks and can say nothing for it.
WITH_LAST_YEAR: tuple[Method, ...] = ("season", "none", "platt")


class Progress(Protocol):
    """Called before each step of long work: how many are done, of how many, and what comes now."""

    def __call__(self, done: int, total: int, what: str) -> None: ...  # noqa: D102


def silent(done: int, total: int, what: str) -> None:
    """Report nothing."""


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
    weeks = read_weeks(log, definition, labels_end(log, until))
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
        judged.append(_judge(train, test, split, names, weeks, steps))
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
    forecast: Forecast


def _data(log: Log, split: Split, definition: ChurnDefinition, features: FeatureSet) -> tuple[Dataset, Dataset]:
    both = dataset(log, [*split.train_dates, split.test_date], definition, features)
    return both.on(day_number(day) for day in split.train_dates), both.on([day_number(split.test_date)])


def _judge(train: Dataset, test: Dataset, split: Split, names: Sequence[str], weeks: Weeks, steps: _Steps) -> _Judged:
    day = day_number(split.test_date)
    forecast = base_rates(weeks, train, until=day).forecast(day)
    said: dict[str, dict[Method, DateResult]] = {}
    steps.next(f"{names[0]} for {split.test_date.isoformat()}")
    for place, (name, found) in enumerate(fit_each(names, train), start=1):
        raw = found.fitted.log_odds(test.values)
        lines = {method: calibrate(method, found.late) for method in METHODS}
        said[name] = {m: _result(sigmoid(line.apply(raw, forecast.shift)), test, split) for m, line in lines.items()}
        if place < len(names):
            steps.next(f"{names[place]} for {split.test_date.isoformat()}")
    return _Judged(split, said, value_errors(fit_value(train), test), forecast)


def _result(p: Floats, test: Dataset, split: Split) -> DateResult:
    measures = evaluate(test.y, p)
    return DateResult(split.test_date, len(test), int(test.y.sum()), measures, test.y, p, test.customer_id)


def _collected(definition: ChurnDefinition, judged: Sequence[_Judged], n_tests: int) -> Backtest:
    names, splits = tuple(judged[0].said), tuple(date.split for date in judged)
    return Backtest(
        definition=definition,
        splits=splits,
        candidates={name: _calibrated(name, judged) for name in names},
        value=tuple(date.value for date in judged),
        forecasts=tuple(date.forecast for date in judged),
        notes=_notes(splits, n_tests, names),
    )


def _calibrated(name: str, judged: Sequence[_Judged]) -> CandidateResult:
    rule = CANDIDATES[name].is_rule
    tried = {m: CandidateResult(name, rule, m, tuple(date.said[name][m] for date in judged)) for m in METHODS}
    best = min(tried.values(), key=lambda result: result.mean["log_loss"])
    order = WITH_LAST_YEAR if judged[-1].forecast.last_year is not None else METHODS
    return tried[simplest_within_one_error({method: tried[method].against(best) for method in order})]


def _notes(splits: Sequence[Split], n_tests: int, names: Sequence[str]) -> tuple[str, ...]:
    notes = []
    if len(splits) < n_tests:
        notes.append(f"the log is long enough for {len(splits)} of {n_tests} test dates")
    if len(names) < len(CANDIDATES):
        notes.append("too few customers churned or stayed to fit a model: the rules stand alone")
    return tuple(notes)
