"""The moment that a cell means: seconds of the local time as written, and the offset from UTC.

A cell is cut into its date and the time behind it. Files of any size are cut by DuckDB with the same pattern, so that
each distinct date and each distinct time is read once. What cannot be cut, or is no time behind the cut, is read whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

from features.sources.cells.calendar_words import east
from features.sources.cells.clocks import NO_ZONES, clock
from features.sources.cells.counted import COUNTED, counted_moment
from features.sources.cells.days import day_of
from features.sources.cells.marks import BAD, EMPTY, FIRST_MOMENT, LAST_MOMENT, NO_OFFSET
from features.sources.cells.texts import TO_ASCII, text

Moment = tuple[int, int]
DAY: Final = 86400
UNREADABLE: Final[Moment] = (BAD, NO_OFFSET)
NO_DATE: Final = "0000-00-00"
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 — a local time; its zone is kept beside it
COMPACT: Final = "%Y%m%d"
# For Python and for DuckDB: digits of three scripts. A date holds no colon; a time begins with an hour.
DIGIT: Final = "[0-9۰-۹٠-٩]"
_CLOCK = f"{DIGIT}{{1,2}}(?:[:.h]{DIGIT}{{2}}(?:[^0-9۰-۹٠-٩].*)?| ?[AaPp][.]?[Mm][.]?(?:[^a-zA-Z].*)?)"
CUT: Final = f"^([^:]*[^: ,T_-])([ ,T_-]+{_CLOCK})$"
COMPACT_CUT: Final = f"^({DIGIT}{{8}})([ ,T_-]*{DIGIT}{{2}}.*)$"
_CUT, _COMPACT_CUT = re.compile(CUT), re.compile(COMPACT_CUT)

_USUAL_TIME = re.compile(
    r"[ T]([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:\.\d+)?)?([+-]\d{2}(?::?\d{2})?)?", re.ASCII
)  # most times of most files
_ZONE_ID = re.compile(r"(.*\d.*?) ?[\[(]?([A-Z][A-Za-z]+(?:/[A-Za-z_+-]+[0-9]*)+)[\])]?", re.ASCII)
_YEAR_LAST = re.compile(r"(\D+ \d{1,2}),? (\d{1,2}:\d{2}[^ ]*(?: [A-Za-z]+| [+-]\d{4})?) (\d{4})", re.ASCII)
_TIME_FIRST = re.compile(r"(\d{1,2}[:.]\d{2}(?:[:.]\d{2})?(?: ?[ap]\.?m\.?)?)[ ,-]+(.*)", re.ASCII | re.IGNORECASE)
_BASIC_ISO = re.compile(r"(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})?([.,]\d+)?(Z|[+-]\d{2}:?\d{2})?", re.ASCII)
_ISO_HOUR = re.compile(r"(\d{4}-\d{2}-\d{2})[T ](\d{2})(Z|[+-]\d{2}:?\d{2})?", re.ASCII)


def moment(
    value: object,
    date_format: str | None = None,
    calendar: str = "gregorian",
    zones: Mapping[str, str] = NO_ZONES,
) -> Moment:
    """Return a moment: seconds of the local time as written, and the offset from UTC in seconds or NO_OFFSET.

    Args:
        value: the cell.
        date_format: strptime codes of the date, or one of COUNTED; None = the year first, or a month by its name.
        calendar: 'gregorian' or 'jalali'.
        zones: what abbreviations mean that several countries use, such as {"IST": "+05:30"}.

    >>> moment("2024-01-05 10:11:12 +0200")
    (1704449472, 7200)
    >>> moment("05/01/2024", "%d/%m/%Y")[0] == moment("1402/10/15", calendar="jalali")[0]
    True
    >>> moment("5 janvier 2024 à 10h30") == moment("Fri, 05 Jan 2024 10:30:00") == moment("2024-01-05 10:30 AM")
    True
    """
    cell = text(value.isoformat() if isinstance(value, date) else value)
    if date_format is None and calendar == "gregorian" and (usual := _usual_moment(cell)) is not None:
        return usual
    cell = cell.translate(TO_ASCII).strip()
    if not cell or cell.startswith(NO_DATE):
        return EMPTY, NO_OFFSET
    found = _written_moment(cell, date_format, calendar, zones)
    return UNREADABLE if found is None or not FIRST_MOMENT <= found[0] < LAST_MOMENT else found


def _usual_moment(cell: str) -> Moment | None:
    """Read ISO 8601 by Python's own reader, which is fast; None where it refuses."""
    if not (len(cell) in (10, 16, 19, 20, 25) and cell[4] == cell[7] == "-" and cell.isascii()):
        return None
    if cell[13:14] not in ("", ":"):  # Python takes 10.30 for 10 o'clock and a fraction
        return None
    try:
        when = datetime.fromisoformat(cell)
    except ValueError:
        return None
    away = when.utcoffset()
    seconds = _seconds(when.replace(tzinfo=None))
    if not FIRST_MOMENT <= seconds < LAST_MOMENT:
        return UNREADABLE
    return seconds, NO_OFFSET if away is None else away.days * DAY + away.seconds


def _seconds(when: datetime) -> int:
    since = when - EPOCH
    return since.days * DAY + since.seconds


def _written_moment(cell: str, date_format: str | None, calendar: str, zones: Mapping[str, str]) -> Moment | None:
    if date_format in COUNTED:
        return counted_moment(cell, date_format)
    cut = _cut(cell, date_format)
    if cut is None and (day := day_of(cell, date_only(date_format), calendar)) is not None:
        return day * DAY, NO_OFFSET
    if cut is not None and (time := time_behind(cut[2], date_format, zones)) is not None:
        return _joined(cut[1], time, date_format, calendar)
    return _rare_moment(cell, date_format, calendar, zones)


def _cut(cell: str, date_format: str | None) -> re.Match[str] | None:
    return (_COMPACT_CUT if date_only(date_format) == COMPACT else _CUT).match(cell)


def _joined(written: str, time: Moment, date_format: str | None, calendar: str) -> Moment | None:
    day = day_of(written, date_only(date_format), calendar)
    return None if day is None else (day * DAY + time[0], time[1])


def cut_pattern(date_format: str | None) -> str:
    """Return the pattern that cuts a cell of a format into its date and its time."""
    return COMPACT_CUT if date_only(date_format) == COMPACT else CUT


def date_before(cell: str, date_format: str | None, calendar: str) -> int:
    """Return the seconds of a date that was cut from its time; EMPTY for a date of zeros, BAD where it is none."""
    if cell.translate(TO_ASCII).lstrip().startswith(NO_DATE):
        return EMPTY
    day = day_of(cell.translate(TO_ASCII), date_only(date_format), calendar)
    return BAD if day is None else day * DAY


def time_behind(cell: str, date_format: str | None, zones: Mapping[str, str] = NO_ZONES) -> Moment | None:
    """Return the time that was cut from behind a date; None where it is none."""
    if (usual := _USUAL_TIME.fullmatch(cell)) is not None:
        return int(usual[1]) * 3600 + int(usual[2]) * 60 + int(usual[3] or 0), east(usual[4]) if usual[4] else NO_OFFSET
    return clock(cell.translate(TO_ASCII), zones, digits=date_only(date_format) == COMPACT)


def _rare_moment(cell: str, date_format: str | None, calendar: str, zones: Mapping[str, str]) -> Moment | None:
    """Read the rare ways: the name of a zone, the year or the date behind the time, ISO without marks, any format."""

    def again(date_and_time: str) -> Moment | None:
        cut = _cut(date_and_time, date_format)
        time = None if cut is None else time_behind(cut[2], date_format, zones)
        return None if cut is None or time is None else _joined(cut[1], time, date_format, calendar)

    timed = date_format is not None and date_only(date_format) != date_format
    if timed and (found := _strptime(cell, date_format or "")) is not None:
        return found
    if (named := _ZONE_ID.fullmatch(cell)) is not None:
        return _in_zone(again(named[1].strip()), named[2])
    if (late := _YEAR_LAST.fullmatch(cell)) is not None:
        return again(f"{late[1]} {late[3]} {late[2]}")
    if (first := _TIME_FIRST.fullmatch(cell)) is not None:
        return again(f"{first[2]} {first[1]}")
    return _basic_iso(cell, again) if date_format is None and calendar == "gregorian" else None


def _basic_iso(cell: str, again: Callable[[str], Moment | None]) -> Moment | None:
    if (basic := _BASIC_ISO.fullmatch(cell)) is not None:
        year, month, day, hour, minute, second, _, zone = basic.groups()
        return again(f"{year}-{month}-{day} {hour}:{minute}:{second or '00'}{zone or ''}")
    if (hour_only := _ISO_HOUR.fullmatch(cell)) is not None:
        return again(f"{hour_only[1]} {hour_only[2]}:00{hour_only[3] or ''}")
    return None


def _in_zone(found: Moment | None, zone: str) -> Moment | None:
    """Return a moment on the clock of a named zone, unless its offset is written as well."""
    if found is None or found[1] != NO_OFFSET:
        return found
    try:
        local = datetime.fromtimestamp(found[0], ZoneInfo("UTC")).replace(tzinfo=ZoneInfo(zone))
    except (ValueError, KeyError, OSError, OverflowError):
        return None
    away = local.utcoffset()
    return None if away is None else (found[0], away.days * DAY + away.seconds)


def _strptime(cell: str, date_format: str) -> Moment | None:
    try:
        when = datetime.strptime(cell, date_format)  # noqa: DTZ007 — see EPOCH
    except (ValueError, re.error):
        return None
    away = when.utcoffset()
    return _seconds(when.replace(tzinfo=None)), NO_OFFSET if away is None else away.days * DAY + away.seconds


@cache
def date_only(date_format: str | None) -> str | None:
    """Return the date's part of a format; the time is read in every usual form anyway.

    >>> date_only("%d/%m/%Y %H:%M")
    '%d/%m/%Y'
    """
    if date_format is None or date_format == "%c":
        return None
    return re.split(r"[ T,]*%-?[HIMSpfzZXTRr]", date_format)[0]
