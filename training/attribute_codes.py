"""Learns what the values of customer attributes are worth on a day, from windows that had ended by then.

No row is coded by its own outcome: the numbers of a date are learnt from windows that ended before it, so the label of
a row lies after everything that its code has seen, for training rows as for those that are scored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import numpy.typing as npt

from features.aggregates import CODE, Count, Last
from features.build import FeatureColumns, feature_columns
from features.churn.labels import ChurnDefinition, label_table
from features.clock import date_of, day_numbers
from features.codes import ATTRIBUTE, Codes, CodeTable
from features.definitions import default_features, features_for
from features.definitions.engagement import event_kinds
from features.feature import Example, Feature, FeatureSet
from features.log import Ints, Log

# Neighbouring windows hold much the same customers: a year of them says little more than half a dozen.
MOST_WINDOWS = 6
# A group is read as if so many more customers in each window had churned like the shop as a whole.
PRIOR_CUSTOMERS = 30
# A value of fewer customers could point at somebody, and says nothing.
LEAST_CUSTOMERS = 10
LEAST_RATE = 1e-3
# What the rhythm explains is no merit of a group: each is held against customers who are like its own in these.
SINCE, ORDERS, YEAR_DAYS = "days since the last order", "order days of a year", 365
SINCE_BINS, ORDER_BINS, PRIOR_CELL = 6, 5, 5
# Groups that differ no more than by chance would only give trees something to remember.
SAME_CUSTOMERS, LEAST_SURPRISE = 1.3, 0.01
# One column that alone tells so well who churned was, most likely, written afterwards.
SUSPICIOUS_AUROC = 0.80

Counts = npt.NDArray[np.float64]


def coded(features: FeatureSet, log: Log, days: Sequence[date], definition: ChurnDefinition) -> FeatureSet:
    """Return features with what was known on each of the days of the values of their attributes.

    What they know already stays: a bundle's features keep the numbers that its model has learnt with.

    Args:
        features: of a customer.
        log: the shop's log; it must reach to each of the days.
        days: on which customers will be looked at.
        definition: population and horizon.
    """
    if not features.attributes or features.codes.tables:
        return features
    return replace(features, codes=learn_codes(log, days, definition, features.attributes))


@dataclass(frozen=True)
class Judged:
    """What the attributes of a log are good for.

    Args:
        used: those that tell something, and may be trusted.
        suspicious: those that alone tell who churned too well to have been known before, with their AUROC; only where
            nothing says since when they are known: what is dated is cut at each date like an order.
        by_chance: those whose groups churn as their rhythm says, as far as chance lets one see.
    """

    used: tuple[str, ...]
    suspicious: Mapping[str, float]
    by_chance: tuple[str, ...]


def judged(log: Log, definition: ChurnDefinition, end: date) -> Judged:
    """Judge the attributes of a log by the windows that had ended by a day.

    Args:
        log: the shop's log.
        definition: population and horizon.
        end: the first day that no label reads.
    """
    latest = {name: table for name, (table,) in learn_codes(log, [end], definition).tables.items()}
    leaks = {
        name: table.alone_auroc
        for name, table in latest.items()
        if table.alone_auroc >= SUSPICIOUS_AUROC and not log.is_dated(name)
    }
    rest = [name for name in latest if name not in leaks]
    used = tuple(name for name in rest if latest[name].by_chance < LEAST_SURPRISE)
    return Judged(used, leaks, tuple(name for name in rest if name not in used))


def trusted_features(log: Log, definition: ChurnDefinition, end: date) -> FeatureSet:
    """Return the features that a log has the data for, of its attributes those that tell something and can be trusted.

    Args:
        log: the shop's log.
        definition: population and horizon.
        end: the first day that no label reads.
    """
    if not log.attributes:
        return features_for(log)
    return default_features(event_kinds(log), judged(log, definition, end).used)


def learn_codes(
    log: Log, days: Sequence[date], definition: ChurnDefinition, attributes: Sequence[str] | None = None
) -> Codes:
    """Learn shares and log-odds of every value, as they were known at the start of each day.

    Args:
        log: the shop's log; nothing on or after a day touches that day's numbers.
        days: the days.
        definition: population and horizon.
        attributes: those of the log by default.

    >>> from features.attributes import Attributes, with_attributes
    >>> from features.log import Coded, Lines
    >>> from features.roll_up import roll_up
    >>> who = [f"c{number:02}" for number in range(40)]
    >>> lines = Lines.of([*who, *who[:20]], [10] * 40 + [25] * 20, [500] * 60)
    >>> north = Attributes(np.array(who, dtype=object), {"region": Coded.of(["north"] * 20 + ["south"] * 20)})
    >>> log = with_attributes(roll_up(lines), north)
    >>> table = learn_codes(log, [date_of(30)], ChurnDefinition(10, 30)).at("region", 30)
    >>> table.shares, table.log_odds["north"] < 0 < table.log_odds["south"]
    ({'north': 0.5, 'south': 0.5}, True)
    """
    names = tuple(log.attributes if attributes is None else attributes)
    known = [name for name in names if ATTRIBUTE + name in log.streams]
    wanted = sorted({int(day) for day in day_numbers(days)})
    starts = {day: _windows(day, log.first_day, definition.horizon_days) for day in wanted}
    if not known or not wanted:
        return Codes()
    seen = _Seen.of(log, known, starts, definition)
    return Codes({name: tuple(seen.table(name, day, starts[day]) for day in starts) for name in known})


def _windows(day: int, first_day: int, horizon_days: int) -> tuple[int, ...]:
    """Return the first days of the latest windows that had ended by a day, the same ones for neighbouring days."""
    latest = (day - horizon_days) // horizon_days * horizon_days
    return tuple(t for t in range(latest, latest - MOST_WINDOWS * horizon_days, -horizon_days) if t > first_day)


@dataclass(frozen=True, eq=False)
class _Seen:
    """The population on each day and at the start of each window, who of it churned, and who was to be expected to.

    Args:
        columns: the code of each attribute, and what is known of the rhythm.
        churned: 1 for who churned, of rows in a window.
        usual: the share that churned of those in the same window with as old a last order and as many orders.
        words: attribute → what its codes stand for.
        rows: day → the rows of it.
    """

    columns: FeatureColumns
    churned: Counts
    usual: Counts
    words: Mapping[str, Sequence[str]]
    rows: Mapping[int, Ints]

    @classmethod
    def of(
        cls, log: Log, names: Sequence[str], starts: Mapping[int, Sequence[int]], definition: ChurnDefinition
    ) -> _Seen:
        """Look at the log on each day, and at the start of each window."""
        windows = sorted({start for each in starts.values() for start in each})
        every = [date_of(day) for day in sorted({*starts, *windows})]
        columns = feature_columns(log, every, _looked_at(names), definition.active_days)
        churned, usual = np.zeros(len(columns)), np.zeros(len(columns))
        if windows:
            labels = label_table(log, [date_of(day) for day in windows], definition)
            churned[np.isin(columns.as_of, windows)] = labels["churned"]
        rows = {day: np.flatnonzero(columns.as_of == day) for day in sorted({*starts, *windows})}
        for here in (rows[day] for day in windows):
            usual[here] = _usual(columns[SINCE][here], columns[ORDERS][here], churned[here])
        words = {name: [str(word) for word in log.words[ATTRIBUTE + name]] for name in names}
        return cls(columns, churned, usual, words, rows)

    def table(self, name: str, day: int, windows: Sequence[int]) -> CodeTable:
        """Return what was known of an attribute at the start of a day."""
        words, prior = self.words[name], PRIOR_CUSTOMERS * len(windows)
        counts = np.stack([self._counts(name, each) for each in (day, *windows)])
        customers, churned, expected, spread = counts[1:].sum(axis=0)
        large = counts[:, 0].max(axis=0) >= LEAST_CUSTOMERS
        shares = counts[0, 0] / max(len(self.rows[day]), 1)
        # Of whom no value is known, other things are true than of whom one is: groups are held against one another.
        expected = expected * (churned.sum() / expected.sum() if expected.any() else 1.0)
        beyond = _beyond(customers, churned, expected, prior)
        kept, few = [int(code) for code in np.flatnonzero(large)], np.flatnonzero(~large)
        seen, gone, usual = (each[few].sum(keepdims=True) for each in (customers, churned, expected))
        return CodeTable(
            day,
            {words[code]: float(shares[code]) for code in kept},
            {words[code]: float(beyond[code]) for code in kept},
            float(_beyond(seen, gone, usual, prior)[0]),
            float((shares**2).sum() / shares.sum()) if shares.any() else 0.0,
            _auroc(beyond, churned, customers - churned),
            _by_chance((churned - expected)[large], spread[large], shares[large]),
        )

    def _counts(self, name: str, day: int) -> Counts:
        """Return customers per code, how many churned, how many were to be expected to, and its variance: 4 × codes."""
        codes, size = self.columns[name], len(self.words[name])
        rows = self.rows[day][~np.isnan(codes[self.rows[day]])]
        code, usual = codes[rows].astype(np.int64), self.usual[rows]
        weights = (np.ones(len(rows)), self.churned[rows], usual, usual * (1 - usual))
        return np.stack([np.bincount(code, each, minlength=size).astype(np.float64) for each in weights])


def _looked_at(names: Sequence[str]) -> FeatureSet:
    """Return the code of each attribute, and what is known of the rhythm, as features."""
    rhythm = {SINCE: Last("age_days"), ORDERS: Count(days=YEAR_DAYS)}
    values = {**{name: Last(CODE, on=ATTRIBUTE + name) for name in names}, **rhythm}
    return FeatureSet(
        tuple(
            Feature(name=name, family=name, unit="count", meaning=name, value=value, example=Example(None))
            for name, value in values.items()
        )
    )


def _usual(since: Counts, orders: Counts, churned: Counts) -> Counts:
    """Return the share that churned of customers with as old a last order and as many orders, one per customer."""
    cell = _bins(since, SINCE_BINS) * ORDER_BINS + _bins(orders, ORDER_BINS)
    size = SINCE_BINS * ORDER_BINS
    customers, gone = np.bincount(cell, minlength=size), np.bincount(cell, churned, minlength=size)
    share = (gone + PRIOR_CELL * churned.mean()) / (customers + PRIOR_CELL) if len(churned) else gone
    return np.asarray(share[cell], dtype=np.float64)


def _bins(values: Counts, bins: int) -> Ints:
    edges = np.quantile(values, np.arange(1, bins) / bins) if len(values) else np.zeros(bins - 1)
    return np.searchsorted(edges, values, side="left").astype(np.int64)


def _by_chance(beyond: Counts, variance: Counts, shares: Counts) -> float:
    """Return the probability that groups without any difference would differ as much.

    Two chi-squared tests, the surer of which counts, doubled: whether any group differs, and whether large groups
    differ from small ones, which hundreds of postcodes would hide from the first. The same customers stand in several
    windows, so that the variance is larger than that of as many strangers: by 1.0 to 1.2 for random groups of Complete
    Journey and CDNOW.

    Args:
        beyond: how many more customers of each group churned than were to be expected to.
        variance: of that, if all were strangers.
        shares: how large each group is.
    """
    from scipy.stats import chi2

    known = variance > 0
    if np.count_nonzero(known) < 2:
        return 1.0
    off, spread = beyond[known], SAME_CUSTOMERS * variance[known]
    size = shares[known] - np.average(shares[known], weights=spread)
    any_differs = chi2.sf((off**2 / spread).sum(), len(off) - 1)
    uneven = (size**2 * spread).sum()
    large_differ = chi2.sf((size * off).sum() ** 2 / uneven, 1) if uneven > 0 else 1.0
    return float(min(1.0, 2 * min(any_differs, large_differ)))


def _beyond(customers: Counts, churned: Counts, expected: Counts, prior: float) -> Counts:
    """Return the log-odds of churn of groups, less those of customers of the same rhythm; 0 where none were seen.

    Args:
        customers: of each group, over all windows.
        churned: of these.
        expected: how many would have churned like customers of the same rhythm in the same windows.
        prior: how many customers without a difference are added to each group.
    """
    if not customers.sum():
        return np.zeros(len(customers))
    rate = expected.sum() / customers.sum()
    own, usual = ((counts + prior * rate) / (customers + prior) for counts in (churned, expected))
    return _logit(own) - _logit(usual)


def _auroc(scores: Counts, churned: Counts, kept: Counts) -> float:
    """Return the probability that a churned customer's group scores above a kept one's, ties counted half."""
    pairs = churned.sum() * kept.sum()
    if not pairs:
        return 0.5
    order = np.argsort(scores, kind="stable")
    below = np.concatenate([[0.0], np.cumsum(kept[order])[:-1]])
    return float((churned[order] * (below + kept[order] / 2)).sum() / pairs)


def _logit(rate: Counts) -> Counts:
    inside = np.clip(rate, LEAST_RATE, 1 - LEAST_RATE)
    found: Counts = np.log(inside / (1 - inside))
    return found
