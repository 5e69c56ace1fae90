"""An estimate with its 95 % interval, and how it is written for people."""

from __future__ import annotations

from collections.abc import Callable
from statistics import NormalDist

import msgspec

from features.money import Money
from serving.scores import Amount

LEVEL = 0.95
POWER, ALPHA = 0.80, 0.05  # of planned trials
TOO_FEW = "too few to say"


class Estimate(msgspec.Struct, frozen=True):
    """A value and its 95 % interval; all three are null where there are too few accounts for one.

    >>> Estimate(0.1, -0.02, 0.22).is_beyond_chance, (Estimate(0.1, 0.02, 0.18) * 50).value
    (False, 5.0)
    """

    value: float | None
    low: float | None
    high: float | None

    def __mul__(self, factor: float) -> Estimate:
        return Estimate(*(None if end is None else end * factor for end in (self.value, self.low, self.high)))

    @property
    def is_beyond_chance(self) -> bool:
        """Whether the whole interval lies on one side of 0."""
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)

    def as_points(self) -> str:
        """Write a difference of shares in percentage points, for a cell of a table."""
        return self._written(_points)

    def as_points_more(self) -> str:
        """Write a difference of shares in percentage points, for a sentence.

        >>> Estimate(0.064, -0.031, 0.159).as_points_more()
        '6.4 points more (95 % interval −3.1 to 15.9)'
        """
        return self._written(_points, " points more", "95 % interval ")

    def as_count(self) -> str:
        """Write a number of customers, for a cell of a table."""
        return self._written(lambda end: f"{end:,.0f}")

    def as_customers_kept(self) -> str:
        """Write a number of customers kept, for a sentence.

        >>> Estimate(26.4, -12.8, 65.5).as_customers_kept()
        '26 customers kept (−13 to 66)'
        """
        return self._written(lambda end: f"{end:,.0f}", " customers kept")

    def as_money(self, money: Money) -> str:
        """Write minor units as an amount of money."""
        return self._written(money.text)

    def _written(self, write: Callable[[float], str], unit: str = "", interval: str = "") -> str:
        if self.value is None or self.low is None or self.high is None:
            return TOO_FEW
        value, low, high = (write(end).replace("-", "−") for end in (self.value, self.low, self.high))
        return f"{value}{unit} ({interval}{low} to {high})"


UNKNOWN = Estimate(None, None, None)


class MoneyEstimate(msgspec.Struct, frozen=True):
    """Money with its 95 % interval, major units; all three are null where there are too few accounts for one."""

    value: Amount | None
    low: Amount | None
    high: Amount | None


def in_major_units(estimate: Estimate, money: Money) -> MoneyEstimate:
    """Return an estimate in minor units as it is answered."""
    ends = (estimate.value, estimate.low, estimate.high)
    return MoneyEstimate(*(None if end is None else money.major(end) for end in ends))


def estimate_around(
    value: float, error: float, degrees_of_freedom: float = float("inf"), bias: float = 0.0
) -> Estimate:
    """Return a value with the 95 % interval of Student's t around it.

    Args:
        value: the estimate.
        error: its standard error.
        degrees_of_freedom: degrees of freedom behind the error.
        bias: how far the value may be off to either side by what was assumed.

    >>> estimate_around(0.0, 1.0)
    Estimate(value=0.0, low=-1.959964, high=1.959964)
    """
    reach = round(student_quantile(1 - (1 - LEVEL) / 2, degrees_of_freedom), 6) * error * wider(error, bias)
    return Estimate(value, value - reach, value + reach)


def wider(error: float, bias: float) -> float:
    """Return how many times wider an interval is that holds 95 % also where its middle is off by a bias.

    A bias moves all of the chance to one side, so the interval need not reach as much farther as the bias is large.
    Armstrong and Kolesár (2018), "Optimal inference in a class of regression models": a quantile of the folded normal.

    >>> wider(1.0, 0.0), round(wider(1.0, 1.0) * 1.96, 2)
    (1.0, 2.65)
    """
    if bias <= 0 or error <= 0:
        return 1.0
    return _folded_quantile(LEVEL, bias / error) / NormalDist().inv_cdf(1 - (1 - LEVEL) / 2)


def _folded_quantile(share: float, mean: float) -> float:
    """Return a quantile of the absolute value of a normal with standard deviation 1, by halving."""
    chance, low, high = NormalDist(mean), 0.0, mean + 6.0
    for _ in range(50):
        middle = (low + high) / 2
        inside = chance.cdf(middle) - chance.cdf(-middle) < share
        low, high = (middle, high) if inside else (low, middle)
    return high


def student_quantile(share: float, degrees_of_freedom: float) -> float:
    """Return a quantile of Student's t by its expansion around the normal law; good to 0.01 from 4 degrees on.

    Abramowitz and Stegun (1964), 26.7.5.

    >>> round(student_quantile(0.975, 10), 3), round(student_quantile(0.975, 30), 3)
    (2.228, 2.042)
    """
    z, v = NormalDist().inv_cdf(share), max(degrees_of_freedom, 1.0)
    first, second = (z**3 + z) / 4, (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / v + second / v**2 + third / v**3


def percent(share: float | None) -> str:
    """Write a share as a percentage.

    >>> percent(0.714), percent(None)
    ('71.4 %', '–')
    """
    return "–" if share is None else f"{100 * share:.1f} %"


def _points(difference: float) -> str:
    return f"{100 * difference:,.1f}"
