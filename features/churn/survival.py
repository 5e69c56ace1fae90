"""Estimates how long silences last when not all of them have ended: Kaplan and Meier's product-limit estimate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Flags = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Survival:
    """The product-limit estimate: the share still silent right after each time at which a silence ended."""

    times: Floats
    at_risk: Floats
    ended: Floats
    share: Floats

    def after(self, time: float) -> float:
        """Return the share of silences that outlast a time, in the unit of `times`.

        >>> found = kaplan_meier(np.zeros(2), np.array([1.0, 2.0]), np.array([True, True]))
        >>> found.after(0.5), found.after(1)
        (1.0, 0.5)
        """
        steps = int(np.searchsorted(self.times, time, "right"))
        return float(self.share[steps - 1]) if steps else 1.0


def kaplan_meier(start: Floats, end: Floats, ended: Flags) -> Survival:
    """Estimate how long silences last, when some had not ended and some were only seen from their middle on.

    Kaplan and Meier (1958); for delayed entry Klein and Moeschberger (2003), section 4.6. A silence that is
    first seen at `start` is at risk of ending after it.

    Args:
        start: how long the silence had lasted when it was first seen; 0 where it was seen from its beginning.
        end: how long it had lasted when it ended, or was last seen.
        ended: whether it ended.

    >>> found = kaplan_meier(np.zeros(4), np.array([1.0, 2.0, 2.0, 3.0]), np.array([True, True, False, True]))
    >>> found.share
    array([0.75, 0.5 , 0.  ])
    """
    times, count = np.unique(end[ended], return_counts=True)
    at_risk = np.searchsorted(np.sort(start), times, "left") - np.searchsorted(np.sort(end), times, "left")
    return Survival(times, at_risk.astype(np.float64), count.astype(np.float64), np.cumprod(1 - count / at_risk))
