"""A search for the settings of the trees that suit one shop, by Optuna, under a budget of time.

    <folder>/mlruns/tuning.db               Optuna's studies: the trials, so that a later session continues
    <folder>/mlruns/tuning/<study>/n.npz    the predictions of trial n on each test date, for paired comparisons

Settings are judged on the test dates of a backtest, the latest first, and pruned when they lag behind the median of the
trials before. The name of a study binds it to log, definition and features. The value of a trial is its mean log loss
minus that of the usual settings on the same dates: some dates are harder than others, and only the difference can be
compared after one date as after five.

The best of a hundred settings looks better than it is. So the usual settings stay unless others are better by more than
one standard error on dates that were not used to choose them.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from features.churn.labels import ChurnDefinition
from features.clock import date_of, day_number
from features.errors import InputError, InsufficientHistory
from features.log import Log
from training.attribute_codes import trusted_features
from training.backtest.choice import Difference, Rows, difference
from training.backtest.steps import Progress, no_progress
from training.dataset import Floats
from training.metrics import log_loss
from training.models.trees import USUAL, TreeSettings
from training.splits import Split, labels_end, rolling_origin
from training.tuning.folds import JUDGED_BY, MOST_CUSTOMERS, Fold, temporal_folds
from training.tuning.optuna_studies import importance_in, optuna, space, storage_in, study_in
from training.tuning.tuned import HOME, Tuned

if TYPE_CHECKING:
    from optuna import Study, Trial
    from optuna.trial import FrozenTrial

PREDICTIONS = "tuning"
SECONDS_BETWEEN_REPORTS = 5.0


def tune(
    log: Log,
    definition: ChurnDefinition,
    folder: Path,
    *,
    budget_minutes: float,
    until: date | None = None,
    first: Sequence[TreeSettings] = (),
    most_trials: int | None = None,
    progress: Progress = no_progress,
) -> Tuned:
    """Look for better trees until the budget is over; what earlier sessions on the same log tried is taken up.

    An error or Ctrl-C leaves every finished trial in the study.

    Args:
        log: the shop's log.
        definition: population and horizon.
        folder: of the shop; the study lies in its `mlruns/`.
        budget_minutes: how long to look.
        until: orders on or after this date are not read.
        first: settings to try first, such as those of an earlier log.
        most_trials: stop after so many in this session.
        progress: is called with seconds spent, seconds in all, and what comes now.

    Raises:
        InputError: Optuna is not installed, or the budget was over before the usual settings were judged.
        InsufficientHistory: there is too little to judge settings by.
    """
    library, budget = optuna(), _Budget(budget_minutes * 60, progress)
    log = log if until is None else log.before(day_number(until))
    if not len(log.streams["orders"]):
        raise InsufficientHistory("the log holds no order before the date to tune until")
    splits = rolling_origin(log, definition, until)
    features = trusted_features(log, definition, date_of(labels_end(log, until)))
    name = _study_name(log, definition, features.names, splits)
    try:
        folds = temporal_folds(log, splits, definition, features, budget.step)
        with storage_in(folder) as storage:
            search = _Search(study_in(library, storage, name), folds, folder / HOME / PREDICTIONS / name, budget)
            search.judge_usual()
            search.run(first, most_trials)
            return search.found(definition)
    except _BudgetSpent:
        raise InputError(
            f"{budget_minutes:g} minutes were over before the usual settings were judged on every test date: give more"
        ) from None


class _BudgetSpent(Exception):
    """The time is over."""


class _Budget:
    """Seconds to spend, checked between rounds and dates, and reported as they pass."""

    def __init__(self, seconds: float, progress: Progress) -> None:
        self._seconds, self._progress = seconds, progress
        self._began = time.monotonic()
        self._reported = -SECONDS_BETWEEN_REPORTS

    def check(self) -> None:
        if time.monotonic() - self._began > self._seconds:
            raise _BudgetSpent

    def step(self, what: str) -> None:
        """Check the time, and report every few seconds what comes next."""
        self.check()
        spent = time.monotonic() - self._began
        if spent - self._reported >= SECONDS_BETWEEN_REPORTS:
            self._reported = spent
            self._progress(int(spent), max(1, round(self._seconds)), what)


def _study_name(log: Log, definition: ChurnDefinition, names: Sequence[str], splits: Sequence[Split]) -> str:
    """Return a name that depends on all that the values do, so that trials of another log are never mixed in."""
    dates = [split.test_date.isoformat() for split in splits]
    searched = {key: repr(distribution) for key, distribution in space().items()}
    judged = [dates, MOST_CUSTOMERS, JUDGED_BY]
    facts = [log.digest(), asdict(definition), list(names), judged, searched, asdict(USUAL)]
    return f"trees-{hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]}"


@dataclass(frozen=True, eq=False)
class _Judged:
    """Settings that were judged on all dates: their predictions and log loss on each."""

    settings: TreeSettings
    predicted: tuple[Floats, ...]
    losses: Floats


class _Search:
    """Trials of a study on the folds of a log."""

    def __init__(self, study: Study, folds: Sequence[Fold], home: Path, budget: _Budget) -> None:
        self._study, self._folds, self._home, self._budget = study, folds, home, budget
        self._usual: Floats = np.zeros(0)
        self._best = 0.0

    def judge_usual(self) -> None:
        """Make the usual settings the first trial of a study, so that the best is never worse than they are."""
        known = next((one for one in self._finished() if one.settings == USUAL), None)
        if known is None:
            known = self._judged(USUAL, [self._predict(fold, USUAL, "the usual settings") for fold in self._folds])
            number = len(self._study.get_trials(deepcopy=False))
            self._keep(number, known)
            self._study.add_trial(_trial_of(known, 0.0, [0.0] * len(self._folds)))
        self._usual = known.losses
        self._best = min((trial.value or 0.0 for trial in self._complete()), default=0.0)

    def run(self, first: Sequence[TreeSettings], most_trials: int | None) -> None:
        """Try settings until the budget or the count is over; an interrupted trial does not count."""
        for settings in first:
            self._study.enqueue_trial(asdict(settings), skip_if_exists=True)
        search_space, done = space(), 0
        while most_trials is None or done < most_trials:
            try:
                self._budget.check()
                self._try(self._study.ask(search_space))
            except _BudgetSpent:
                return
            done += 1

    def _try(self, trial: Trial) -> None:
        state = optuna().trial.TrialState
        try:
            known = self._judge(trial)
        except BaseException:
            self._study.tell(trial, state=state.FAIL)
            raise
        if known is None:
            self._study.tell(trial, state=state.PRUNED)
            return
        self._keep(trial.number, known)
        gap = self._gap(known.losses)
        self._study.tell(trial, gap)
        self._best = min(self._best, gap)

    def _judge(self, trial: Trial) -> _Judged | None:
        """Judge a trial date by date; None where it is pruned."""
        settings, predicted = TreeSettings(**trial.params), list[Floats]()
        for fold in self._folds:
            what = f"trial {trial.number}: {fold.day.isoformat()}; best so far {self._best:+.5f} log loss"
            predicted.append(self._predict(fold, settings, what))
            trial.report(self._gap(self._judged(settings, predicted).losses), len(predicted))
            if len(predicted) < len(self._folds) and trial.should_prune():
                return None
        return self._judged(settings, predicted)

    def _predict(self, fold: Fold, settings: TreeSettings, what: str) -> Floats:
        self._budget.step(what)
        return fold.predict(settings, self._budget.check)

    def _gap(self, losses: Floats) -> float:
        return float(losses.mean() - self._usual[: len(losses)].mean())

    def _judged(self, settings: TreeSettings, predicted: Sequence[Floats]) -> _Judged:
        losses = [log_loss(fold.test.y, p) for fold, p in zip(self._folds, predicted, strict=False)]
        return _Judged(settings, tuple(predicted), np.array(losses))

    def _keep(self, number: int, judged: _Judged) -> None:
        self._home.mkdir(parents=True, exist_ok=True)
        np.savez(self._home / f"{number}.npz", *judged.predicted)

    def _complete(self) -> list[FrozenTrial]:
        return self._study.get_trials(deepcopy=False, states=(optuna().trial.TrialState.COMPLETE,))

    def _finished(self) -> Iterator[_Judged]:
        """Yield every trial that was judged on all dates, in this session and before, in order."""
        for trial in self._complete():
            path = self._home / f"{trial.number}.npz"
            if path.exists():
                with np.load(path) as kept:
                    yield self._judged(TreeSettings(**trial.params), [kept[name] for name in kept.files])

    def found(self, definition: ChurnDefinition) -> Tuned:
        """Return what the study has found so far."""
        tried, state = list(self._finished()), optuna().trial.TrialState
        usual = next(one for one in tried if one.settings == USUAL)
        best = min(tried, key=lambda one: one.losses.mean())
        pruned = len(self._study.get_trials(deepcopy=False, states=(state.PRUNED,)))
        return Tuned(
            definition=definition,
            dates=tuple(fold.day for fold in self._folds),
            trials=len(self._complete()) + pruned,
            pruned=pruned,
            usual_log_loss=float(usual.losses.mean()),
            best=best.settings,
            best_log_loss=float(best.losses.mean()),
            apart=difference(self._rows(best.predicted), self._rows(usual.predicted)),
            honest=self._honest(tried, usual),
            importance=importance_in(self._study, len(tried)),
            study=self._study.study_name,
        )

    def _honest(self, tried: Sequence[_Judged], usual: _Judged) -> Difference | None:
        """Return the difference where the settings of each date are those that were best on the other dates."""
        if len(self._folds) < 2:
            return None
        losses = np.array([one.losses for one in tried])
        dates = range(len(self._folds))
        chosen = [int(np.argmin(np.delete(losses, date, axis=1).mean(axis=1))) for date in dates]
        predicted = [tried[number].predicted[date] for date, number in zip(dates, chosen, strict=True)]
        return difference(self._rows(predicted), self._rows(usual.predicted))

    def _rows(self, predicted: Sequence[Floats]) -> list[Rows]:
        return [fold.rows(p) for fold, p in zip(self._folds, predicted, strict=True)]


def _trial_of(judged: _Judged, gap: float, gaps: Sequence[float]) -> FrozenTrial:
    steps = dict(enumerate(gaps, start=1))
    make, params = optuna().trial.create_trial, asdict(judged.settings)
    trial: FrozenTrial = make(params=params, distributions=space(), value=gap, intermediate_values=steps)
    return trial
