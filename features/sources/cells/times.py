"""The moment that a cell means: seconds of the local time as written, and the offset from UTC."""

from __future__ import annotations

import re
from datetime import date, datetime

from features.sources.cells import jalali
from features.sources.cells.marks import BAD, EMPTY, FIRST_MOMENT, LAST_MOMENT, NO_OFFSET
from features.sources.cells.texts import DIGITS, text

_ZONE = re.compile(r":\d{2}(?:\.\d+)?\s*(Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)$", re.ASCII)
_NO_DATE = "0000-00-00"
_JALALI = re.compile(r"^(\d{1,4})[-/.](\d{1,2})[-/.](\d{1,4})(?:[T ,-]+(\d{1,2}):(\d{2})(?::(\d{2}))?)?", re.ASCII)
_ISO = re.compile(r"^(\d{4})[-/ ](\d{1,2})[-/ ](\d{1,2})(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?)?$", re.ASCII)
_TIMES = (
    "", " %H:%M:%S", " %H:%M", " %H:%M:%S.%f", "T%H:%M:%S", "T%H:%M:%S.%f", ", %H:%M:%S",
)  # fmt: skip
_HALF_DAY_TIMES = ("", " %I:%M:%S %p", " %I:%M %p", ", %I:%M:%S %p")
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 — a local time; its zone is kept beside it


def moment(value: object, date_format: str | None = None, calendar: str = "gregorian") -> tuple[int, int]:
    """Return a moment: seconds of the local time as written, and the offset from UTC in seconds or NO_OFFSET.

    >>> moment("2024-01-05 10:11:12 +0200")
    (1704449472, 7200)
    >>> moment("05/01/2024", "%d/%m/%Y")[0] == moment("1402/10/15", calendar="jalali")[0]
    True
    """
    cell = text(value.isoformat() if isinstance(value, date) else value)
    if date_format is None and calendar == "gregorian" and (usual := _usual_moment(cell)) is not None:
        return usual
    cell = cell.translate(DIGITS)
    if not cell or cell.startswith(_NO_DATE):
        return EMPTY, NO_OFFSET
    zone = _ZONE.search(cell) if ":" in cell else None
    east = offset(zone[1] if zone else "")
    body = cell[: zone.start(1)].strip() if zone else cell
    seconds = _jalali(body, date_format) if calendar == "jalali" else _gregorian(body, date_format)
    if seconds is None or not FIRST_MOMENT <= seconds < LAST_MOMENT:
        return BAD, NO_OFFSET
    return seconds, east


def _usual_moment(cell: str) -> tuple[int, int] | None:
    """Read ISO 8601 by Python's own reader, which is fast; None where it refuses."""
    if not (len(cell) in (10, 16, 19, 20, 25) and cell[4] == cell[7] == "-" and cell.isascii()):
        return None
    try:
        when = datetime.fromisoformat(cell)
    except ValueError:
        return None
    away = when.utcoffset()
    seconds = _seconds(when.replace(tzinfo=None))
    if not FIRST_MOMENT <= seconds < LAST_MOMENT:
        return BAD, NO_OFFSET
    return seconds, NO_OFFSET if away is None else away.days * 86400 + away.seconds


def offset(written: str) -> int:
    """Return a written zone as seconds east of UTC; NO_OFFSET for none.

    >>> offset("+03:30"), offset("Z"), offset("") == NO_OFFSET
    (12600, 0, True)
    """
    if not written:
        return NO_OFFSET
    if written in ("Z", "UTC", "GMT"):
        return 0
    hours, minutes = int(written[1:3]), int(written[3:].removeprefix(":") or 0)
    return (hours * 3600 + minutes * 60) * (-1 if written[0] == "-" else 1)


def _gregorian(body: str, date_format: str | None) -> int | None:
    if date_format is None:
        return _iso(body)
    base = date_only(date_format)
    for time in _times(body):
        try:
            return _seconds(datetime.strptime(body, base + time))  # noqa: DTZ007 — see EPOCH
        except (ValueError, re.error):  # re.error: the format of the date writes hours, too
            continue
    return None


def _times(body: str) -> tuple[str, ...]:
    """Return the formats of a time that can fit, since strptime is slow to refuse one."""
    if ":" not in body:
        return ("",)
    return _HALF_DAY_TIMES if body[-1] in "mM" else _TIMES


def date_only(date_format: str) -> str:
    """Return the date's part of a format; the time is read in every usual form anyway.

    >>> date_only("%d/%m/%Y %H:%M")
    '%d/%m/%Y'
    """
    return re.split(r"[ T,]*%[HIMSpfzZ]", date_format)[0]


def _iso(body: str) -> int | None:
    found = _ISO.match(body)
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups())
    midnight = (hour, minute, second) == (24, 0, 0)  # the end of a day, as ISO 8601 lets one write it
    try:
        start = datetime(year, month, day, 0 if midnight else hour, minute, second)  # noqa: DTZ001 — see EPOCH
    except ValueError:
        return None
    return _seconds(start) + 86400 * midnight


def _seconds(when: datetime) -> int:
    since = when - EPOCH
    return since.days * 86400 + since.seconds


def _jalali(body: str, date_format: str | None) -> int | None:
    found = _JALALI.match(body)
    if found is None:
        return None
    first, month, last, hour, minute, second = (int(part or 0) for part in found.groups())
    year, day = (last, first) if day_first(date_format) else (first, last)
    try:
        days = jalali.day_number(year, month, day)
    except ValueError:
        return None
    time = hour * 3600 + minute * 60 + second
    return days * 86400 + time if hour < 24 and minute < 60 and second < 60 else None


def day_first(date_format: str | None) -> bool:
    """Say whether a format writes the day before the year.

    >>> day_first("%d/%m/%Y"), day_first(None)
    (True, False)
    """
    return date_format is not None and 0 <= date_format.find("%d") < max(date_format.find("%Y"), date_format.find("%y"))
