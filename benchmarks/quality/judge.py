"""One case: what the default would have served on its date, and every candidate beside it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from benchmarks.quality.logs import STATIONARY, Case, Known
from features.clock import day_number
from training.attribute_codes import trusted_features
from training.backtest.backtest import backtest_candidates
from training.backtest.bands import Floor, noise_floor
from training.backtest.random_split import random_split_auroc, snapshots
from training.backtest.results import Backtest
from training.dataset import Dataset, Floats, build_dataset
from training.forecasts.level import Forecast
from training.forecasts.level_history import LevelHistory
from training.metrics import auroc, evaluate
from training.models.btyd import BGNBD
from training.models.calibration import Method, calibrate, sigmoid
from training.models.candidates import fit_each
from training.models.fitted import Fitted
from training.models.history import Histories, inputs
from training.models.silence import NoOrderCandidate
from training.splits import learning_dates


@dataclass(frozen=True)
class One:
    """A candidate on the test date, with the calibration that its backtest chose.

    `floor` is the ECE that these probabilities would show by chance if they were perfectly true.
    """

    calibration: str
    measures: dict[str, float]
    floor: Floor
    seconds: float


@dataclass(frozen=True, eq=False)
class Section:
    """All of a case.

    Args:
        case: which.
        chosen: the default's candidate.
        candidates: by name.
        truth: the measures of a simulator's own answer; empty where nobody knows.
        expected_orders_auroc: of BG/NBD's expected orders.
        facts: lines about rows and dates.
    """

    case: Case
    chosen: str
    candidates: dict[str, One]
    truth: dict[str, float]
    expected_orders_auroc: float | None
    facts: tuple[str, ...]

    @property
    def title(self) -> str:
        """The log and the question."""
        return f"{self.case.log}, {self.case.definition.horizon_days} d"

    @property
    def has_something(self) -> bool:
        """Whether there is anything to find: on the stationary shop nobody should gain."""
        return self.case.log != STATIONARY

    @property
    def default(self) -> dict[str, float]:
        """The measures of what would have been served."""
        return self.candidates[self.chosen].measures

    @property
    def floor(self) -> Floor:
        """The ECE of what would have been served, were its probabilities perfectly true."""
        return self.candidates[self.chosen].floor

    @property
    def calibration(self) -> str:
        """The calibration of what would have been served."""
        return self.candidates[self.chosen].calibration


@dataclass(frozen=True, eq=False)
class Asked:
    """What `regulars train` knows on the test date of a case, and the rows that it is judged on.

    Args:
        tested: the backtest before the test date.
        train: the rows of all dates whose horizons had ended.
        seen: the rows of the test date.
        dates: of training.
        forecast: of the window's level.
    """

    tested: Backtest
    train: Dataset
    seen: Dataset
    dates: Sequence[date]
    forecast: Forecast

    @classmethod
    def of(cls, known: Known) -> Asked:
        """Backtest before the test date, and read what is learnt from up to it."""
        case, log, test = known.case, known.log, day_number(known.case.test_date)
        tested = backtest_candidates(log.before(test), case.definition, until=case.test_date)
        dates = learning_dates(log, test, case.definition)
        features = trusted_features(log.before(test), case.definition, case.test_date)
        both = build_dataset(log, [*dates, case.test_date], case.definition, features)
        train, seen = both.on(day_number(day) for day in dates), both.on([test])
        if case.customers is not None and len(seen) != case.customers:
            raise SystemExit(f"{case}: the population is {len(seen)}; other rows than those of the published figures")
        history = LevelHistory.of(log.before(test), case.definition, test)
        forecast = history.base_rates(train, test).forecast(test)
        return cls(tested, train, seen, dates, forecast)

    def answers(self, names: Sequence[str]) -> Iterator[tuple[str, Fitted, Method, Floats]]:
        """Yield candidates, each fitted on everything known, with the calibration that serves it and its answer."""
        for name, found in fit_each(names, self.train, weights=self.tested.weights or None):
            method = self.tested.candidates[name].calibration if name in self.tested.candidates else "none"
            line = calibrate(method, found.out_of_sample, self.forecast.spread)
            log_odds = found.fitted.log_odds(self.seen.values)
            yield name, found.fitted, method, sigmoid(line.apply(log_odds, self.forecast.shift))


def judged(known: Known) -> Section:
    """Backtest before the test date, learn again up to it, and judge on it."""
    case, log, asked = known.case, known.log, Asked.of(known)
    tested, train, seen, dates, forecast = asked.tested, asked.train, asked.seen, asked.dates, asked.forecast
    candidates, expected, began = {}, None, time.perf_counter()
    for name, fitted, method, p in asked.answers(tuple(tested.candidates)):
        candidates[name] = One(method, evaluate(seen.y, p), noise_floor([p]), time.perf_counter() - began)
        expected = expected_orders_auroc(fitted, seen) or expected
        began = time.perf_counter()
    truth = (
        evaluate(seen.y, np.asarray(known.true_probability.loc[list(seen.customer_id)], dtype=np.float64))
        if len(known.true_probability)
        else {}
    )
    claimed = random_split_auroc(snapshots(log, case.definition, train.features, until=case.test_date))
    facts = (
        f"{case.test_date}: {len(seen):,} customers with an order in {case.definition.active_days} days, "
        f"{seen.y.mean():.1%} churned; learnt from {len(dates)} dates, {dates[0]} to {dates[-1]}, {len(train):,} rows.",
        f"A random split of rows would have claimed AUROC {claimed:.3f}: that is memory, not foresight.",
        f"{tested.why}.",
        f"Forecast shift of the level: {forecast.shift:+.2f} ± {forecast.uncertainty:.2f} log-odds.",
    )
    return Section(case, tested.chosen, candidates, truth, expected, facts)


def expected_orders_auroc(fitted: Fitted, seen: Dataset) -> float | None:
    """Return the AUROC of BG/NBD's expected orders in the horizon; None where the candidate is no BG/NBD."""
    if not (isinstance(fitted, NoOrderCandidate) and isinstance(fitted.model, BGNBD)):
        return None
    histories = Histories.of(*inputs(seen.features.names, seen.values).T)
    return auroc(seen.y, -np.asarray(fitted.model.expected_orders(histories, seen.definition.horizon_days)))
