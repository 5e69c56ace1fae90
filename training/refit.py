"""The refit: a candidate is fitted once more, on every date whose horizon has ended, and made into a bundle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property

import numpy as np

from features.clock import date_of
from features.errors import InsufficientHistory
from features.feature import FeatureSet
from features.log import Log
from features.sources.mapping import Shop
from training.attribute_codes import learn_codes
from training.backtest.fairness.report import NOTHING_ASKED, Columns, Fairness, fairness
from training.backtest.fairness.rows import judged_rows
from training.backtest.own_past import judge
from training.backtest.report import Report, report, report_facts
from training.backtest.results import Backtest
from training.backtest.segments import members_of
from training.bundle import Bundle
from training.dataset import Dataset, Floats, build_dataset
from training.drift_reference import references
from training.forecasts.buys_less import BuysLess, fit_buys_less
from training.forecasts.left import LeftModel, fit_left
from training.forecasts.level import Levels
from training.forecasts.level_history import LevelHistory
from training.forecasts.next_order import fit_timing
from training.forecasts.risk_map import count_risk_map
from training.forecasts.spend import ValueModel, fit_value
from training.gate import GateDecision
from training.models.calibration import calibrate
from training.models.candidates import enough_to_learn, fit
from training.models.fitted import Fitted
from training.models.trees import USUAL, TreeSettings
from training.splits import labels_end, learning_dates

# Contributions cost about five hundred times a score; so many rows are enough for the mean.
ROWS_FOR_IMPORTANCE = 2000


@dataclass(frozen=True)
class ListSize:
    """How many customers the shop can call: the length of the list that a report measures.

    Args:
        customers: in all; None where nothing limits it: then a tenth of the population.
        why: where the number comes from, in words.
    """

    customers: int | None = None
    why: str = ""


ANY_SIZE = ListSize()

# A bundle, and the report on its candidate; None where there was no backtest.
Reported = tuple[Bundle, Report | None]


@dataclass(frozen=True, eq=False)
class Refit:
    """The data and settings from which every bundle of a training run is made.

    Args:
        log: the shop's log until the day to train until.
        data: the training rows.
        tested: the backtest; None where the log is too short for one.
        shop: zone and currency.
        until: orders on or after this date are not read.
        trees: how trees grow.
        list_size: how many customers the shop can call.
        groups: by which columns of the customers file it is looked whether a group is served worse.
        segment_of: customer → the shop's own segment, for the report; empty where it has none.
    """

    log: Log
    data: Dataset
    tested: Backtest | None
    shop: Shop
    until: date | None
    trees: TreeSettings = USUAL
    list_size: ListSize = ANY_SIZE
    groups: Columns = field(default_factory=lambda: NOTHING_ASKED)
    segment_of: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def end(self) -> int:
        """The first day number that no label may read."""
        return labels_end(self.log, self.until)

    @cached_property
    def history(self) -> LevelHistory:
        """The log week by week, for the forecast of coming windows."""
        return LevelHistory.of(self.log, self.data.definition, self.end, self.shop.country)

    @cached_property
    def rates(self) -> Levels:
        """The base rates of the log, for the forecast of coming windows."""
        return self.history.base_rates(self.data, self.end)

    @cached_property
    def value(self) -> ValueModel:
        """The model of the expected spend."""
        return fit_value(self.data)

    @cached_property
    def spend_level(self) -> Levels:
        """What those who stayed spent week by week, for the forecast of coming windows."""
        return self.history.spend(self.value, self.end)

    @cached_property
    def features(self) -> FeatureSet:
        """The features of the training rows, with what is known of their attributes when the model begins to serve."""
        known, end = self.data.features, date_of(self.end)
        if not known.attributes:
            return known
        latest = learn_codes(self.log, [end], self.data.definition, known.attributes)
        return replace(known, codes=known.codes.joined(latest))

    @cached_property
    def left(self) -> LeftModel:
        """The model of who has left: the same whichever candidate serves."""
        return fit_left(self.log, self.data, self.end, self.trees)

    @cached_property
    def buys_less(self) -> BuysLess:
        """The models of which accounts buy less: the same whichever candidate serves."""
        return fit_buys_less(self.log, self.data.definition, labels_end(self.log, self.until), judge)

    def bundle(self, name: str, left: LeftModel | None = None, buys_less: BuysLess | None = None) -> Bundle:
        """Fit a candidate on every date whose horizon has ended, with the calibration that its backtest chose.

        Args:
            name: of the candidate.
            left: the model of who has left; learnt where none is given.
            buys_less: the models of which accounts buy less; learnt where none are given.
        """
        left = left or self.left
        weights = self.tested.weights if self.tested else None
        data, found = self.data, fit(name, self.data, self.trees, weights or None)
        result = self.tested.candidates[name] if self.tested else None
        means = result.mean if result else {}
        newest, rates = data.on([data.days[-1]]), self.rates
        bundle = Bundle(
            features=self.features,
            definition=data.definition,
            shop=self.shop,
            candidate=name,
            fitted=found.fitted,
            calibration=calibrate(result.calibration if result else "none", found.out_of_sample, rates.spread),
            base_rates=rates,
            value=self.value,
            spend_level=self.spend_level,
            timing=fit_timing(data),
            left=left,
            buys_less=buys_less or self.buys_less,
            trained_until=date_of(self.end),
            training_dates=tuple(date_of(day) for day in data.days),
            metrics={measure: value for measure, value in means.items() if np.isfinite(value)},
            reference=references(data.features.names, newest.values),
            log_digest=self.log.digest(),
            risk_map=count_risk_map(self.log, data, left.window_days, self.end),
        )
        bundle.importance.update(_importance(bundle, newest.values))
        probability = bundle.probability(newest.values, date_of(newest.days[-1]))
        bundle.reference.update(references(["probability"], probability[:, None]))
        return bundle

    def finished(self, bundle: Bundle, decision: GateDecision) -> Reported:
        """Return the bundle with the decision and its quality in the backtest, and the report on it."""
        if self.tested is None:
            return replace(bundle, why=decision.why), None
        size = self.list_size
        served = self._fairness(self.tested, bundle.candidate)
        found = report(
            self.tested,
            bundle.candidate,
            list_size=size.customers,
            list_why=size.why,
            members=members_of(self.log, self.tested.candidates[bundle.candidate].by_date, self.segment_of),
            fairness=served,
        )
        return replace(bundle, why=decision.why, quality=report_facts(found)), found

    def _fairness(self, tested: Backtest, candidate: str) -> Fairness | None:
        if not self.groups:
            return None
        return fairness(judged_rows(tested, candidate, self.log, self.end, self.list_size.customers), self.groups)


def learnt_until(log: Log, challenger: Bundle, trees: TreeSettings, weights: Mapping[str, float], day: int) -> Fitted:
    """Fit a bundle's recipe on what was known on a day.

    Args:
        log: the shop's log.
        challenger: whose candidate, features and definition are fitted.
        trees: how trees grow.
        weights: of the blend's parts; empty where no backtest has learnt them.
        day: a day number.

    Raises:
        InsufficientHistory: nothing was known on that day.
    """
    dates = learning_dates(log, day, challenger.definition)
    data = build_dataset(log, dates, challenger.definition, challenger.features) if dates else None
    if data is None or not enough_to_learn(data):
        raise InsufficientHistory(f"too little could be learnt until {date_of(day)}")
    return fit(challenger.candidate, data, trees, weights or None).fitted


def _importance(bundle: Bundle, values: Floats) -> dict[str, float]:
    """Return the mean absolute contribution per feature, over evenly spread rows."""
    some = values[:: max(1, len(values) // ROWS_FOR_IMPORTANCE)]
    added = bundle.explained(some, bundle.trained_until).added
    return dict(zip(bundle.features.names, np.abs(added).mean(axis=0).tolist(), strict=True))
