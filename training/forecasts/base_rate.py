"""The base rate of the coming window: a forecast from the same window of last year and from the latest dates.

A shop that sells twice as much before Christmas keeps more of its customers then, and a model trained on the other
months does not know. So the log is read week by week: how far was the churn rate from the one expected from the
customers' days since their last order, in log-odds? This `shift` is near 0 in an ordinary week and far from it in a
season. Only the days since the last order are used, because they are known in full from the log's first weeks on; how
often somebody ordered before the log began is not. The shift of a coming window is forecast from what is known when it
begins:

    carried = carry × latest known shift
    last year = shift of the same window a year before + growth × (latest known shift − the same a year before)
    shift = carried + season × (last year − carried)

`carry`, `growth` and `season` are learnt from the log's own past, each pulled towards its value in most shops. Without
the same window of last year, the forecast is the latest known level, carried on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

import numpy as np

from features.churn.labels import ChurnDefinition
from features.clock import date_of
from features.definitions import default_features
from features.feature import FeatureSet
from features.log import Ints, Log
from training.dataset import Dataset, Flags, Floats, build_dataset
from training.log_odds import shift_to
from training.models.history import SINCE_ORDER, TENURE

YEAR_DAYS, WEEK_DAYS = 364, 7  # a year of whole weeks: the same weekdays
MOST_WEEKS = 113
CUSTOMERS = 20_000
# The churn rate of fewer customers says more about them than about the week.
ENOUGH_CUSTOMERS = 50
LATEST_WEEKS = 3
BINS_SINCE_ORDER = 12
# The values in most shops, and their weight: that of twelve horizons with shifts of 0.2.
USUAL_CARRY, USUAL_GROWTH, USUAL_SEASON, USUAL_WEIGHT = 0.5, 0.5, 0.85, 12 * 0.2**2
# Last year is no guide where hardly anyone joins any more: an ageing cohort behaves differently every month.
JOINED_DAYS, FULL_INFLOW = 90, 0.1
LEAST_UNCERTAINTY, UNKNOWN_UNCERTAINTY = 0.05, 0.3


@dataclass(frozen=True)
class Forecast:
    """The forecast of a coming window: how far its churn rate will lie from the one expected from rhythms alone.

    Args:
        day: the first day of the window, a day number.
        shift: in log-odds.
        uncertainty: its standard error, log-odds.
        last_year: the shift of the same window a year before; None where the log does not show it.
        latest: the latest known shift; None where none is.
    """

    day: int
    shift: float
    uncertainty: float
    last_year: float | None
    latest: float | None

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {**asdict(self), "day": date_of(self.day).isoformat()}


@dataclass(frozen=True, eq=False)
class BaseRates:
    """The log's churn rate week by week, and the forecast of a coming window that follows from it.

    Args:
        days: day numbers a week apart, ascending; all their windows had ended when this was learnt.
        shifts: log-odds between the observed churn rate and the one expected from rhythms.
        horizon_days: the length of a window.
        carry: the part of the latest known shift that is left a horizon later.
        growth: the part of the latest known change on the year that is left a horizon later.
        season: the weight of last year's window; 0 where last year is no guide.
        uncertainty: the standard error of a forecast, log-odds.
    """

    days: Ints
    shifts: Floats
    horizon_days: int
    carry: float = USUAL_CARRY
    growth: float = USUAL_GROWTH
    season: float = USUAL_SEASON
    uncertainty: float = LEAST_UNCERTAINTY

    def forecast(self, day: int) -> Forecast:
        """Return the forecast of the window that begins on a day.

        >>> round(BaseRates(np.arange(0, 70, 7), np.full(10, 0.4), 28).forecast(91).shift, 3)
        0.2
        """
        carried = self.carry * (self._latest(day) or 0.0)
        last_year = self._at(day - YEAR_DAYS) if self.season else None
        expected = carried if last_year is None else last_year + self.growth * (self.change(day) or 0.0)
        shift = carried + self.season * (expected - carried)
        return Forecast(day, shift, self.uncertainty, last_year, self._latest(day))

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
        """Read what `to_dict` gave."""
        days, shifts = np.array(content["days"], dtype=np.int64), np.array(content["shifts"], dtype=np.float64)
        return cls(**{**content, "days": days, "shifts": shifts})


@dataclass(frozen=True, eq=False)
class Weeks:
    """The training data of base rates: the population of every week, its recency and who churned.

    Args:
        since_order: days since the last order, one per row.
        tenure: days since the first order, one per row.
        y: who churned.
        day: the day number of each row.
        horizon_days: the length of a window.
    """

    since_order: Floats
    tenure: Floats
    y: Flags
    day: Ints
    horizon_days: int


def read_weeks(log: Log, definition: ChurnDefinition, end: int) -> Weeks:
    """Return the population of every week, back from the last whose horizon has ended; of at most 20,000 customers.

    Args:
        log: the shop's log.
        definition: population and horizon.
        end: the first day number that no label may read.
    """
    some = log if log.n_customers <= CUSTOMERS else log.only(_drawn(log))
    # Until half the active window is covered, the log shows frequent customers only.
    first = log.first_day + max(WEEK_DAYS, definition.active_days // 2)
    days = range(end - definition.horizon_days, first, -WEEK_DAYS)[:MOST_WEEKS]
    if not len(days):
        nothing = np.zeros(0)
        return Weeks(nothing, nothing, nothing > 0, nothing.astype(np.int64), definition.horizon_days)
    known = default_features()
    features = FeatureSet((known[SINCE_ORDER], known[TENURE]))
    data = build_dataset(some, [date_of(day) for day in reversed(days)], definition, features)
    return Weeks(data.values[:, 0], data.values[:, 1], data.y, data.as_of, definition.horizon_days)


def _drawn(log: Log) -> list[str]:
    chosen = np.random.default_rng(0).choice(log.n_customers, CUSTOMERS, replace=False)
    return [str(name) for name in log.customer_ids[np.sort(chosen)]]


def base_rates(weeks: Weeks, data: Dataset, until: int) -> BaseRates:
    """Learn from the weeks whose horizon had ended by a day.

    Args:
        weeks: of the whole log.
        data: the training rows of the model; their mean shift is the zero, as the model knows that level already.
        until: a day number; no window that reaches beyond it is used.
    """
    ended = weeks.day + weeks.horizon_days <= until
    days, shifts = _shifts(weeks, ended, data)
    if not len(days):
        return BaseRates(days, shifts, weeks.horizon_days, season=0.0)
    shifts = shifts - float(np.mean(np.interp(data.days, days, shifts)))
    return _learnt(BaseRates(days, shifts, weeks.horizon_days, season=USUAL_SEASON * _renewal(weeks, ended)))


def _shifts(weeks: Weeks, ended: Flags, data: Dataset) -> tuple[Ints, Floats]:
    """Return each week that has enough customers, and how far its churn rate was from the expected one."""
    days, week, count = np.unique(weeks.day[ended], return_inverse=True, return_counts=True)
    if not len(days) or not len(data):
        return days[:0], np.zeros(0)
    log_odds = _expected_log_odds(data)(weeks.since_order[ended])
    churned = (np.bincount(week, weeks.y[ended]) + 0.5) / (count + 1)
    order = np.argsort(week, kind="stable")
    groups = np.split(log_odds[order], np.cumsum(count)[:-1])
    shifts = np.array([shift_to(group, share) for group, share in zip(groups, churned, strict=True)])
    enough = count >= ENOUGH_CUSTOMERS
    return days[enough], shifts[enough]


def _expected_log_odds(data: Dataset) -> Callable[[Floats], Floats]:
    """Return the log-odds of churn by days since the last order: of the training rows, in bins of equal count."""
    since_order = data.values[:, data.features.names.index(SINCE_ORDER)]
    edges = np.unique(np.quantile(since_order, np.linspace(0, 1, BINS_SINCE_ORDER + 1)[1:-1]))
    bin_of = np.searchsorted(edges, since_order, "right")
    churned, rows = np.bincount(bin_of, data.y, len(edges) + 1), np.bincount(bin_of, minlength=len(edges) + 1)
    log_odds = np.log(churned + 0.5) - np.log(rows - churned + 0.5)
    return lambda days: np.asarray(log_odds[np.searchsorted(edges, days, "right")], dtype=np.float64)


def _renewal(weeks: Weeks, ended: Flags) -> float:
    """Return 1 where customers join as they did a year before, down to 0 where nobody joins any more."""
    last = int(weeks.day[ended].max())
    joined = weeks.tenure <= JOINED_DAYS
    now, then = (
        joined[ended & (weeks.day > day - JOINED_DAYS) & (weeks.day <= day)] for day in (last, last - YEAR_DAYS)
    )
    if not len(then) or not then.mean():
        return 1.0
    return float(min(1.0, now.mean() / then.mean() / FULL_INFLOW))


def _learnt(prior: BaseRates) -> BaseRates:
    """Learn carry, growth and season from the weeks that can be forecast from earlier ones."""
    past = [prior.forecast(int(day)) for day in prior.days]
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
    missed = shifts - np.array([found.forecast(int(day)).shift for day in prior.days])
    like_the_coming = np.isfinite(last_year) if np.isfinite(last_year).any() else np.isfinite(latest)
    spread = float(np.sqrt(np.mean(missed[like_the_coming] ** 2))) if like_the_coming.any() else UNKNOWN_UNCERTAINTY
    return replace(found, uncertainty=max(LEAST_UNCERTAINTY, spread))


def _pulled(x: Floats, y: Floats, towards: float, weight: float) -> float:
    """Return the slope of y on x through 0 by ridge regression towards a value, at most 1, pairs with NaN left out."""
    known = np.isfinite(x) & np.isfinite(y)
    x, y = x[known], y[known]
    slope = (USUAL_WEIGHT * towards + weight * float(x @ y)) / (USUAL_WEIGHT + weight * float(x @ x))
    return float(np.clip(slope, 0.0, 1.0))
