"""Whether a figure moved more than this shop's figures usually do: what is usual is learnt from its own past.

A figure is looked at once a period. Several simple forecasts say what it should be from the periods before: a smoothed
level, the last value, the last movement carried on, the movement of a year ago. The one whose errors were smallest in
this shop counts. The figure is unusual where its error lies outside what a t distribution of those errors lets expect
once in thousands of times, is large enough to matter, and is not that of a year ago, which is a season that the shop
knows.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from training.dataset import Floats

LEAST_ERRORS = 6
# Of the errors one in ten, the farthest from the middle, is left out: an alarm must not hide the next one.
LEFT_OUT, TRIMMED_TO_WHOLE = 0.1, 1.267
SMOOTHING = (0.3, 0.6, 1.0)
CARRIED_ON = 0.7
LEAST_YEARS = 2


@dataclass(frozen=True)
class Usual:
    """What is usual of a figure this time.

    Args:
        now: the figure.
        low: from here on up it is usual.
        high: up to here.
    """

    now: float
    low: float
    high: float

    @property
    def is_unusual(self) -> bool:
        """Whether the figure lies outside."""
        return not self.low <= self.now <= self.high

    @property
    def off(self) -> float:
        """How far from the middle it lies, in halves of the interval."""
        return abs(self.now - (self.high + self.low) / 2) / max((self.high - self.low) / 2, 1e-12)


def usual(figures: Floats, least: float, year: int, chance: float) -> Usual | None:
    """Return what is usual of the last figure; None where too few periods came before it, or it is unknown.

    Args:
        figures: one per period, oldest first; NaN where one is not known.
        least: a smaller movement does not matter.
        year: how many periods a year has.
        chance: how often a figure that only moves as usual may be called unusual.

    >>> steady = usual(np.array([0.50, 0.51, 0.50, 0.52, 0.51, 0.50, 0.51, 0.52]), least=0.02, year=13, chance=1e-4)
    >>> steady.is_unusual
    False
    >>> usual(np.array([0.50, 0.51, 0.50, 0.52, 0.51, 0.50, 0.51, 0.80]), least=0.02, year=13, chance=1e-4).is_unusual
    True
    """
    known = [_judged(figures, said, least, year, chance) for said in _forecasts(figures, year)]
    found = [each for each in known if each is not None]
    return min(found, key=lambda each: each[0])[1] if found else None


def _judged(figures: Floats, said: Floats, least: float, year: int, chance: float) -> tuple[float, Usual] | None:
    """Return how far a forecast's errors usually reach, and what is usual by it."""
    errors = figures - said
    past = errors[:-1][np.isfinite(errors[:-1])]
    if len(past) < LEAST_ERRORS or not math.isfinite(errors[-1]):
        return None
    middle, reach = float(np.median(past)), max(least, reach_of(past, chance))
    low, high = middle - reach, middle + reach
    same = float(errors[-1 - year]) if len(errors) > year else math.nan
    if math.isfinite(same) and abs(same - middle) > reach / 2:
        low, high = min(low, same - reach), max(high, same + reach)
    return reach, Usual(float(figures[-1]), float(said[-1]) + low, float(said[-1]) + high)


def _forecasts(figures: Floats, year: int) -> Iterator[Floats]:
    """Yield what each simple forecast said of every period, from the periods before it; NaN where it says nothing."""
    for weight in SMOOTHING:
        yield _smoothed(figures, weight)
    before, movement = _later(figures, 1), np.diff(figures, prepend=np.nan)
    yield before + CARRIED_ON * _later(movement, 1)
    if len(figures) > LEAST_YEARS * year:  # of fewer errors some would fit by chance, and win
        yield before + _later(movement, year)


def _smoothed(figures: Floats, weight: float) -> Floats:
    """Return simple exponential smoothing. Brown (1959); the first known figure is the first level."""
    said, level = np.full(len(figures), np.nan), math.nan
    for place, figure in enumerate(figures.tolist()):
        said[place] = level
        if math.isfinite(figure):
            level = figure if math.isnan(level) else level + weight * (figure - level)
    return said


def _later(figures: Floats, periods: int) -> Floats:
    """Return figures so many periods later.

    >>> _later(np.array([1.0, 2.0, 3.0]), 2)
    array([nan, nan,  1.])
    """
    return np.concatenate([np.full(min(periods, len(figures)), np.nan), figures[: max(0, len(figures) - periods)]])


def reach_of(errors: Floats, chance: float) -> float:
    """Return how far errors reach that are no alarm: a quantile of a t distribution of their trimmed spread.

    >>> round(reach_of(np.array([1.0, -1.0] * 9 + [50.0, -50.0]), chance=2e-4), 1)
    5.8
    """
    return t_quantile(1 - chance / 2, len(errors) - 1) * spread_of(errors)


def spread_of(errors: Floats) -> float:
    """Return the standard deviation of errors, without the farthest tenth and corrected for that.

    A normal distribution without its farthest tenth has 0.789 of its standard deviation.

    >>> round(spread_of(np.array([1.0, -1.0] * 9 + [50.0, -50.0])), 2)
    1.27
    """
    off = np.sort(np.abs(errors - np.median(errors)))
    kept = off[: len(off) - max(1, int(LEFT_OUT * len(off)))]
    return float(TRIMMED_TO_WHOLE * np.sqrt(np.mean(kept**2)))


def t_quantile(share: float, degrees: int) -> float:
    """Return a quantile of Student's t distribution. Abramowitz and Stegun (1964), 26.7.5.

    Args:
        share: of the distribution that lies below.
        degrees: of freedom.

    >>> round(t_quantile(0.975, 20), 2)
    2.09
    """
    x = NormalDist().inv_cdf(share)
    first = (x**3 + x) / 4
    second = (5 * x**5 + 16 * x**3 + 3 * x) / 96
    third = (3 * x**7 + 19 * x**5 + 17 * x**3 - 15 * x) / 384
    return x + first / degrees + second / degrees**2 + third / degrees**3
