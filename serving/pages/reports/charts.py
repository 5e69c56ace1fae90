"""Where the pictures of the reports draw: positions from 0 to 100, so that a template holds no arithmetic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from serving.outreach.effect.estimate import Estimate

WIDTH, HEIGHT = 100.0, 40.0
LEAST_REACH = 0.05  # of a scale of differences on each side of 0: five points
ROOM = 1.1  # beyond what is shown


@dataclass(frozen=True)
class Interval:
    """A difference with its interval on a line with 0 in its middle.

    Args:
        low: where the interval begins.
        value: where the difference is.
        high: where the interval ends.
        reach: how far the line reaches on either side of 0, as a share.
    """

    low: float
    value: float
    high: float
    reach: float


def interval_of(estimate: Estimate) -> Interval | None:
    """Return where a difference of shares is drawn; None where it is not known.

    >>> interval_of(Estimate(0.05, -0.05, 0.15))
    Interval(low=34.8, value=65.2, high=95.5, reach=0.165)
    """
    if estimate.value is None or estimate.low is None or estimate.high is None:
        return None
    reach = max(LEAST_REACH, ROOM * abs(estimate.low), ROOM * abs(estimate.high))
    low, value, high = (
        round(WIDTH * (each / reach + 1) / 2, 1) for each in (estimate.low, estimate.value, estimate.high)
    )
    return Interval(low, value, high, round(reach, 4))


@dataclass(frozen=True)
class Lines:
    """Several lines over the same years.

    Args:
        points: line → its points, as SVG's polyline takes them.
        top: the value at the upper edge.
    """

    points: Mapping[str, str]
    top: float


def lines_of(series: Mapping[str, Sequence[float]]) -> Lines:
    """Return lines from the left edge to the right, 0 at the bottom.

    >>> lines_of({"own": [1.0, 2.0]}).points["own"]
    '0.0,21.8 100.0,3.6'
    """
    top = ROOM * max(max(values) for values in series.values()) or 1.0
    return Lines({name: _points(values, top) for name, values in series.items()}, top)


def _points(values: Sequence[float], top: float) -> str:
    step = WIDTH / max(len(values) - 1, 1)
    return " ".join(f"{index * step:.1f},{HEIGHT * (1 - value / top):.1f}" for index, value in enumerate(values))
