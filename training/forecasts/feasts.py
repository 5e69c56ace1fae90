"""What feasts that move from year to year do to a window: Easter, Eid, the Lunar New Year, Thanksgiving and the like.

On which days they lie is known for years to come (`feast_days.py`). What they do is learnt from the days around each
that the log holds: repeat orders of a day, smoothed over a week, beside the straight line between the fortnights before
and after. How far that moves a window's level is learnt from all weeks: those with more orders have the lower churn.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from features.clock import date_of
from features.log import Ints, Log
from training.dataset import Floats
from training.forecasts.feast_days import AROUND, Around, feast_days

BESIDE_DAYS = 14  # before and after the days around a feast: what is usual there
SMOOTH_DAYS = 7
YEARS_TO_COME = 5  # a model serves for so long without being learnt again, if it has to
TREND_WEEKS = 13
NORMAL_MAD = 1.4826  # the standard deviation of a normal law, in median absolute deviations
# The weight of the usual slope: that of twelve horizons whose orders differ by a tenth from those around them.
SLOPE_WEIGHT = 12 * 0.1**2


@dataclass(frozen=True)
class Feast:
    """What one feast does to the level of a window.

    Args:
        name: of the feast.
        days: day numbers on which it lies, years to come among them.
        before: days before the feast's own at which `effect` begins.
        effect: of each day around it: the shift of a window that is made of such days alone.
    """

    name: str
    days: tuple[int, ...]
    before: int
    effect: tuple[float, ...]

    def over(self, starts: Ints, horizon_days: int) -> Floats:
        """Return the shift of windows by the days of them that lie around the feast.

        >>> Feast("feast", (30,), 2, (0.0, 1.0, 1.0)).over(np.array([20, 30, 31]), 10).tolist()
        [0.1, 0.1, 0.0]
        """
        total, found = np.concatenate([[0.0], np.cumsum(self.effect)]), np.zeros(len(starts))
        for day in self.days:
            since = starts - (day - self.before)
            first, end = (np.clip(each, 0, len(self.effect)) for each in (since, since + horizon_days))
            found += total[end] - total[first]
        return found / horizon_days

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Self:
        """Read what `asdict` gave."""
        return cls(content["name"], tuple(content["days"]), content["before"], tuple(content["effect"]))


@dataclass(frozen=True, eq=False)
class Activity:
    """Repeat orders day by day.

    Args:
        first_day: the day number of the first element.
        orders: how many customers ordered on each day who had ordered before.
    """

    first_day: int
    orders: Floats

    @classmethod
    def of(cls, log: Log, end: int) -> Activity:
        """Count them in a log, before a day."""
        orders = log.streams["orders"]
        repeat = np.ones(len(orders), dtype=bool)
        repeat[orders.starts[:-1][np.diff(orders.starts) > 0]] = False
        days = orders.day[repeat & (orders.day < end)] - log.first_day
        return cls(log.first_day, np.bincount(days, minlength=max(end - log.first_day, 0)).astype(np.float64))

    def before(self, day: int) -> Activity:
        """Return what was known on a day."""
        return Activity(self.first_day, self.orders[: max(day - self.first_day, 0)])

    def log_mean(self, starts: Ints, days: int) -> Floats:
        """Return the logarithm of the mean orders a day in windows that all lie inside."""
        total = np.concatenate([[0.0], np.cumsum(self.orders)])
        first = starts - self.first_day
        return np.asarray(np.log((total[first + days] - total[first] + 0.5) / days), dtype=np.float64)

    @property
    def weekly_noise(self) -> float:
        """The variance of the logarithm of a week's orders by chance: of the steps between weeks, by their median."""
        whole = len(self.orders) // SMOOTH_DAYS * SMOOTH_DAYS
        weeks = np.log(self.orders[len(self.orders) - whole :].reshape(-1, SMOOTH_DAYS).sum(axis=1) + 0.5)
        steps = np.abs(np.diff(weeks))
        return float((NORMAL_MAD * np.median(steps)) ** 2 / 2) if len(steps) else 0.0

    def around(self, feast: int, days: Around) -> Floats | None:
        """Return log orders of each day around a feast less what is usual there; None where the log shows not all."""
        first = feast - days.before - BESIDE_DAYS - self.first_day
        end = feast + days.after + 1 + BESIDE_DAYS - self.first_day
        part = self.orders[max(first, 0) : end]
        if first < 0 or len(part) < end - first or part.mean() * BESIDE_DAYS < 1:
            return None
        usual = np.interp(
            np.arange(len(part)),
            [BESIDE_DAYS / 2, len(part) - BESIDE_DAYS / 2],
            [_log_mean(part[:BESIDE_DAYS]), _log_mean(part[-BESIDE_DAYS:])],
        )
        edge = np.full(SMOOTH_DAYS // 2, np.nan)
        weeks = np.lib.stride_tricks.sliding_window_view(np.concatenate([edge, part, edge]), SMOOTH_DAYS)
        smooth = np.log(np.nanmean(weeks, axis=1) + 0.5 / SMOOTH_DAYS)
        return np.asarray((smooth - usual)[BESIDE_DAYS:-BESIDE_DAYS], dtype=np.float64)


def _log_mean(orders: Floats) -> float:
    return float(np.log(orders.mean() + 0.5 / len(orders)))


@dataclass(frozen=True, eq=False)
class Moving:
    """What is needed to learn what feasts do: repeat orders day by day, and on which days feasts lie.

    Args:
        activity: repeat orders day by day.
        calendar: the day numbers of each feast, years to come among them.
    """

    activity: Activity
    calendar: Mapping[str, tuple[int, ...]]

    @classmethod
    def of(cls, log: Log, end: int, country: str) -> Moving:
        """Read a log before a day, and the calendar of a country."""
        years = range(date_of(log.first_day).year, date_of(end).year + 1 + YEARS_TO_COME) if country else range(0)
        return cls(Activity.of(log, end), feast_days(country, years) if country else {})

    def before(self, day: int) -> Moving:
        """Return what was known on a day."""
        return Moving(self.activity.before(day), self.calendar)

    def feasts(self, days: Ints, shifts: Floats, horizon_days: int, usual_slope: float) -> tuple[Feast, ...]:
        """Return what each feast does that the log has seen, shrunk by what chance alone would show.

        Args:
            days: the first days of windows a week apart that had ended.
            shifts: of each.
            horizon_days: their length.
            usual_slope: the shift of a window per logarithm of its orders, in most shops.
        """
        if not self.calendar:
            return ()
        slope = slope_on_activity(self.activity, days, shifts, horizon_days, usual_slope)
        found = (self._learnt(name, slope) for name in self.calendar)
        return tuple(feast for feast in found if feast is not None)

    def _learnt(self, name: str, slope: float) -> Feast | None:
        days, around = self.calendar[name], AROUND[name]
        seen = [each for each in (self.activity.around(day, around) for day in days) if each is not None]
        if not seen:
            return None
        effect = np.mean(seen, axis=0)
        believed = _beyond_chance(effect, self.activity.weekly_noise / len(seen))
        return Feast(name, days, around.before, tuple((slope * believed * effect).tolist()))


def slope_on_activity(activity: Activity, days: Ints, shifts: Floats, horizon_days: int, usual: float) -> float:
    """Return by how much a window's shift moves with the logarithm of its orders: ridge regression towards a value.

    Both are taken without their running means over a quarter: growth and season are not what is looked for.

    Args:
        activity: repeat orders day by day.
        days: the first days of windows a week apart.
        shifts: of each.
        horizon_days: their length.
        usual: the slope where the log says nothing.
    """
    if len(days) < TREND_WEEKS:
        return usual
    x, y = (_without_trend(each) for each in (activity.log_mean(days, horizon_days), shifts))
    weight = SMOOTH_DAYS / max(SMOOTH_DAYS, horizon_days)
    return float((SLOPE_WEIGHT * usual + weight * (x @ y)) / (SLOPE_WEIGHT + weight * (x @ x)))


def _without_trend(values: Floats) -> Floats:
    window = np.ones(TREND_WEEKS)
    around = np.convolve(values, window, "same") / np.convolve(np.ones(len(values)), window, "same")
    return np.asarray(values - around, dtype=np.float64)


def _beyond_chance(effect: Floats, noise: float) -> float:
    """Return the part of an effect that is to be believed: what of its square is above that of chance.

    James and Stein (1961), the positive part. What is usual there is chance as well: of two fortnights, a quarter.
    """
    return float(max(0.0, 1 - 1.25 * noise / max(float(np.mean(effect**2)), 1e-12)))
