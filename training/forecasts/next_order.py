"""When the next order comes: P(no order) over any number of days, and the wait for the next order as an interval.

The shape over time is that of the shop's own gaps (`training/models/gap_hazard.py`), the level is the calibrated
probability p of the serving model. With G(t) the hazard of an order of this customer over the next t days, and h the
model's horizon,

    P(no order within t days) = p ** (G(t) / G(h))

Proportional hazards (Cox 1972, Regression models and life-tables, J. R. Statist. Soc. B 34(2)), fixed at the point that
is known best: exactly p at h. It falls in t whatever p is, because G rises.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from features.log import Ints
from training.dataset import Dataset, Floats
from training.models.fitted import read_json, write_json
from training.models.gap_hazard import Clock, GapHazard, fit_gap_hazard
from training.models.history import Histories, inputs

FILE = "timing.json"
# Quantiles of the next order: the interval leaves a tenth on either side.
LEVELS = (0.1, 0.5, 0.9)
# Bounds of −log p: beyond them no whole day changes; expm1 is still exact there.
LEAST_RISK, MOST_RISK = 1e-9, 700.0


@dataclass(frozen=True, eq=False)
class NextOrder:
    """How long until the next order, given that the customer orders within `within_days`; as_of + days is the date.

    Args:
        within_days: the condition; nothing is predicted for customers who take longer.
        low_days: whole days, one per customer; 0 is an order on the as_of day itself. Low to high holds 80 %.
        median_days: the day by which half have ordered: the expected date.
        high_days: the last day of the 80 %, before `within_days`.
    """

    within_days: int
    low_days: Ints
    median_days: Ints
    high_days: Ints


@dataclass(frozen=True, eq=False)
class Timing:
    """The forecast of a customer's next order from the gaps of the shop and the probability of churn.

    Args:
        names: the features it takes, in order; it uses those of a history.
        horizon_days: of the probability that it is given.
        follow_days: the next order is predicted for customers who order within so many days.
        hazard: of the shop's gaps.
        levels: the quantiles of low, median and high.
    """

    names: tuple[str, ...]
    horizon_days: int
    follow_days: int
    hazard: GapHazard = field(repr=False)
    levels: tuple[float, float, float] = LEVELS

    def no_order_probability(self, X: Floats, p: Floats, days: Sequence[int]) -> Floats:
        """Return P(no order within so many days), customers × days: p at the horizon, never rising with the days.

        Args:
            X: customers × features, in the order of `names`.
            p: calibrated P(no order within `horizon_days`), one per customer.
            days: whole days, each at least 0, in any order.
        """
        clock, wanted = self._clock(X), np.asarray(days, dtype=np.int64)
        times = np.unique(np.append(wanted, self.horizon_days))
        risk = np.maximum.accumulate(clock.risk(times[:, None].astype(np.float64)), axis=0)
        share = risk / risk[np.searchsorted(times, self.horizon_days)]
        return np.asarray(np.power(p, share[np.searchsorted(times, wanted)]).T)

    def next_order(self, X: Floats, p: Floats) -> NextOrder:
        """Return the wait for the next order of those who order within `follow_days`.

        Whole days cannot hold 80 % exactly: of the four ways to round the two ends, each customer gets the one whose
        share is nearest.

        Args:
            X: customers × features, in the order of `names`.
            p: calibrated P(no order within `horizon_days`), one per customer.
        """
        wait = _Wait.of(self._clock(X), p, self.horizon_days, self.follow_days)
        low, middle, high = wait.before(self.levels)
        first, after = _nearest(wait, low, high, self.levels[-1] - self.levels[0])
        median = np.clip(middle, first, after - 1)
        return NextOrder(self.follow_days, _whole(first), _whole(median), _whole(after - 1))

    def to_files(self, folder: Path) -> None:
        """Write itself as JSON."""
        facts: dict[str, Any] = {"names": list(self.names), "levels": list(self.levels)}
        days = {"horizon_days": self.horizon_days, "follow_days": self.follow_days}
        write_json(folder / FILE, {**facts, **days, "hazard": self.hazard.to_dict()})

    def _clock(self, X: Floats) -> Clock:
        return Clock.of(self.hazard, Histories.of(*inputs(self.names, X).T))


def fit_timing(data: Dataset) -> Timing:
    """Learn the gaps from every row of a dataset, and how far ahead the next order can be predicted.

    That is `active_days`, but at most half of the history: of longer gaps the log has hardly seen an end. It is at
    least the horizon.
    """
    names, horizon = data.features.names, data.definition.horizon_days
    tenure = inputs(names, data.values)[:, 1]
    known_days = int(np.nanmax(tenure, initial=0.0)) + horizon
    follow = max(horizon, min(data.definition.active_days, known_days // 2))
    return Timing(names, horizon, follow, fit_gap_hazard(data))


def read_timing(folder: Path) -> Timing:
    """Read what `Timing.to_files` wrote.

    Raises:
        ModelRefused: the file is missing, or is no JSON object.
    """
    content = read_json(folder / FILE)
    low, median, high = (float(level) for level in content["levels"])
    return Timing(
        names=tuple(content["names"]),
        horizon_days=int(content["horizon_days"]),
        follow_days=int(content["follow_days"]),
        hazard=GapHazard.from_dict(content["hazard"]),
        levels=(low, median, high),
    )


@dataclass(frozen=True, eq=False)
class _Wait:
    """The wait for the next order of customers who order within `most` days, as a distribution on whole days.

    Args:
        clock: the hazard of each customer.
        pace: hazard by the model's probability over hazard by the shop's gaps.
        whole: minus the probability of an order within `most` days.
        most: days.
    """

    clock: Clock
    pace: Floats
    whole: Floats
    most: int

    @classmethod
    def of(cls, clock: Clock, p: Floats, horizon: int, most: int) -> _Wait:
        with np.errstate(divide="ignore"):
            known = np.clip(-np.log(p), LEAST_RISK, MOST_RISK)
        pace = known / clock.risk(horizon)
        return cls(clock, pace, np.expm1(-pace * clock.risk(most)), most)

    def share(self, days: Floats) -> Floats:
        """Return the share whose wait is less than so many days, times × customers."""
        return np.asarray(np.expm1(-self.pace * self.clock.risk(days)) / self.whole, dtype=np.float64)

    def before(self, levels: Sequence[float]) -> Floats:
        """Return the most whole days within which at most each share orders, levels × customers, by bisection."""
        level = np.array(levels)[:, None]
        low = np.zeros((len(levels), len(self.pace)))
        high = np.full_like(low, self.most)
        for _ in range(max(self.most - 1, 0).bit_length()):
            middle = np.floor((low + high) / 2)
            reached = self.share(middle) > level
            low, high = np.where(reached, low, middle), np.where(reached, middle, high)
        return low


def _nearest(wait: _Wait, low: Floats, high: Floats, aim: float) -> tuple[Floats, Floats]:
    """Return the first day and the day after the last: those around both levels whose share is nearest `aim`."""
    ends = np.stack([low, low + 1, high, high + 1])
    share = wait.share(ends)
    pairs = np.array([(0, 3), (0, 2), (1, 3), (1, 2)])
    best = pairs[np.argmin(np.abs(share[pairs[:, 1]] - share[pairs[:, 0]] - aim), axis=0)]
    first, after = (np.take_along_axis(ends, best[None, :, end], axis=0)[0] for end in (0, 1))
    return first, after


def _whole(days: Floats) -> Ints:
    return days.astype(np.int64)
