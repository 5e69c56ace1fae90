"""What each source of data adds: the blend with it and without it, on test dates that neither has seen.

Both are fitted on what was known on a test date and judged on what came after, on the same customers, with the level of
the date set true: a missed season says nothing of a source. Only the parts that read many columns are fitted again; the
models of rhythm take who ordered when, which no source takes away. Sources overlap: what one says another may say too,
so the kinds of events are also taken away together.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from features.churn.labels import ChurnDefinition
from features.clock import date_of
from features.errors import InsufficientHistory
from features.log import Log
from training.attribute_codes import trusted_features
from training.backtest.choice import surely
from training.backtest.clustered import auroc_parts
from training.backtest.dates import split_data
from training.backtest.listing import Listing
from training.backtest.steps import Progress, no_progress
from training.budget import Budget, sample
from training.data_worth.paired import Added, OnDate, added, mean_on_date
from training.data_worth.source import AMOUNTS, CUSTOMERS, KNOWN, kind_of, need, sources_in
from training.dataset import Dataset, Flags, Floats
from training.forecasts.next_order import fit_timing
from training.forecasts.spend import fit_value
from training.log_odds import sigmoid, with_true_level
from training.metrics import TOP_SHARE, row_log_loss
from training.models.candidates import LEARNED, WEIGHTS, enough_to_learn, fit_each, usual_weights
from training.splits import labels_end, rolling_origin

# A smaller gain of AUROC is what another seed of the trees gives, too (benchmarks/ablation).
LEAST_AUROC = 0.001
# One more forecast with few columns costs about so much of the first one, which fits all parts.
COST_OF_ONE_MORE = 0.6


@dataclass(frozen=True)
class SourceWorth:
    """What one source adds, the mean over the test dates, with 95 % intervals over dates and customers.

    Args:
        source: its name, such as "returns" or "events: visit"; a kind alone means all of it together.
        features: how many cannot be computed without it.
        auroc: more of it.
        log_loss: less of it, nats, the level of each date set true.
        held: more money of those who left on one list, minor units; None where no money is known.
        is_sure: whether chance does not explain the gain of log loss, all sources taken together.
    """

    source: str
    features: int
    auroc: Added
    log_loss: Added
    held: Added | None
    is_sure: bool = False

    @property
    def adds(self) -> bool:
        """Whether it adds beyond chance, and more than another seed would."""
        return self.is_sure and self.auroc.mean >= LEAST_AUROC


@dataclass(frozen=True)
class DataWorth:
    """What the sources of a shop add.

    Args:
        definition: population and horizon.
        sources: those that the shop has, the most telling first.
        absent: kinds of sources of which it has nothing.
        unused: columns of the customers file that training leaves out: chance alone tells their groups apart, or they
            were written afterwards.
        test_dates: oldest first.
        customers: once per test date.
        base_auroc: of the forecast with everything, the mean over the dates.
        notes: what a reader should know first.
    """

    definition: ChurnDefinition
    sources: tuple[SourceWorth, ...]
    absent: tuple[str, ...]
    unused: tuple[str, ...]
    test_dates: tuple[date, ...]
    customers: int
    base_auroc: float
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Differences:
    """What a source adds on one test date."""

    auroc: OnDate
    log_loss: OnDate
    held: OnDate


def data_worth(
    log: Log,
    definition: ChurnDefinition,
    budget: Budget,
    *,
    until: date | None = None,
    list_size: int | None = None,
    progress: Progress = no_progress,
) -> DataWorth:
    """Return what each source of a shop's data adds.

    Args:
        log: the shop's log.
        definition: population and horizon.
        budget: how much may be done; the older test dates are left out first.
        until: orders on or after this date are not read.
        list_size: customers on a list that the shop can handle; None for a tenth of the population.
        progress: is called before each step.

    Raises:
        InsufficientHistory: there is too little to judge a model by.
    """
    features = trusted_features(log, definition, date_of(labels_end(log, until)))
    present = sources_in(log, features)
    some = sample(log, definition, until, int(budget.rows / (1 + COST_OF_ONE_MORE * len(present))))
    size = None if list_size is None else list_size * some.share
    judging = _Judging(present, size, progress)
    splits = rolling_origin(some.log, definition, until, budget.tests)
    began = time.monotonic()
    for done, split in enumerate(reversed(splits)):
        spent = time.monotonic() - began
        if done and budget.seconds is not None and spent + spent / done > budget.seconds:
            break
        judging.judge(*split_data(some.log, split, definition, features), split.test_date, len(splits))
    if not judging.found:
        raise InsufficientHistory("too few customers churned or stayed to learn what a source adds")
    dates = tuple(sorted(judging.found))
    left_out = [] if len(dates) == len(splits) else [f"the budget was enough for {len(dates)} of {len(splits)} dates"]
    here = {*map(kind_of, present), *([CUSTOMERS] if log.attributes else [])}
    absent = tuple(kind for kind in KNOWN if kind not in here)
    sources = _together(judging, dates, log.has_money, some.share)
    base = float(np.mean(judging.base))
    unused = tuple(name for name in log.attributes if name not in features.attributes)
    return DataWorth(definition, sources, absent, unused, dates, judging.customers, base, (*some.notes, *left_out))


class _Judging:
    """Judges every source on one test date after the other."""

    def __init__(self, present: Mapping[str, int], size: float | None, progress: Progress) -> None:
        self.present, self._size, self._progress = present, size, progress
        self.found: dict[date, dict[str, _Differences]] = {}
        self.base: list[float] = []
        self.customers = 0

    def judge(self, train: Dataset, test: Dataset, day: date, dates: int) -> None:
        """Judge the sources on a date; nothing where there is too little to learn from or to judge by."""
        if not (len(test) and enough_to_learn(train) and test.y.any() and not test.y.all()):
            return
        steps = (len(self.found) * (1 + len(self.present)), dates * (1 + len(self.present)))
        self._progress(steps[0], steps[1], f"everything for {day.isoformat()}")
        whole = _Whole.of(train, test, self._size)
        self.base.append(auroc_parts(test.y, whole.p)[0])
        self.customers += len(test)
        self.found[day] = {}
        for number, source in enumerate(self.present, start=1):
            self._progress(steps[0] + number, steps[1], f"without {source} for {day.isoformat()}")
            self.found[day][source] = whole.against(source)


@dataclass(frozen=True, eq=False)
class _Whole:
    """The forecast of a date with every source, and what it takes to make one without."""

    train: Dataset
    test: Dataset
    parts: Mapping[str, Floats]
    p: Floats
    listing: Listing
    picked: Flags
    spend: Floats
    most: int

    @classmethod
    def of(cls, train: Dataset, test: Dataset, size: float | None) -> _Whole:
        parts = _log_odds(tuple(WEIGHTS), train, test)
        p = _blend(parts, train, test)
        spend = fit_value(train).expected_spend(test.values)
        listing = Listing.of(test, fit_timing(train), spend)
        most = min(len(test), round(len(test) * TOP_SHARE if size is None else size))
        return cls(train, test, parts, p, listing, _picked(listing, p, most), spend, most)

    def against(self, source: str) -> _Differences:
        """Return what the forecast with the source has more than the one without it."""
        gone = {each.name for each in need(self.train.features, source)}
        train, test = (_without(data, gone) for data in (self.train, self.test))
        p = _blend({**self.parts, **_log_odds(LEARNED, train, test)}, self.train, self.test)
        y, who = self.test.y, self.test.customer_id
        (with_it, own), (without_it, other) = auroc_parts(y, self.p), auroc_parts(y, p)
        blind = replace(self.listing, spend=np.ones(len(y))) if source == AMOUNTS else self.listing
        more = self.picked.astype(np.float64) - _picked(blind, p, self.most)
        held = mean_on_date(more * y * self.spend * len(y), who)
        return _Differences(
            OnDate(with_it - without_it, own - other, who),
            mean_on_date(row_log_loss(y, p) - row_log_loss(y, self.p), who),
            held,
        )


def _log_odds(names: Sequence[str], train: Dataset, test: Dataset) -> dict[str, Floats]:
    return {name: found.fitted.log_odds(test.values) for name, found in fit_each(names, train)}


def _blend(parts: Mapping[str, Floats], train: Dataset, test: Dataset) -> Floats:
    weights = usual_weights(len(train))
    log_odds = np.sum([weights[name] * parts[name] for name in WEIGHTS], axis=0)
    return with_true_level(sigmoid(log_odds), test.y)


def _picked(listing: Listing, p: Floats, most: int) -> Flags:
    return np.isin(np.arange(len(p)), listing.picked(p, most))


def _without(data: Dataset, gone: set[str]) -> Dataset:
    kept = tuple(feature for feature in data.features if feature.name not in gone)
    features = replace(data.features, features=kept)
    return replace(data, X=data.X[[feature.name for feature in kept]], features=features)


def _together(judging: _Judging, dates: Sequence[date], has_money: bool, share: float) -> tuple[SourceWorth, ...]:
    """Return what each source adds over the dates, the most first, with the verdict of all of them taken together."""
    found = []
    for source, features in judging.present.items():
        on = [judging.found[day][source] for day in dates]
        held = added([_of_all(each.held, share) for each in on]) if has_money else None
        auroc, log_loss = added([each.auroc for each in on]), added([each.log_loss for each in on])
        found.append(SourceWorth(source, features, auroc, log_loss, held))
    sure = surely([each.log_loss.chance for each in found])
    judged = [replace(each, is_sure=number in sure) for number, each in enumerate(found)]
    return tuple(sorted(judged, key=lambda each: -each.log_loss.mean))


def _of_all(held: OnDate, share: float) -> OnDate:
    """Return the money of a list of the customers drawn as of a list of all."""
    return replace(held, value=held.value / share, parts=held.parts / share)
