"""Calendar periods of the figures: months, quarters and years, as half-open ranges of business days.

They are those of the Gregorian calendar, or of the Jalali one, by which Iran counts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

from features.clock import LONG_AGO, date_of, day_number
from features.errors import InputError, suggest
from features.language import jalali

Calendar = Literal["gregorian", "jalali"]
PeriodKind = Literal["month", "quarter", "year"]
KINDS: tuple[PeriodKind, ...] = get_args(PeriodKind)
MONTHS: dict[PeriodKind, int] = {"month": 1, "quarter": 3, "year": 12}


@dataclass(frozen=True)
class Period:
    """The days first_day … end − 1, under a name that people use.

    >>> Period("1970-01", 0, 31).days
    31
    """

    name: str
    first_day: int
    end: int

    @property
    def days(self) -> int:
        """How many days it has."""
        return self.end - self.first_day


def calendar_of(language: str) -> Calendar:
    """Return the calendar whose months are told in a language.

    >>> calendar_of("fa"), calendar_of("el")
    ('jalali', 'gregorian')
    """
    return "jalali" if language == "fa" else "gregorian"


def period_kind(word: str) -> PeriodKind:
    """Return the kind of period with this name.

    Raises:
        InputError: no such kind.

    >>> period_kind("quarter")
    'quarter'
    """
    for kind in KINDS:
        if kind == word:
            return kind
    raise InputError(f'a period is one of {", ".join(KINDS)}, not "{word}".{suggest(word, KINDS)}')


def periods(kind: PeriodKind, first_day: int, end: int, calendar: Calendar = "gregorian") -> tuple[Period, ...]:
    """Return the calendar periods that hold the days first_day … end − 1, oldest first, none between left out.

    Args:
        kind: of the calendar.
        first_day: day number; the first period may begin before it.
        end: day number; the last period may end after it.
        calendar: whose months they are; days of which the Jalali calendar is not known are counted by the other.

    >>> [(p.name, p.first_day, p.end) for p in periods("quarter", 80, 91)]
    [('1970-Q1', 0, 90), ('1970-Q2', 90, 181)]
    >>> [(p.name, date_of(p.first_day).isoformat()) for p in periods("month", 20454, 20455, "jalali")]
    [('1404-10', '2025-12-22')]
    """
    if end <= first_day or first_day == LONG_AGO:
        return ()
    known, step = _calendar_of(calendar, first_day, end), MONTHS[kind]
    low, high = (known.month_of(day) // step for day in (first_day, end - 1))
    begins = [each * step for each in range(low, high + 2)]
    edges = [known.first_day_of(month) for month in begins]
    named = (_name(kind, month) for month in begins)
    return tuple(Period(*each) for each in zip(named, edges[:-1], edges[1:], strict=False))


@dataclass(frozen=True)
class _Months:
    """A calendar as numbered months: year × 12 + month − 1, of any day number, and the day on which each begins."""

    month_of: Callable[[int], int]
    first_day_of: Callable[[int], int]


def _gregorian_month(day: int) -> int:
    found = date_of(day)
    return found.year * 12 + found.month - 1


def _jalali_month(day: int) -> int:
    year, month, _ = jalali.jalali_date(date_of(day))
    return year * 12 + month - 1


_CALENDARS = {
    "gregorian": _Months(_gregorian_month, lambda month: day_number(date(month // 12, month % 12 + 1, 1))),
    "jalali": _Months(_jalali_month, lambda month: jalali.day_number(month // 12, month % 12 + 1, 1)),
}


def _calendar_of(calendar: Calendar, first_day: int, end: int) -> _Months:
    years = {date_of(first_day).year, date_of(end).year}
    is_known = min(years) >= jalali.FIRST_YEAR + 622 and max(years) <= jalali.LAST_YEAR + 620
    return _CALENDARS[calendar if is_known else "gregorian"]


def _name(kind: PeriodKind, month: int) -> str:
    """Name the period that begins with a numbered month."""
    year, of_year = month // 12, month % 12
    if kind == "year":
        return f"{year}"
    return f"{year}-{of_year + 1:02d}" if kind == "month" else f"{year}-Q{of_year // 3 + 1}"
