"""The test dates of a backtest: what every candidate says of each, fitted on what was known on it.

A date needs nothing of another one, so where trees grow on one core, as many dates are judged at once as there are
cores: LightGBM, which takes most of the time, releases the interpreter lock. With more rows a fit uses every core
itself, and the rows of two dates would take twice the memory.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from features.churn.labels import ChurnDefinition
from features.clock import day_number
from features.feature import FeatureSet
from features.log import Log
from training.backtest.gone import NOT_YET, told_gone
from training.backtest.listing import Listing
from training.backtest.predictions import Predictions, Said
from training.backtest.steps import FEATURES, Steps
from training.dataset import Dataset, build_dataset
from training.forecasts.level import Forecast
from training.forecasts.level_history import LevelHistory
from training.forecasts.next_order import fit_timing
from training.forecasts.spend import fit_value, value_errors
from training.log_odds import sigmoid
from training.models.candidates import BLEND, CANDIDATES, RULES, enough_to_learn, fit_each
from training.models.trees import ROWS_A_THREAD, TreeSettings, threads
from training.splits import Split


@dataclass(frozen=True, eq=False)
class Run:
    """What is the same for every test date.

    Args:
        history: of the levels.
        end: the first day number that no label may read.
        trees: how trees grow.
        steps: are told of each step.
        log: the shop's log; without one nothing is judged over three horizons.
    """

    history: LevelHistory
    end: int
    trees: TreeSettings
    steps: Steps
    log: Log | None = None


@dataclass(frozen=True, eq=False)
class Judged:
    """One test date.

    Args:
        said: what each candidate said of it, and what came.
        coming: of the latest date, the level that is forecast for the window after the log; None for older ones.
    """

    said: Predictions
    coming: Forecast | None = None


def judged_dates(
    run: Run,
    log: Log,
    splits: Sequence[Split],
    definition: ChurnDefinition,
    features: FeatureSet,
    seconds: float | None = None,
) -> tuple[list[Judged], int]:
    """Return the test dates, latest first, and how many older ones the time was too short for.

    Args:
        run: what is the same for every date.
        log: the shop's log.
        splits: latest last.
        definition: population and horizon.
        features: of a customer.
        seconds: the time that the test dates and one more fit may take. None: any.
    """
    found: list[Judged] = []
    began, waiting = time.monotonic(), list(splits)

    def judged(split: Split) -> Judged | None:
        return _judged_on(run, log, split, definition, features, is_latest=split is splits[-1])

    while waiting:
        if found and seconds is not None and _is_over(time.monotonic() - began, len(found), seconds):
            return found, len(waiting)
        together = [waiting.pop() for _ in range(min(len(waiting), _at_once(found)))]
        for each in _side_by_side(judged, together):
            # An older date that only rules can learn from would hide how the models do on the newer ones.
            if each is None or (found and len(each.said.said) < len(found[-1].said.said)):
                return found, 0
            found.append(each)
    return found, 0


def judge(run: Run, train: Dataset, test: Dataset, split: Split, names: Sequence[str]) -> Predictions:
    """Return what candidates, fitted on the training rows of a date, say of its test rows.

    Args:
        run: what is the same for every date.
        train: what was known on the date.
        test: the rows of the date.
        split: the date and its training dates.
        names: of the candidates.
    """
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


def split_data(log: Log, split: Split, definition: ChurnDefinition, features: FeatureSet) -> tuple[Dataset, Dataset]:
    """Return the training rows of a split and its test rows."""
    both = build_dataset(log, [*split.train_dates, split.test_date], definition, features)
    return both.on(day_number(day) for day in split.train_dates), both.on([day_number(split.test_date)])


def _judged_on(
    run: Run, log: Log, split: Split, definition: ChurnDefinition, features: FeatureSet, *, is_latest: bool
) -> Judged | None:
    """Return a test date; None where nobody can be learnt from or judged."""
    run.steps.next(FEATURES, split.test_date)
    train, test = split_data(log, split, definition, features)
    if not len(train) or not len(test):
        return None
    coming = run.history.base_rates(train, run.end).forecast(run.end) if is_latest else None
    names = tuple(CANDIDATES) if enough_to_learn(train) else RULES
    return Judged(judge(run, train, test, split, names), coming)


def _at_once(found: Sequence[Judged]) -> int:
    """Return how many dates to judge next: the latest alone, which tells how many rows the older ones have at most."""
    return threads() if found and found[0].said.training_rows < 2 * ROWS_A_THREAD else 1


def _side_by_side(judged: Callable[[Split], Judged | None], splits: Sequence[Split]) -> Iterator[Judged | None]:
    if len(splits) == 1:
        yield judged(splits[0])
        return
    with ThreadPoolExecutor(len(splits)) as pool:
        yield from pool.map(judged, splits)


def _is_over(spent: float, dates: int, seconds: float) -> bool:
    """Return whether another date and the refit, each as long as the dates so far, would take too long."""
    return spent + 2 * spent / dates > seconds
