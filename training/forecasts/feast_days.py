"""On which days feasts lie that move from year to year, by the calendar of a shop's country.

The dates are those of `holidays`. Which feasts a country keeps is read off its calendar as well: a Greek shop gets the
Orthodox Easter because Greece does, a Turkish one the end of Ramadan. Fixed days, such as Christmas, need none of this:
the same window of last year holds them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from itertools import pairwise

from features.clock import day_number

DAYS_IN_A_ROW = 14  # a feast of several days is named on each of them


@dataclass(frozen=True)
class Around:
    """The days that a feast moves: so many before and after its own."""

    before: int
    after: int


BLACK_FRIDAY = "Black Friday"
AROUND = {
    "Easter": Around(28, 7),
    "Eid al-Fitr": Around(35, 7),  # Ramadan is the month before
    "Eid al-Adha": Around(21, 7),
    "Nowruz": Around(28, 14),
    "Lunar New Year": Around(28, 14),
    "Diwali": Around(28, 7),
    BLACK_FRIDAY: Around(5, 10),
}
# The words of a country's calendar, in English, by which a feast is known, and the days from the day so named to it.
_WORDS: dict[str, tuple[tuple[str, int], ...]] = {
    "Easter": (("orthodox easter", 0), ("easter sunday", 0), ("easter monday", -1), ("good friday", 2), ("easter", 0)),
    "Eid al-Fitr": (("eid al-fitr", 0), ("eid-ul-fitr", 0)),
    "Eid al-Adha": (("eid al-adha", 0), ("eid-ul-adha", 0)),
    "Nowruz": (("nowruz", 0),),
    "Lunar New Year": tuple((f"{whose} new year", 0) for whose in ("lunar", "chinese", "korean")),
    "Diwali": (("diwali", 0),),
}


@cache
def feast_days(country: str, years: range) -> dict[str, tuple[int, ...]]:
    """Return the day numbers of each feast that a country keeps and that moves, ascending; Black Friday is everywhere.

    Args:
        country: two letters of ISO 3166; one that `holidays` does not know keeps none but Black Friday.
        years: of the Gregorian calendar.

    >>> from features.clock import date_of
    >>> [str(date_of(day)) for day in feast_days("GR", range(2024, 2026))["Easter"]]
    ['2024-05-05', '2025-04-20']
    """
    named = _calendar(country, years)
    found = {name: _of(words, named) for name, words in _WORDS.items()}
    fridays = tuple(day_number(_black_friday(year)) for year in years)
    return {name: days for name, days in found.items() if days} | {BLACK_FRIDAY: fridays}


def _calendar(country: str, years: range) -> list[tuple[int, str]]:
    from holidays import country_holidays  # half a second, and only training needs it

    try:
        days = country_holidays(country, years=years, language="en_US")
    except NotImplementedError:
        return []
    return sorted((day_number(day), name.lower()) for day, name in days.items())


def _of(words: tuple[tuple[str, int], ...], named: list[tuple[int, str]]) -> tuple[int, ...]:
    """Return the days by the first of the words that the calendar has; of days in a row the first."""
    for word, offset in words:
        days = [day + offset for day, name in named if word in name]
        if days:
            return tuple(day for before, day in pairwise([-DAYS_IN_A_ROW, *days]) if day - before >= DAYS_IN_A_ROW)
    return ()


def _black_friday(year: int) -> date:
    """Return the day after the fourth Thursday of November."""
    first = date(year, 11, 1)
    return first + timedelta(days=(3 - first.weekday()) % 7 + 3 * 7 + 1)
