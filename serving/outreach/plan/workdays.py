"""The days on which somebody of the shop works, and the day on which its week begins.

A due day that falls on a day off is put off to the next day on which somebody works. Public holidays come from the
`holidays` package; closures that are announced overnight are a setting.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Literal, get_args

from features.errors import InputError

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)
WEEK = 7
MOST_DAYS_OFF = 60  # in a row: more than any country has, and whoever is always closed gets a due day all the same


@dataclass(frozen=True)
class Workdays:
    """When a shop works.

    Args:
        week_begins: the first day of its week.
        closed_weekdays: on which nobody works.
        holidays_of: ISO 3166 code of the country whose public holidays are days off; None = no holidays.
        closed_on: further days off.

    >>> tehran = Workdays("saturday", ("friday",))
    >>> str(tehran.due(date(2026, 3, 2), 4)), str(tehran.week_of(date(2026, 3, 2)))
    ('2026-03-07', '2026-02-28')
    """

    week_begins: Weekday = "monday"
    closed_weekdays: tuple[Weekday, ...] = ()
    holidays_of: str | None = None
    closed_on: tuple[date, ...] = ()

    def week_of(self, day: date) -> date:
        """Return the first day of the week that a day is in."""
        return day - timedelta(days=(day.weekday() - WEEKDAYS.index(self.week_begins)) % WEEK)

    def is_off(self, day: date) -> bool:
        """Return whether nobody works on a day."""
        if WEEKDAYS[day.weekday()] in self.closed_weekdays or day in self.closed_on:
            return True
        return self.holidays_of is not None and day in holidays(self.holidays_of, day.year)

    def due(self, as_of: date, days: int) -> date:
        """Return the day so many days after a list's day, or the first one after it on which somebody works."""
        due = as_of + timedelta(days=days)
        later = (due + timedelta(days=more) for more in range(MOST_DAYS_OFF))
        return next((day for day in later if not self.is_off(day)), due)


@cache
def holidays(country: str, year: int) -> Set[date]:
    """Return the public holidays of a country in a year.

    Raises:
        InputError: the package knows no such country.

    >>> date(2026, 3, 21) in holidays("IR", 2026)
    True
    """
    from holidays import country_holidays  # half a second: only for shops that ask for it

    try:
        return frozenset(country_holidays(country, years=year))
    except NotImplementedError:
        raise InputError(
            f'[list] holidays_of: no holidays of "{country}" are known; write two letters such as GR'
        ) from None
