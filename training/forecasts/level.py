"""The level of a coming window: a forecast from the same window of last year, the latest weeks, and feasts that move.

A log is read week by week: how far was what came in the window from what a model of ordinary weeks expects? This
`shift` is near 0 in an ordinary week and far from it in a season. What feasts that move did (`feasts.py`) is told apart
from it. The rest of a coming window is forecast from what is known when it begins:

    carried = carry × latest known shift
    last year = shift of the same window a year before + growth × (latest known shift − the same a year before)
    shift = carried + season × (last year − carried) + what the feasts in the window do

`carry`, `growth` and `season` are learnt from the log's own past, each pulled towards its value in most shops. Without
the same window of last year, the forecast is the latest known level, carried on.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

import numpy as np

from features.clock import date_of
from features.log import Ints
from training.dataset import Flags, Floats
from training.forecasts.feasts import Feast

YEAR_DAYS, WEEK_DAYS = 364, 7  # a year of whole weeks: the same weekdays
MOST_WEEKS = 113
LATEST_WEEKS = 3
# The values in most shops, and their weight: that of twelve horizons with shifts of 0.2.
USUAL_CARRY, USUAL_GROWTH, USUAL_SEASON, USUAL_WEIGHT = 0.5, 0.5, 0.85, 12 * 0.2**2
# Last year is no guide where hardly anyone joins any more: an ageing cohort behaves differently every month.
JOINED_DAYS, FULL_INFLOW, LEAST_INFLOW = 90, 0.1, 0.02
LEAST_UNCERTAINTY, UNKNOWN_UNCERTAINTY = 0.05, 0.3


@dataclass(frozen=True)
class Forecast:
    """The forecast of a coming window: how far its level will lie from the one expected of ordinary weeks.

    Args:
        day: the first day of the window, a day number.
        shift: of a churn rate in log-odds, of spend in its natural logarithm.
        uncertainty: its standard error, in the same unit.
        last_year: the shift of the same window a year before, without feasts; None where the log does not show it.
        latest: the latest known shift, without feasts; None where none is.
        feasts: the part of the shift that feasts have.
        spread: mean p (1 − p) of the probabilities that it rests on; 0 where it is of none.
    """

    day: int
    shift: float
    uncertainty: float
    last_year: float | None
    latest: float | None
    feasts: float = 0.0
    spread: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {**asdict(self), "day": date_of(self.day).isoformat()}


@dataclass(frozen=True, eq=False)
class Levels:
    """A level week by week, and the forecast of a coming window that follows from it.

    Args:
        days: day numbers a week apart, ascending; all their windows had ended when this was learnt.
        shifts: how far what came in each window was from what was expected, without what feasts did.
        horizon_days: the length of a window.
        carry: the part of the latest known shift that is left a horizon later.
        growth: the part of the latest known change on the year that is left a horizon later.
        season: the weight of last year's window; 0 where last year is no guide.
        uncertainty: the standard error of a forecast.
        feasts: what they do to a window.
        spread: mean p (1 − p) of the probabilities that the shifts are counted from; 0 where these are none.
    """

    days: Ints
    shifts: Floats
    horizon_days: int
    carry: float = USUAL_CARRY
    growth: float = USUAL_GROWTH
    season: float = USUAL_SEASON
    uncertainty: float = LEAST_UNCERTAINTY
    feasts: tuple[Feast, ...] = ()
    spread: float = 0.0

    @classmethod
    def flat(cls, horizon_days: int) -> Levels:
        """Return levels of which nothing is known: every forecast is 0."""
        return cls(np.zeros(0, dtype=np.int64), np.zeros(0), horizon_days, season=0.0)

    def forecast(self, day: int) -> Forecast:
        """Return the forecast of the window that begins on a day.

        >>> round(Levels(np.arange(0, 70, 7), np.full(10, 0.4), 28).forecast(91).shift, 3)
        0.2
        """
        usual, feasts = self._usual(day), self.of_feasts(day)
        return replace(usual, shift=usual.shift + feasts, feasts=feasts)

    def _usual(self, day: int) -> Forecast:
        carried = self.carry * (self._latest(day) or 0.0)
        last_year = self._at(day - YEAR_DAYS) if self.season else None
        expected = carried if last_year is None else last_year + self.growth * (self.change(day) or 0.0)
        shift = carried + self.season * (expected - carried)
        return Forecast(day, shift, self.uncertainty, last_year, self._latest(day), spread=self.spread)

    def factor(self, day: int) -> float:
        """Return the factor on what is expected in the window that begins on a day, of levels in natural logarithms.

        It is 1 where nobody joins any more: an ageing cohort is another shop every month, by its latest weeks as well.
        """
        return float(np.exp(self.forecast(day).shift)) if self.season else 1.0

    def of_feasts(self, day: int) -> float:
        """Return the part of the shift that feasts have in the window that begins on a day."""
        return float(sum(feast.over(np.array([day]), self.horizon_days)[0] for feast in self.feasts))

    def change(self, day: int) -> float | None:
        """Return the latest known shift on a day minus that of a year before; None where either is unknown."""
        now, then = self._latest(day), self._latest(day, years_ago=1)
        return None if now is None or then is None else now - then

    def _at(self, day: int) -> float | None:
        inside = len(self.days) and self.days[0] - WEEK_DAYS / 2 <= day <= self.days[-1] + WEEK_DAYS / 2
        return float(np.interp(day, self.days, self.shifts)) if inside else None

    def _latest(self, day: int, years_ago: int = 0) -> float | None:
        """Return the mean shift of the latest weeks that had ended on a day, or of those a year before them."""
        known = min(day - self.horizon_days, int(self.days[-1])) if len(self.days) else day
        end = known - years_ago * YEAR_DAYS
        recent = (self.days <= end) & (self.days > end - LATEST_WEEKS * WEEK_DAYS)
        return float(self.shifts[recent].mean()) if recent.any() else None

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {**asdict(self), "days": self.days.tolist(), "shifts": self.shifts.tolist()}

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Self:
        """Read what `to_dict` gave; levels of before December 2026 know no feasts."""
        days, shifts = np.array(content["days"], dtype=np.int64), np.array(content["shifts"], dtype=np.float64)
        feasts = tuple(Feast.from_dict(each) for each in content.get("feasts", ()))
        return cls(**{**content, "days": days, "shifts": shifts, "feasts": feasts})


def learnt(days: Ints, shifts: Floats, horizon_days: int, renewal: float, feasts: Iterable[Feast] = ()) -> Levels:
    """Learn carry, growth and season from the weeks that can be forecast from earlier ones.

    Args:
        days: day numbers a week apart, ascending; all their windows have ended.
        shifts: how far what came in each window was from what was expected.
        horizon_days: the length of a window.
        renewal: 1 where customers join as they did a year before, down to 0 where nobody joins any more.
        feasts: what they do to a window.
    """
    known = tuple(feasts)
    usual = shifts - sum((feast.over(days, horizon_days) for feast in known), np.zeros(len(days)))
    return _learnt(Levels(days, usual, horizon_days, season=USUAL_SEASON * renewal, feasts=known))


def _learnt(prior: Levels) -> Levels:
    past = [prior._usual(int(day)) for day in prior.days]
    weight = WEEK_DAYS / max(WEEK_DAYS, prior.horizon_days)  # windows overlap: the weeks of a horizon count as one
    shifts, latest = prior.shifts, np.array([np.nan if each.latest is None else each.latest for each in past])
    found = replace(prior, carry=_pulled(latest, shifts, prior.carry, weight))
    last_year = np.array([np.nan if each.last_year is None else each.last_year for each in past])
    change = np.array([np.nan if each is None else each for each in map(prior.change, prior.days.tolist())])
    if prior.season:
        found = replace(found, growth=_pulled(change, shifts - last_year, prior.growth, weight))
        carried = found.carry * np.nan_to_num(latest)
        expected = last_year + found.growth * np.nan_to_num(change)
        found = replace(found, season=_pulled(expected - carried, shifts - carried, prior.season, weight))
    missed = shifts - np.array([found._usual(int(day)).shift for day in prior.days])
    like_the_coming = np.isfinite(last_year) if np.isfinite(last_year).any() else np.isfinite(latest)
    spread = float(np.sqrt(np.mean(missed[like_the_coming] ** 2))) if like_the_coming.any() else UNKNOWN_UNCERTAINTY
    return replace(found, uncertainty=max(LEAST_UNCERTAINTY, spread))


def _pulled(x: Floats, y: Floats, towards: float, weight: float) -> float:
    """Return the slope of y on x through 0 by ridge regression towards a value, at most 1, pairs with NaN left out."""
    known = np.isfinite(x) & np.isfinite(y)
    x, y = x[known], y[known]
    slope = (USUAL_WEIGHT * towards + weight * float(x @ y)) / (USUAL_WEIGHT + weight * float(x @ x))
    return float(np.clip(slope, 0.0, 1.0))


def renewal(tenure: Floats, day: Ints) -> float:
    """Return 1 where customers join as they did a year before, down to 0 where nobody joins any more.

    Where the log does not show how they joined then, it is 1 where one in fifty has joined of late.

    Args:
        tenure: days since the first order, one per row.
        day: the day number of each row.
    """
    if not len(day):
        return 1.0
    last, joined = int(day.max()), tenure <= JOINED_DAYS
    now, then = (_joined_until(joined, day, each) for each in (last, last - YEAR_DAYS))
    if not len(then):
        return float(min(1.0, now.mean() / LEAST_INFLOW))
    return float(min(1.0, now.mean() / then.mean() / FULL_INFLOW)) if then.mean() else 1.0


def _joined_until(joined: Flags, day: Ints, end: int) -> Flags:
    return joined[(day > end - JOINED_DAYS) & (day <= end)]
