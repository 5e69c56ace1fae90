"""The Jalali (Persian) calendar: orders dated 1403/01/15 are read by it, and Persian writes days by it.

The years 1244 to 1502 follow the 33-year cycle exactly: 8 leap years in 33, at remainders 1, 5, 9, 13, 17, 22, 26, 30.
Source: K. M. Borkowski, "The Persian calendar for 3000 years", Earth, Moon and Planets 74 (1996), table of breaks.
"""

from __future__ import annotations

from datetime import date

LEAP_REMAINDERS = (1, 5, 9, 13, 17, 22, 26, 30)
FIRST_YEAR, LAST_YEAR = 1300, 1450
_NOWRUZ_1403 = 19802  # 2024-03-20


def is_leap(year: int) -> bool:
    """Say whether a Jalali year has 366 days.

    >>> is_leap(1399), is_leap(1403), is_leap(1404)
    (True, True, False)
    """
    return year % 33 in LEAP_REMAINDERS


def day_number(year: int, month: int, day: int) -> int:
    """Return a Jalali date as whole days since 1970-01-01.

    Raises:
        ValueError: no such date, or a year outside 1300 to 1450.

    >>> day_number(1403, 1, 1)
    19802
    """
    if not (FIRST_YEAR <= year <= LAST_YEAR and 1 <= month <= 12 and 1 <= day <= month_days(year, month)):
        raise ValueError(f"{year}/{month}/{day} is not a Jalali date")
    return _first_day(year) + min(month - 1, 6) * 31 + max(month - 7, 0) * 30 + day - 1


def month_days(year: int, month: int) -> int:
    """Return how many days a Jalali month has.

    >>> month_days(1403, 12), month_days(1404, 12)
    (30, 29)
    """
    if month == 12:
        return 30 if is_leap(year) else 29
    return 31 if month <= 6 else 30


def _first_day(year: int) -> int:
    return _NOWRUZ_1403 + 365 * (year - 1403) + _leaps_before(year) - _leaps_before(1403)


def _leaps_before(year: int) -> int:
    return year // 33 * 8 + sum(remainder < year % 33 for remainder in LEAP_REMAINDERS)


def jalali_date(day: date) -> tuple[int, int, int]:
    """Return year, month and day of a date in the Jalali calendar.

    Raises:
        ValueError: a year outside 1300 to 1450.

    >>> jalali_date(date(2026, 1, 2)), jalali_date(date(2025, 3, 20)), jalali_date(date(2025, 3, 21))
    ((1404, 10, 12), (1403, 12, 30), (1404, 1, 1))
    """
    number = (day - date(1970, 1, 1)).days
    year = day.year - 621  # the year that begins in this one; days before Nowruz are of the one before
    year -= number < _first_day(year)
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise ValueError(f"{day} is outside the Jalali years {FIRST_YEAR} to {LAST_YEAR}")
    of_year = number - _first_day(year)
    month = of_year // 31 if of_year < 186 else 6 + (of_year - 186) // 30
    return year, month + 1, number - day_number(year, month + 1, 1) + 1
