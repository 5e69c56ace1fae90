"""Shows what retention is worth over years: arithmetic on the shop's own figures, not a forecast.

Spend is what the log knows; costs are not in it. Where margin is a fixed share of spend, a change in per cent of spend
is the same change in per cent of margin.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from features.clock import LONG_AGO
from features.kpis.periods import Period
from features.kpis.retention import Kpis, kpis_of, retention_kpis
from features.log import Log

YEAR_DAYS = 365
# Money of next year counts a tenth less than money of this one; Gupta, Lehmann and Stuart (2004) use 12 % a year.
DISCOUNT = 0.10
FEWEST_MONTHS = 3
POINTS = 0.05
# What a shop is compared with over so many years.
YEARS = 7
GOOD, POOR = 0.9, 0.8


@dataclass(frozen=True)
class Yearly:
    """A year of the shop, as shares of the customers active at its start.

    Args:
        first_day: day number from which it was measured.
        end: day number until which it was.
        measured: over a whole year; else carried over to one from the months that the log knows.
        active: customers active at the end.
        retention: share kept in a year, 0 to 1.
        gained: customers gained or won back who stay until the year's end, per customer active at its start.
        spend: minor units per active customer and year.
    """

    first_day: int
    end: int
    measured: bool
    active: int
    retention: float
    gained: float
    spend: float

    @property
    def growth(self) -> float:
        """Active customers at the end of a year per one at its start, less 1."""
        return self.retention + self.gained - 1


def yearly(log: Log, active_days: int, end: int) -> Yearly | None:
    """Measure the last 365 known days; a shorter log's finished months are carried over to a year.

    Months see everybody who pauses for longer than `active_days` as lost, even if back within the year, so what is
    carried over from them is a little below what a whole year would show.

    Returns:
        None where the log knows neither a year nor three months, or where nobody was active.

    >>> from features.log import Lines
    >>> from features.roll_up import roll_up
    >>> log = roll_up(Lines.of(["ann"] * 50 + ["bob"] * 5, [*range(0, 500, 10), *range(0, 150, 30)], [100] * 55))
    >>> found = yearly(log, 90, end=500)
    >>> found.measured, found.retention, found.gained
    (True, 0.5, 0.0)
    """
    if end - YEAR_DAYS - active_days >= max(log.first_day, LONG_AGO):
        year = Period("the last year", end - YEAR_DAYS, end)
        return _of_periods(kpis_of(log, active_days, [year], end=end).whole, measured=True)
    months = [each for each in retention_kpis(log, active_days, "month", end=end).whole if each.kept is not None]
    return _of_periods(months, measured=False) if len(months) >= FEWEST_MONTHS else None


def _of_periods(parts: Sequence[Kpis], *, measured: bool) -> Yearly | None:
    starts = [each.active_at_start or 0 for each in parts]
    last = parts[-1].active_at_end or 0
    if not all(starts) or not last:
        return None
    first_day, end = parts[0].period.first_day, parts[-1].period.end
    per_year = YEAR_DAYS / (end - first_day)
    retention = prod((each.kept or 0) / start for each, start in zip(parts, starts, strict=True)) ** per_year
    growth = (last / starts[0]) ** per_year
    usual = (starts[0] + last) / 2
    spend = sum(each.spend for each in parts) * per_year / usual
    return Yearly(first_day, end, measured, last, retention, growth - retention, spend)


def lifetime_spend(spend: float, retention: float, discount: float = DISCOUNT) -> float:
    """Return what a customer spends from now on, each year's spend discounted: m (1 + i) / (1 + i − r).

    The sum of m rᵗ / (1 + i)ᵗ over t = 0, 1, …; Gupta, Lehmann and Stuart (2004), "Valuing Customers", Journal of
    Marketing Research 41(1), pp. 7–18, whose r / (1 + i − r) begins a year later.

    Args:
        spend: per customer and year, in any unit of money.
        retention: share of the customers kept in a year, 0 to 1.
        discount: by which a year's delay lowers what money is worth.

    >>> lifetime_spend(100, 0.5, 0.0), round(lifetime_spend(100, 0.8), 1)
    (200.0, 366.7)
    """
    return spend * (1 + discount) / (1 + discount - retention)


def five_points_more(retention: float) -> float:
    """Return by what share lifetime spend rises with five points more retention, at most all that there are.

    >>> round(five_points_more(0.8), 2)
    0.2
    """
    more = min(retention + POINTS, 1.0)
    return lifetime_spend(1, more) / lifetime_spend(1, retention) - 1


def customers_over_years(retention: float, gained: float, years: int = YEARS) -> list[float]:
    """Return customers at the end of each year, 1 at the start: each year keeps a share and gains a share.

    >>> [round(n, 2) for n in customers_over_years(0.9, 0.2, years=7)][-1], customers_over_years(0.8, 0.2)[-1]
    (1.95, 1.0)
    """
    return [(retention + gained) ** year for year in range(years + 1)]


def twelve_months(expected: float, horizon_days: int, retention: float) -> float:
    """Return what is expected over a year, from what is expected over a horizon: e (1 − R) / (1 − R^(h/365)).

    An annuity whose payments shrink as customers leave; Berger and Nasr (1998), "Customer lifetime value: marketing
    models and applications", Journal of Interactive Marketing 12(1), case 1, without discounting within the year.

    Args:
        expected: over the next horizon, in any unit of money.
        horizon_days: h.
        retention: share R of the customers kept in a year, 0 to 1.

    >>> twelve_months(10.0, 73, 1.0), round(twelve_months(10.0, 73, 0.5), 2)
    (50.0, 38.63)
    """
    horizons = YEAR_DAYS / horizon_days
    if retention >= 1:
        return expected * horizons
    kept_per_horizon: float = retention ** (1 / horizons)
    return expected * (1 - retention) / (1 - kept_per_horizon)
