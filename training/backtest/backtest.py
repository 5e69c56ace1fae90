"""The backtest: every candidate is fitted on what was known at each test date and judged on what came after it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from features.churn.labels import ChurnDefinition
from features.clock import date_of, day_number
from features.errors import InsufficientHistory
from features.feature import FeatureSet
from features.log import Log
from training.attribute_codes import trusted_features
from training.backtest.gone import NOT_YET, told_gone
from training.backtest.listing import Listing
from training.backtest.predictions import Predictions, Said, blend_weights, with_blend_of_earlier_dates
from training.backtest.results import Backtest, CandidateResult
from training.dataset import Dataset, build_dataset
from training.forecasts.level import Forecast
from training.forecasts.level_history import LevelHistory
from training.forecasts.next_order import fit_timing
from training.forecasts.spend import fit_value, value_errors
from training.log_odds import sigmoid
from training.models.calibration import METHODS, Method
from training.models.candidates import BLEND, CANDIDATES, RULES, enough_to_learn, fit_each
from training.models.trees import USUAL, TreeSettings
from training.splits import TEST_DATES, Split, labels_end, latest_dates, rolling_origin

OTHER_CUSTOMERS = "judged on customers that were not learnt from instead, on a date that was: nothing shows the future"
# The first calibration is the default: it stays unless another is better beyond the chance of dates. Where last year
# shows the coming window, the season is the default: most dates of a backtest lie in ordinary weeks and are no evidence
# for it. A line fitted on the latest date is no rival there: it would carry that date's season into another.
WITH_LAST_YEAR: tuple[Method, ...] = ("season", "none")
WITHOUT: tuple[Method, ...] = METHODS
# Called before each step of long work: how many steps are done, of how many, and what comes now. Of `NOTE` steps: not a
# step but something to know, which stays on the screen.
Progress = Callable[[int, int, str], None]
NOTE = 0
# How long steps take, in that of a rule; with the blend its learned parts are fitted.
FEATURES = "features"
STEP_COST = {FEATURES: 3, "pareto_nbd": 3, BLEND: 20}


def no_progress(done: int, total: int, what: str) -> None:
    """Report nothing."""


def within(progress: Progress, begin: int, end: int) -> Progress:
    """Return the progress of a part of the work, in thousandths of the whole.

    >>> within(lambda *step: print(step), 0, 800)(1, 2, "half of it")
    (400, 1000, 'half of it')
    """

    def reported(done: int, total: int, what: str) -> None:
        if total == NOTE:
            progress(done, total, what)
        else:
            progress(round(begin + (end - begin) * done / total), 1000, what)

    return reported


def backtest_candidates(
    log: Log,
    definition: ChurnDefinition,
    features: FeatureSet | None = None,
    *,
    until: date | None = None,
    n_tests: int = TEST_DATES,
    trees: TreeSettings = USUAL,
    seconds: float | None = None,
    country: str = "",
    progress: Progress = no_progress,
) -> Backtest:
    """Fit every candidate on what was known at each test date, and judge it on what came after.

    Args:
        log: the shop's log.
        definition: population and horizon.
        features: of a customer; by default all that the log has the data for.
        until: orders on or after this date are not read.
        n_tests: how many test dates to ask for; a short log gives fewer.
        trees: how trees grow.
        seconds: the time that the test dates and one more fit may take; the older dates are left out. None: any.
        country: two letters of ISO 3166, whose feasts move the level; empty: none.
        progress: is called before each step.

    Where the log is too short for a test date, candidates are judged on other customers instead; the notes say so.

    Raises:
        InsufficientHistory: no test date has training data before it, and there are too few customers to split.
    """
    end = labels_end(log, until)
    features = features or trusted_features(log, definition, date_of(end))
    history = LevelHistory.of(log, definition, end, country)
    try:
        wanted = rolling_origin(log, definition, until, n_tests)
    except InsufficientHistory as too_short:
        data = build_dataset(log, latest_dates(log, definition, until), definition, features)
        return _on_other_customers(data, _Run(history, end, trees, _Steps(progress, 1)), too_short)
    steps = _Steps(progress, len(wanted))
    run = _Run(history, end, trees, steps, log)
    judged: list[Predictions] = []
    coming: Forecast | None = None
    left_out, began = 0, time.monotonic()
    for split in reversed(wanted):
        if judged and seconds is not None and _is_over(time.monotonic() - began, len(judged), seconds):
            left_out = len(wanted) - len(judged)
            break
        steps.next(FEATURES, split.test_date)
        train, test = split_data(log, split, definition, features)
        if not len(train) or not len(test):
            break
        names = tuple(CANDIDATES) if enough_to_learn(train) else RULES
        if judged and len(names) < len(judged[-1].said):
            break  # an older date that only rules can learn from would hide how the models do on the newer ones
        coming = coming or history.base_rates(train, end).forecast(end)
        judged.append(_judge(run, train, test, split, names))
    if not judged or coming is None:
        raise InsufficientHistory(f"nobody ordered in the {definition.active_days} days before the test date")
    return replace(_backtest_of(definition, judged[::-1], coming, n_tests, left_out), seconds=steps.seconds)


def _is_over(spent: float, dates: int, seconds: float) -> bool:
    """Return whether another date and the refit, each as long as the dates so far, would take too long."""
    return spent + 2 * spent / dates > seconds


def _on_other_customers(data: Dataset, run: _Run, too_short: InsufficientHistory) -> Backtest:
    """Learn from half of the customers and judge on the other half, on the latest date with a finished horizon.

    The second best: it shows whether a model knows more than a rule, and nothing of how the shop changes in time.
    """
    customers = np.unique(data.customer_id)
    half = customers[np.random.default_rng(0).random(len(customers)) < 0.5]
    to_learn = np.isin(data.customer_id, half)
    train, test = data.where(to_learn), data.where(~to_learn & (data.as_of == data.days[-1])) if len(data) else data
    if not len(data) or not enough_to_learn(train) or not enough_to_learn(test):
        raise too_short
    split = Split(tuple(date_of(day) for day in data.days), date_of(data.days[-1]))
    names = tuple(CANDIDATES)
    judged = _judge(run, train, test, split, names)
    coming = run.history.base_rates(train, run.end).forecast(run.end)
    found = _backtest_of(data.definition, [judged], coming, n_tests=1)
    return replace(
        found, in_time=False, seconds=run.steps.seconds, notes=(*found.notes, f"{too_short}: {OTHER_CUSTOMERS}")
    )


class _Steps:
    """Counts the steps of a progress bar, each by the time that it takes beside the others."""

    def __init__(self, progress: Progress, dates: int) -> None:
        self._progress, self._done = progress, 0
        self.seconds: dict[str, float] = {}
        self._total = dates * sum(_cost(name) for name in (FEATURES, *CANDIDATES))

    def took(self, name: str, seconds: float) -> None:
        """Count the seconds of a candidate, over all test dates."""
        self.seconds[name] = self.seconds.get(name, 0.0) + seconds

    def next(self, name: str, day: date) -> None:
        self._progress(self._done, self._total, f"{name} for {day.isoformat()}")
        self._done += _cost(name)


def _cost(name: str) -> int:
    return STEP_COST.get(name, 1)


def split_data(log: Log, split: Split, definition: ChurnDefinition, features: FeatureSet) -> tuple[Dataset, Dataset]:
    """Return the training rows of a split and its test rows."""
    both = build_dataset(log, [*split.train_dates, split.test_date], definition, features)
    return both.on(day_number(day) for day in split.train_dates), both.on([day_number(split.test_date)])


@dataclass(frozen=True, eq=False)
class _Run:
    """What is the same for every test date; without a log nothing is judged over three horizons."""

    history: LevelHistory
    end: int
    trees: TreeSettings
    steps: _Steps
    log: Log | None = None


def _judge(run: _Run, train: Dataset, test: Dataset, split: Split, names: Sequence[str]) -> Predictions:
    day = day_number(split.test_date)
    forecast = run.history.base_rates(train, day).forecast(day)
    said: dict[str, Said] = {}
    run.steps.next(names[0], split.test_date)
    began = time.monotonic()
    for done, (name, found) in enumerate(fit_each(names, train, run.trees), start=1):
        said[name] = Said(found.fitted.log_odds(test.values), found.out_of_sample)
        run.steps.took(name, time.monotonic() - began)
        began = time.monotonic()
        if done < len(names):
            run.steps.next(names[done], split.test_date)
    value = fit_value(train)
    timing = fit_timing(train)
    listing = Listing.of(test, timing, value.expected_spend(test.values))
    errors = value_errors(value, test, run.history.spend(value, day).factor(day))
    gone = dict(NOT_YET)
    if run.log is not None and BLEND in said:
        gone = told_gone(run.log, train, test, sigmoid(said[BLEND].test), timing, run.end, run.trees)
    return Predictions(split, said, test.y, test.customer_id, len(train), errors, forecast, listing, gone)


def _backtest_of(
    definition: ChurnDefinition, dates: Sequence[Predictions], coming: Forecast, n_tests: int, left_out: int = 0
) -> Backtest:
    judged = with_blend_of_earlier_dates(dates)
    names, splits = tuple(judged[0].said), tuple(date.split for date in judged)
    return Backtest(
        definition=definition,
        splits=splits,
        candidates={name: _best_calibration(name, judged, coming) for name in names},
        value=tuple(date.value for date in judged),
        forecasts=tuple(date.forecast for date in judged),
        listings=tuple(date.listing for date in judged),
        gone=tuple(date.gone for date in judged),
        notes=_notes(splits, n_tests, names, left_out),
        weights=blend_weights(judged),
    )


def _best_calibration(name: str, judged: Sequence[Predictions], coming: Forecast) -> CandidateResult:
    """Return what came of a candidate with the calibration that is to serve the coming window.

    Where last year shows that window, only the test dates whose own was shown are evidence about the season.
    """
    rule = CANDIDATES[name].is_rule
    tried = {m: CandidateResult(name, rule, m, tuple(date.result(name, m) for date in judged)) for m in METHODS}
    known = coming.last_year is not None
    usual, *others = WITH_LAST_YEAR if known else WITHOUT
    like_it = [place for place, date in enumerate(judged) if not known or date.forecast.last_year is not None]
    evidence = {m: replace(each, by_date=tuple(each.by_date[place] for place in like_it)) for m, each in tried.items()}
    better = [method for method in others if like_it and evidence[method].beats_on_dates(evidence[usual])]
    return tried[min(better, key=lambda method: tried[method].mean["log_loss"], default=usual)]


def _notes(splits: Sequence[Split], n_tests: int, names: Sequence[str], left_out: int) -> tuple[str, ...]:
    notes = []
    if left_out:
        notes.append(f"the budget was enough for {len(splits)} of {len(splits) + left_out} test dates, the latest ones")
    elif len(splits) < n_tests:
        notes.append(f"the log is long enough for {len(splits)} of {n_tests} test dates")
    if len(names) < len(CANDIDATES):
        notes.append("too few customers churned or stayed to fit a model: the rules stand alone")
    return tuple(notes)
