"""Who would have come on the list of a test date, and in which order: as `regulars list` decides it.

Regulars come on a list when they are late by their own rhythm, newcomers without; entries stand by what those who have
left are worth. Signs other than silence, consent and contacts are not in a backtest: few come on a list by them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.lateness import is_late
from features.log import Ints
from training.dataset import Dataset, Flags, Floats
from training.forecasts.left import HORIZONS
from training.forecasts.next_order import Timing

ENTER_AT = 0.25  # the probability from which on lists begin, unless a shop says otherwise


@dataclass(frozen=True, eq=False)
class Listing:
    """What a list of a test date is made by, beside the probabilities of a candidate; one element per customer.

    Args:
        may_enter: late by the own rhythm, or with one order day.
        pace: P(left) is the probability of no order within the horizon, to this power: the shop's own gaps over three
            horizons against one.
        spend: expected within the horizon if kept; all 1 where the log holds no money.
    """

    may_enter: Flags
    pace: Floats
    spend: Floats

    @classmethod
    def of(cls, test: Dataset, timing: Timing, spend: Floats) -> Listing:
        """Read it off the rows of a test date.

        Args:
            test: the rows.
            timing: of the shop's gaps, as known on that date.
            spend: expected of each.
        """
        names = ("days_since_order", "usual_gap_days", "frequency")
        since, gap, gaps = (test.X[name].to_numpy(dtype=np.float64) for name in names)
        late = is_late(since, gap, gaps, test.definition.horizon_days)
        log_left = np.log(_left(test, timing, np.exp(-np.ones(len(test)))))
        return cls(late | np.isnan(gap), -log_left, spend if spend.any() else np.ones(len(test)))

    def picked(self, p: Floats, most: int) -> Ints:
        """Return the rows of the list that would have been made, best first; ties stand in row order.

        Args:
            p: P(no order within the horizon) by a candidate.
            most: entries.

        >>> some = Listing(np.array([True, False, True]), np.ones(3), np.array([1.0, 9.0, 5.0]))
        >>> some.picked(np.array([0.9, 0.9, 0.5]), 3)
        array([2, 0])
        """
        may_enter = self.may_enter & (p >= ENTER_AT)
        worth = np.where(may_enter, np.power(p, self.pace) * self.spend, -1.0)
        return np.argsort(-worth, kind="stable")[: min(most, int(may_enter.sum()))]


def _left(test: Dataset, timing: Timing, p: Floats) -> Floats:
    days = HORIZONS[0] * test.definition.horizon_days
    return timing.no_order_probability(test.values, p, [days])[:, 0]
