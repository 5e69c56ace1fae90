"""Challenger and champion on the same customers and dates: how much better is one, and for which segments is it worse.

Customers are resampled, each with all its dates: Poisson weights of mean 1, which is the bootstrap of Efron
(1979) for many customers. Chamandy, Muralidharan, Najmi and Naidu (2012), "Estimating uncertainty for massive data
streams".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from statistics import NormalDist

import numpy as np
import pandas as pd

from features.log import Texts
from training.backtest.segments import built_in
from training.dataset import Flags, Floats
from training.metrics import Z_95, row_log_loss

RESAMPLES = 1000
COVERAGE = 0.95
# Resampling groups of customers instead of customers changes no interval and bounds time and memory for any shop.
MOST_GROUPS = 20_000
BATCH = 100
# With fewer rows one customer would decide a difference of log losses.
LEAST_ROWS, LEAST_CHURNED = 100, 20


@dataclass(frozen=True)
class Interval:
    """A mean difference of log loss with its interval, in nats; below 0 where the first model is better.

    >>> Interval(-0.01, -0.02, -0.001).is_below, Interval(-0.01, -0.02, 0.001).is_below
    (True, False)
    """

    mean: float
    low: float
    high: float

    @property
    def is_below(self) -> bool:
        """Whether the first is better beyond noise."""
        return self.high < 0

    @property
    def is_above(self) -> bool:
        """Whether the first is worse beyond noise."""
        return self.low > 0

    @property
    def is_noise(self) -> bool:
        """Whether the first is no worse than the second by more than one standard error."""
        return self.mean <= (self.high - self.low) / (2 * Z_95)

    @property
    def words(self) -> str:
        """The interval in words."""
        return f"{self.mean:+.4f} (95 % interval {self.low:+.4f} to {self.high:+.4f})"


@dataclass(frozen=True, eq=False)
class Paired:
    """The predictions of two models for the same rows.

    Args:
        dates: the test dates, oldest first.
        date_index: the index in `dates` of each row.
        customer_id: whose row it is.
        y: who churned.
        challenger: the challenger's probabilities.
        champion: the champion's probabilities.
        values: features of the rows, for segments.
        how: what stands for the champion, in words.
    """

    dates: tuple[date, ...]
    date_index: np.typing.NDArray[np.int64]
    customer_id: Texts
    y: Flags
    challenger: Floats
    champion: Floats
    values: pd.DataFrame = field(repr=False)
    how: str = ""

    def __len__(self) -> int:
        return len(self.y)

    @property
    def is_enough(self) -> bool:
        """Whether there are enough rows to judge by."""
        return _is_enough(self.y)

    @cached_property
    def gap(self) -> Floats:
        """How much more each row costs the challenger than the champion, in nats."""
        return row_log_loss(self.y, self.challenger) - row_log_loss(self.y, self.champion)

    def overall(self) -> Interval:
        """Return the difference of the mean over dates, with its 95 % percentile interval."""
        masks = [self.date_index == index for index in range(len(self.dates))]
        mean = float(np.mean([self.gap[mask].mean() for mask in masks]))
        drawn = np.nanmean(self._drawn(masks), axis=1)
        low, high = np.percentile(drawn, [100 * (1 - COVERAGE) / 2, 100 * (1 + COVERAGE) / 2])
        return Interval(mean, float(low), float(high))

    def by_segment(self, segments: Mapping[str, str] | None = None) -> dict[str, Interval]:
        """Return the difference within each segment that has enough rows, over all dates together.

        All intervals hold at once with 95 % (Bonferroni). A thousand resamples are too few for percentiles that far
        out, so the resamples give the standard error and the normal distribution the ends.

        Args:
            segments: customer → the shop's own segment.
        """
        masks = {name: m for name, m in self._segments(segments or {}).items() if _is_enough(self.y[m])}
        if not masks:
            return {}
        drawn = self._drawn(list(masks.values()))
        reach = NormalDist().inv_cdf(1 - (1 - COVERAGE) / 2 / len(masks))
        halves = (reach * np.nanstd(drawn, axis=0)).tolist()
        means = [float(self.gap[mask].mean()) for mask in masks.values()]
        ends = zip(masks, means, halves, strict=True)
        return {name: Interval(mean, mean - half, mean + half) for name, mean, half in ends}

    def _drawn(self, masks: Sequence[Flags]) -> Floats:
        """Return the mean gap within each mask, resamples × masks."""
        codes = pd.factorize(self.customer_id)[0]
        random = np.random.default_rng(0)
        groups = min(int(codes.max(initial=0)) + 1, MOST_GROUPS)
        group = (random.permutation(int(codes.max(initial=0)) + 1) % groups)[codes]
        sums = np.column_stack([np.bincount(group[mask], self.gap[mask], groups) for mask in masks])
        rows = np.column_stack([np.bincount(group[mask], minlength=groups) for mask in masks])
        means = []
        for _ in range(RESAMPLES // BATCH):
            weight = random.poisson(1.0, (BATCH, groups)).astype(np.float64)
            total = weight @ rows
            means.append(np.divide(weight @ sums, total, out=np.full(total.shape, np.nan), where=total > 0))
        return np.concatenate(means)

    def _segments(self, given: Mapping[str, str]) -> dict[str, Flags]:
        own = pd.Series([given.get(str(who)) for who in self.customer_id], dtype=object)
        found = {f"segment {name}": (own == name).to_numpy() for name in sorted(set(given.values()))}
        return {**built_in(self.values), **found}


def _is_enough(y: Flags) -> bool:
    return len(y) >= LEAST_ROWS and int(y.sum()) >= LEAST_CHURNED
