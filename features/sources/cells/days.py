"""The day that a written date means: digits in the order of a format, or a month by its name in twelve languages."""

from __future__ import annotations

import re
from datetime import date, datetime

from features.language import jalali
from features.sources.cells.calendar_words import calendar_words
from features.sources.plain_text import plain

EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_NUMBERS = re.compile(r"(\d{1,4}) ?[-/.\\年 ] ?(\d{1,2}) ?[-/.\\月 ] ?(\d{1,4}) ?[.日]?", re.ASCII)
_AROUND_MARKS = re.compile(r" ?([-/.]) ?")
_TOKENS = re.compile(r"[^\W\d_]+(?:-feira)?|\d+", re.UNICODE)
_ORDINAL = re.compile(r"(?<=\d)(?:st|nd|rd|th|er|re|º|ª|η|-?го)(?![^\W\d_])", re.IGNORECASE)
_LETTER = re.compile(r"[^\W\d_年月日]")


def day_of(written: str, date_format: str | None, calendar: str) -> int | None:
    """Return a date without time as whole days since 1970-01-01; None where it is none.

    Args:
        written: the date, its digits in ASCII.
        date_format: strptime codes of a date without time; None = the year first, or a month by its name.
        calendar: 'gregorian' or 'jalali'.

    >>> day_of("2024-01-05", None, "gregorian") == day_of("5 janvier 2024", None, "gregorian")
    True
    >>> day_of("15 فروردین 1403", None, "jalali") == day_of("1403/01/15", None, "jalali")
    True
    """
    written = written.strip(" ,;-_")
    if _LETTER.search(written):
        if date_format is None or "%b" in date_format or "%B" in date_format or calendar == "jalali":
            return _named_month(written)
        written = _without_words(written)
    if calendar == "jalali" or date_format is None:
        return _in_order(written, day_first(date_format), calendar)
    try:
        start = datetime.strptime(_AROUND_MARKS.sub(r"\1", written), date_format)  # noqa: DTZ007 — a day has no zone
    except (ValueError, re.error):  # re.error: a format that names a part twice
        return None
    return start.toordinal() - EPOCH_ORDINAL


def day_first(date_format: str | None) -> bool:
    """Say whether a format writes the day before the year.

    >>> day_first("%d/%m/%Y"), day_first(None)
    (True, False)
    """
    return date_format is not None and 0 <= date_format.find("%d") < max(date_format.find("%Y"), date_format.find("%y"))


def _in_order(written: str, last_is_year: bool, calendar: str) -> int | None:
    """Read three numbers: the year first, unless the day is."""
    found = _NUMBERS.fullmatch(written)
    if found is None:
        return None
    first, month, last = (int(part) for part in found.groups())
    year, day, digits = (last, first, found[3]) if last_is_year else (first, last, found[1])
    return _day_number(calendar, year, month, day) if len(digits) == 4 or calendar == "jalali" else None


def _day_number(calendar: str, year: int, month: int, day: int) -> int | None:
    try:
        if calendar == "jalali":
            return jalali.day_number(year, month, day)
        return date(year, month, day).toordinal() - EPOCH_ORDINAL
    except ValueError:
        return None


def _without_words(written: str) -> str:
    """Return a date of digits without the name of its weekday, and without words such as "at" behind it."""
    words = calendar_words()
    known = words.weekdays | words.between
    left = [token for token in re.split(r"[ ,]+", written) if plain(token) not in known or not token.strip("-/.")]
    return " ".join(left)


def _named_month(written: str) -> int | None:
    """Read a date whose month is a word: 5 Jan 2024, January 5th, 2024, Fri, 5 de enero de 2024, 2024 Jan 05."""
    words = calendar_words()
    tokens = [plain(token) for token in _TOKENS.findall(_ORDINAL.sub(" ", written.replace("\u200c", "")))]
    tokens = [token for token in tokens if token not in words.between]
    months = [token for token in tokens if token in words.months]
    if len(months) == 2 and months[0] in words.weekdays and tokens[0] == months[0]:  # "mar. 5 mars 2024" is a Tuesday
        tokens, months = tokens[1:], months[1:]
    numbers = [token for token in tokens if token.isdigit()]
    rest = [token for token in tokens if not token.isdigit() and token not in words.months]
    if len(months) != 1 or len(numbers) != 2 or not words.weekdays.issuperset(rest):
        return None
    calendar, month = words.months[months[0]]
    day, year = numbers if len(numbers[0]) <= 2 else reversed(numbers)
    if len(day) > 2 or len(year) not in (2, 4):
        return None
    return _day_number(calendar, _full_year(year, calendar), month, int(day))


def _full_year(year: str, calendar: str) -> int:
    """Return a year of two digits in full, by the usual turn at 69 (POSIX); Jalali years are of 1400 up to 30."""
    if len(year) == 4:
        return int(year)
    if calendar == "jalali":
        return int(year) + (1400 if int(year) <= 30 else 1300)
    return int(year) + (2000 if int(year) < 69 else 1900)
