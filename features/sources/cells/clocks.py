"""The time of day that a text means, and the zone that stands behind it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Final
from zoneinfo import available_timezones

from features.sources.cells.calendar_words import calendar_words, east
from features.sources.cells.marks import BAD, EMPTY, NO_OFFSET
from features.sources.cells.texts import TO_ASCII, text
from features.sources.plain_text import plain

NO_ZONES: Final[Mapping[str, str]] = {}
# Hours, minutes and seconds behind a colon, a point or an h; a fraction of a second is left out.
_TIME = re.compile(r"(\d{1,2})(?:[:.h](\d{2})(?:[:.m](\d{2})(?:[.,:]\d{1,9})?)?)?(?!\d)(.*)", re.ASCII)
_DIGITS = re.compile(r"(\d{1,2})(?:(\d{2})(?:(\d{2})(?:[.,]?\d{1,6})?)?)?(|[^\d:.h].*)", re.ASCII)
_HOURS_OFF = re.compile(r"(?:(?:UTC|GMT|UT) ?)?([+-]\d{1,2}(?::?\d{2})?)(?![\d:])", re.ASCII | re.IGNORECASE)
_POINTED = re.compile(r"\b([ap]|[πμ]|ق|ب)\. ?(m|[μ]|ظ)\b\.?", re.IGNORECASE)
_REMARK = re.compile(r" ?[\[(]([^\])]*)[\])]$")
_NO_DAY = re.compile(r"^(?:1899-12-3[01]|1900-01-0[01]|1970-01-01)[ T]")  # a time that was stored as a moment
_PART_OF_A_DAY = re.compile(r"0?[.,](\d{3,17})", re.ASCII)
DAY_SECONDS: Final = 86400
_HOUR_WORDS = frozenset({"h", "hrs", "hours", "uhr", "uur", "ч", "час", "τμ"})


def clock(written: str, zones: Mapping[str, str] = NO_ZONES, *, digits: bool = False) -> tuple[int, int] | None:
    """Return a time of day in seconds, and its offset from UTC in seconds or NO_OFFSET; None where it is none.

    Args:
        written: the time, its digits in ASCII.
        zones: what an abbreviation means that `calendar_words` does not know, as "+05:30".
        digits: read 103000 as 10:30:00, too, and 14 as 14:00.

    >>> clock("7:19:25 PM"), clock("10.30"), clock("22:30:00 PST"), clock("10:11 +0330")
    ((69565, -1000000), (37800, -1000000), (81000, -28800), (36660, 12600))
    """
    written = written.lstrip(" ,T_-").rstrip()
    found = _DIGITS.fullmatch(written) if digits else None
    found = found or _TIME.fullmatch(written)
    if found is None:
        return None
    hour, minute, second = (int(part or 0) for part in found.groups()[:3])
    behind = _behind(found[4], zones)
    if behind is None:
        return None
    afternoon, offset, named = behind
    if found[2] is None and not (digits or named or afternoon is not None):
        return None
    if minute > 59 or second > 59 or (hour > 23 and (hour, minute, second, afternoon) != (24, 0, 0, None)):
        return None
    if afternoon is not None:
        if hour > 12 and not afternoon:
            return None
        hour = hour % 12 + 12 * afternoon if hour <= 12 else hour
    return hour * 3600 + minute * 60 + second, offset


def _behind(written: str, zones: Mapping[str, str]) -> tuple[bool | None, int, bool] | None:
    """Read what stands behind the digits: whether it says afternoon, the offset, and whether it says "hours"."""
    if not written.strip():
        return None, NO_OFFSET, False
    words = calendar_words()
    written = _POINTED.sub(r" \1\2 ", written.strip())
    remark = _REMARK.search(written)
    if remark is not None:
        written = written[: remark.start()]
    offset, afternoon, named = NO_OFFSET, None, False
    if (off := _HOURS_OFF.search(written)) is not None:
        offset = east(off[1])
        written = written[: off.start()] + " " + written[off.end() :]
    for token in written.split():
        word = plain(token)
        if word in words.half_days and afternoon is None:
            afternoon = words.half_days[word]
        elif word in _HOUR_WORDS:
            named = True
        elif offset == NO_OFFSET and (zone := zone_offset(token, zones)) is not None:
            offset = zone
        else:
            return None
    if remark is not None and offset == NO_OFFSET:
        zone = zone_offset(remark[1].strip(), zones)
        if zone is None:
            return None
        offset = zone
    return afternoon, offset, named


def zone_offset(name: str, zones: Mapping[str, str] = NO_ZONES) -> int | None:
    """Return what an abbreviation such as PST means, in seconds east of UTC; None where that is not known.

    >>> zone_offset("PDT"), zone_offset("CST"), zone_offset("CST", {"CST": "-06:00"})
    (-25200, None, -21600)
    """
    name = name.upper()
    if name in zones:
        return east(zones[name])
    if (off := _HOURS_OFF.fullmatch(name)) is not None:
        return east(off[1])
    return calendar_words().zones.get(name)


def time_of_day(value: object, zones: Mapping[str, str] = NO_ZONES) -> tuple[int, int]:
    """Return a time that stands in a column of its own: its seconds or EMPTY or BAD, and its offset or NO_OFFSET.

    Digits alone are hours, hours and minutes, or hours, minutes and seconds; a fraction is a part of a day.

    >>> time_of_day("1430")[0], time_of_day(9)[0], time_of_day("2:30 PM")[0], time_of_day("0.604166667")[0]
    (52200, 32400, 52200, 52200)
    """
    cell = _NO_DAY.sub("", text(value).translate(TO_ASCII).strip())
    if not cell:
        return EMPTY, NO_OFFSET
    if (part := _PART_OF_A_DAY.fullmatch(cell)) is not None:
        digits = part[1]
        return (int(digits) * DAY_SECONDS * 2 + 10 ** len(digits)) // (2 * 10 ** len(digits)), NO_OFFSET
    return clock(cell, zones, digits=True) or (BAD, NO_OFFSET)


@cache
def is_zone_id(name: str) -> bool:
    """Say whether a text is the name of a zone such as Europe/Athens.

    >>> is_zone_id("Europe/Athens"), is_zone_id("Europe"), is_zone_id("PST")
    (True, False, False)
    """
    return "/" in name and name in available_timezones()


def ambiguous_zones() -> Mapping[str, tuple[str, ...]]:
    """Return the abbreviations that several countries use, and what each may mean, the likely one first.

    >>> ambiguous_zones()["BST"]
    ('+01:00 in Britain', '+06:00 in Bangladesh')
    """
    return calendar_words().ambiguous_zones


def zone_in(currency: str | None, name: str) -> str | None:
    """Return what an abbreviation that several countries use means in a shop of a currency; None where that is open.

    >>> zone_in("INR", "IST"), zone_in("USD", "IST")
    ('+05:30', None)
    """
    return calendar_words().zones_by_currency.get(currency or "", {}).get(name)
