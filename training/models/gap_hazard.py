"""The hazard of an order after a given time without one, estimated from the shop's own gaps between orders.

The time since the last order is measured in the gaps to expect of the customer, and compared with all gaps that the
training dates show of customers with as many orders. Kaplan–Meier treats gaps that are still open as censored: at least
so long. No formula is assumed, and nothing is optimised.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from features.churn.survival import Survival, kaplan_meier
from training.dataset import Dataset, Floats
from training.models.history import Histories, final_histories, inputs

# The prior: so many gaps of the shop's mean length are added to the customer's own.
SHOP_GAPS = 2
# Groups by repeat orders, from so many on, each where enough gaps of its customers have ended.
GROUPS = (0, 1, 2, 4, 8, 16, 32)
ENOUGH_ENDED = 50
KNOTS = 200
# Days are rounded times: a gap of n days ends after n − ½ and before n + ½.
HALF_DAY = 0.5
# Orders per usual gap, added to every hazard: it must rise even where the shop has never seen a gap end.
LEAST_HAZARD = 1e-6


@dataclass(frozen=True, eq=False)
class Curve:
    """The cumulative hazard of an order, linear between knots and beyond the last one.

    Args:
        times: ascending, the first is 0.
        hazard: minus the logarithm of the share of gaps still open.
    """

    times: Floats
    hazard: Floats

    @classmethod
    def of(cls, found: Survival) -> Curve:
        """Return the curve of a Kaplan–Meier estimate.

        One more customer at risk, who never orders, keeps the longest gap of a small group from being the longest
        possible.
        """
        hazard = np.cumsum(-np.log1p(-found.ended / (found.at_risk + 1)))
        if not len(hazard):
            return cls(np.array([0.0, 1.0]), np.zeros(2))
        knots = np.searchsorted(hazard, np.linspace(hazard[0], hazard[-1], KNOTS))
        kept = np.unique(np.append(np.minimum(knots, len(hazard) - 1), len(hazard) - 1))
        return cls(np.append(0.0, found.times[kept]), np.append(0.0, hazard[kept]))

    def at(self, time: Floats) -> Floats:
        """Return the cumulative hazard; beyond the last knot it goes on as it did over the second half.

        >>> Curve(np.array([0.0, 1.0, 2.0]), np.array([0.0, 1.0, 1.5])).at(np.array([0.5, 3.0]))
        array([0.5, 2. ])
        """
        inside = np.interp(time, self.times, self.hazard)
        return np.asarray(inside + self._slope * np.maximum(time - self.times[-1], 0), dtype=np.float64)

    @cached_property
    def _slope(self) -> float:
        last = self.times[-1]
        return float((self.hazard[-1] - np.interp(last / 2, self.times, self.hazard)) / (last / 2))


@dataclass(frozen=True, eq=False)
class GapHazard:
    """How long gaps last, by number of repeat orders, in units of the gap to expect of a customer.

    Args:
        shop_gap: the mean gap of all customers, days.
        groups: repeat orders from which on each curve holds, ascending, the first is 0.
        curves: one per group.
    """

    shop_gap: float
    groups: tuple[int, ...]
    curves: tuple[Curve, ...]

    def no_order_probability(self, seen: Histories, time: float) -> Floats:
        """Return P(no order in the next `time` days | none since the last one): a quotient of survival."""
        clock = Clock.of(self, seen)
        return np.asarray(np.exp(clock.passed - clock.until(time)), dtype=np.float64)

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        curves = [{"times": curve.times.tolist(), "hazard": curve.hazard.tolist()} for curve in self.curves]
        return {"shop_gap": self.shop_gap, "groups": list(self.groups), "curves": curves}

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> GapHazard:
        """Read what `to_dict` gave."""
        curves = tuple(Curve(np.array(c["times"]), np.array(c["hazard"])) for c in content["curves"])
        return cls(float(content["shop_gap"]), tuple(content["groups"]), curves)


@dataclass(frozen=True, eq=False)
class Clock:
    """The hazard of an order since the last one and from now on, all customers at once.

    Args:
        hazard: of the shop's gaps.
        gap: to expect of each customer, days.
        begin: days since the last order.
        group: the number of the curve that holds for each customer.
        passed: the cumulative hazard from the last order until now.
    """

    hazard: GapHazard
    gap: Floats
    begin: Floats
    group: npt.NDArray[np.int64]
    passed: Floats

    @classmethod
    def of(cls, hazard: GapHazard, seen: Histories) -> Clock:
        """Start the clock of each customer at the last order."""
        gap, begin = usual_gap(seen, hazard.shop_gap), seen.since_order - HALF_DAY
        group = _group(seen.frequency, hazard.groups)
        blank = cls(hazard, gap, begin, group, np.zeros(len(seen)))
        return cls(hazard, gap, begin, group, blank.until(np.zeros(len(seen))))

    def risk(self, time: Floats | float) -> Floats:
        """Return the hazard over the next `time` days, never negative; 0 at 0, then above 0.

        Args:
            time: days, one number, one per customer, or times × customers; the answer has its shape.
        """
        return np.maximum(self.until(time) - self.passed, 0.0) + LEAST_HAZARD * time / self.gap

    def until(self, time: Floats | float) -> Floats:
        """Return the cumulative hazard from the last order until `time` days from now."""
        at = (self.begin + time) / self.gap
        found = np.zeros(at.shape)
        for number in np.unique(self.group):  # for a single customer, one curve
            here = self.group == number
            found[..., here] = self.hazard.curves[number].at(at[..., here])
        return found


def usual_gap(seen: Histories, shop_gap: float) -> Floats:
    """Return the gap to expect of each customer: the own mean, pulled towards the shop's by two gaps of that length.

    >>> usual_gap(Histories(np.array([0.0, 4.0]), np.array([0.0, 40.0]), np.array([9.0, 50.0])), 40.0)
    array([40., 20.])
    """
    return np.asarray((seen.recency + SHOP_GAPS * shop_gap) / (seen.frequency + SHOP_GAPS), dtype=np.float64)


def fit_gap_hazard(data: Dataset) -> GapHazard:
    """Learn from every row of a dataset: a gap open on its date, that ended or lasted through the horizon.

    The rows are the population that will be scored, so the curve needs no assumption about customers who left it.
    """
    seen = Histories.of(*inputs(data.features.names, data.values).T)
    shop_gap = _shop_gap(final_histories(data))
    gap, frequency, ended = usual_gap(seen, shop_gap), seen.frequency, ~data.y
    start = (seen.since_order - HALF_DAY) / gap
    end = np.where(ended, seen.since_order + data.wait_days, seen.since_order + data.wait_days - HALF_DAY) / gap
    groups = _large_enough(frequency[ended])
    group = _group(frequency, groups)
    rows = [group == number for number in range(len(groups))]
    curves = tuple(Curve.of(kaplan_meier(start[here], end[here], ended[here])) for here in rows)
    return GapHazard(shop_gap, groups, curves)


def _shop_gap(seen: Histories) -> float:
    """Return the mean gap, at least a day; without any repeat order, the mean time observed."""
    orders = float(seen.frequency.sum())
    mean = seen.recency.sum() / orders if orders else np.append(seen.age, 1.0).mean()
    return max(float(mean), 1.0)


def _large_enough(frequency: Floats) -> tuple[int, ...]:
    """Return the groups with enough ended gaps on both sides of their border."""
    groups = [GROUPS[0]]
    for low in GROUPS[1:]:
        below = np.count_nonzero((frequency >= groups[-1]) & (frequency < low))
        if min(below, np.count_nonzero(frequency >= low)) >= ENOUGH_ENDED:
            groups.append(low)
    return tuple(groups)


def _group(frequency: Floats, groups: tuple[int, ...]) -> npt.NDArray[np.int64]:
    return np.asarray(np.searchsorted(groups, frequency, "right") - 1, dtype=np.int64)
