"""The backtest: every candidate is fitted on what was known at each test date and judged on what came after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import numpy as np

from features.churn.labels import ChurnDefinition
from features.clock import date_of
from features.errors import InsufficientHistory
from features.feature import FeatureSet
from features.log import Log
from training.attribute_codes import trusted_features
from training.backtest.dates import Run, judge, judged_dates
from training.backtest.predictions import Predictions, blend_weights, with_blend_of_earlier_dates
from training.backtest.results import Backtest, CandidateResult
from training.backtest.steps import Progress, Steps, no_progress
from training.dataset import Dataset, build_dataset
from training.forecasts.level import Forecast
from training.forecasts.level_history import LevelHistory
from training.models.calibration import METHODS, Method
from training.models.candidates import CANDIDATES, enough_to_learn
from training.models.trees import USUAL, TreeSettings
from training.splits import TEST_DATES, Split, labels_end, latest_dates, rolling_origin

OTHER_CUSTOMERS = "judged on customers that were not learnt from instead, on a date that was: nothing shows the future"
# The first calibration is the default: it stays unless another is better beyond the chance of dates. Where last year
# shows the coming window, the season is the default: most dates of a backtest lie in ordinary weeks and are no evidence
# for it. A line fitted on the latest date is no rival there: it would carry that date's season into another.
WITH_LAST_YEAR: tuple[Method, ...] = ("season", "none")
WITHOUT: tuple[Method, ...] = METHODS


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
        return _on_other_customers(data, Run(history, end, trees, Steps(progress, 1)), too_short)
    run = Run(history, end, trees, Steps(progress, len(wanted)), log)
    judged, left_out = judged_dates(run, log, wanted, definition, features, seconds)
    if not judged or judged[0].coming is None:
        raise InsufficientHistory(f"nobody ordered in the {definition.active_days} days before the test date")
    said = [each.said for each in reversed(judged)]
    found = _backtest_of(definition, said, judged[0].coming, n_tests, left_out)
    return replace(found, seconds=run.steps.seconds)


def _on_other_customers(data: Dataset, run: Run, too_short: InsufficientHistory) -> Backtest:
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
    judged = judge(run, train, test, split, names)
    coming = run.history.base_rates(train, run.end).forecast(run.end)
    found = _backtest_of(data.definition, [judged], coming, n_tests=1)
    return replace(
        found, in_time=False, seconds=run.steps.seconds, notes=(*found.notes, f"{too_short}: {OTHER_CUSTOMERS}")
    )


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
