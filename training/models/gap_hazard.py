"""The hazard of the shop's gaps: how likely is an order after so long a silence, as the shop itself shows it.

A silence is measured in gaps that the customer can be expected to have, and compared with all silences that the
training dates saw in customers of as many orders. Kaplan–Meier treats those that had not ended as what they are: at
least so long. No formula is assumed, and nothing is optimised.
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

# So many gaps of the shop's mean are mixed with the customer's own.
SHOP_GAPS = 2
# Customers of so many repeat orders and more are looked at together, where enough silences of theirs have ended.
GROUPS = (0, 1, 2, 4, 8, 16, 32)
ENOUGH_ENDED = 50
KNOTS = 200
# A day is a point: a gap of n days ends after n − ½ and before n + ½.
HALF_DAY = 0.5


@dataclass(frozen=True, eq=False)
class Curve:
    """The cumulative hazard of a silence, linear between knots and beyond the last one.

    Args:
        times: ascending, the first is 0.
        hazard: minus the logarithm of the share still silent.
    """

    times: Floats
    hazard: Floats

    @classmethod
    def of(cls, found: Survival) -> Curve:
        """Return the curve of an estimate.

        One more at risk, who stays silent, keeps a small group from proving that no silence ever lasts longer.
        """
        hazard = np.cumsum(-np.log1p(-found.ended / (found.at_risk + 1)))
        if not len(hazard):
            return cls(np.array([0.0, 1.0]), np.zeros(2))
        places = np.searchsorted(hazard, np.linspace(hazard[0], hazard[-1], KNOTS))
        kept = np.unique(np.append(np.minimum(places, len(hazard) - 1), len(hazard) - 1))
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
    """How long silences last, by number of orders, in gaps that a customer can be expected to have.

    Args:
        shop_gap: the mean gap of all customers, days.
        groups: repeat orders from which each curve holds, ascending, the first is 0.
        curves: one per group.
    """

    shop_gap: float
    groups: tuple[int, ...]
    curves: tuple[Curve, ...]

    def silent(self, seen: Histories, time: float) -> Floats:
        """Return P(no order in the next `time` days | silent for so long): the survival curve's own quotient."""
        gap = usual_gap(seen, self.shop_gap)
        begin, group = seen.silence - HALF_DAY, _group(seen.frequency, self.groups)
        risk = np.zeros(len(seen))
        for place in np.unique(group):  # of one customer, one curve
            here, curve = group == place, self.curves[place]
            risk[here] = curve.at((begin[here] + time) / gap[here]) - curve.at(begin[here] / gap[here])
        return np.asarray(np.exp(-risk), dtype=np.float64)

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        curves = [{"times": curve.times.tolist(), "hazard": curve.hazard.tolist()} for curve in self.curves]
        return {"shop_gap": self.shop_gap, "groups": list(self.groups), "curves": curves}

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> GapHazard:
        """Read what `to_dict` gave."""
        curves = tuple(Curve(np.array(c["times"]), np.array(c["hazard"])) for c in content["curves"])
        return cls(float(content["shop_gap"]), tuple(content["groups"]), curves)


def usual_gap(seen: Histories, shop_gap: float) -> Floats:
    """Return the gap to expect of each customer: his own, pulled towards the shop's mean by two gaps of it.

    >>> usual_gap(Histories(np.array([0.0, 4.0]), np.array([0.0, 40.0]), np.array([9.0, 50.0])), 40.0)
    array([40., 20.])
    """
    return np.asarray((seen.recency + SHOP_GAPS * shop_gap) / (seen.frequency + SHOP_GAPS), dtype=np.float64)


def fit_gap_hazard(data: Dataset) -> GapHazard:
    """Learn from every row of a dataset: a silence first seen on its date, that ended or lasted through the horizon.

    The rows are the population that will be scored, so the curve needs no assumption about those who left it.
    """
    seen = Histories.of(*inputs(data.features.names, data.values).T)
    shop_gap = _shop_gap(final_histories(data))
    gap, group_of, ended = usual_gap(seen, shop_gap), seen.frequency, ~data.y
    start = (seen.silence - HALF_DAY) / gap
    end = np.where(ended, seen.silence + data.wait_days, seen.silence + data.wait_days - HALF_DAY) / gap
    groups = _enough(group_of[ended])
    place = _group(group_of, groups)
    rows = [place == each for each in range(len(groups))]
    curves = tuple(Curve.of(kaplan_meier(start[here], end[here], ended[here])) for here in rows)
    return GapHazard(shop_gap, groups, curves)


def _shop_gap(seen: Histories) -> float:
    """The mean gap; without a single repeat order, the mean time observed, at least a day."""
    orders = float(seen.frequency.sum())
    mean = seen.recency.sum() / orders if orders else np.append(seen.age, 1.0).mean()
    return max(float(mean), 1.0)


def _enough(frequency: Floats) -> tuple[int, ...]:
    """Return the groups that have enough ended silences on both sides of their border."""
    groups = [GROUPS[0]]
    for low in GROUPS[1:]:
        below = np.count_nonzero((frequency >= groups[-1]) & (frequency < low))
        if min(below, np.count_nonzero(frequency >= low)) >= ENOUGH_ENDED:
            groups.append(low)
    return tuple(groups)


def _group(frequency: Floats, groups: tuple[int, ...]) -> npt.NDArray[np.int64]:
    return np.asarray(np.searchsorted(groups, frequency, "right") - 1, dtype=np.int64)
