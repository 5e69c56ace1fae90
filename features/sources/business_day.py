"""Turns local times into the shop's business days.

A time without a zone is the shop's own clock. A time with an offset is an instant: it is brought to the clock of the
shop's zone, daylight saving included. A business day begins at `day_starts_at` on that clock; a date without a time
(or midnight to the second, which looks the same) is that business day.
"""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np

from features.log import Ints
from features.sources import cells
from features.sources.file_facts import WHOLE, FileFacts
from features.sources.mapping import Shop

DAY = 86400
QUARTER = 900  # every change of offset since 1980 falls on a quarter of an hour


def business_days(local_time: Ints, offset: Ints, shop: Shop) -> tuple[Ints, Ints]:
    """Return the business day number of each moment, and the second of that day.

    Args:
        local_time: seconds since 1970-01-01 of the local time as written.
        offset: seconds east of UTC where one is written, else `cells.NO_OFFSET`.
        shop: the zone, and when a day begins.

    >>> local_time = np.array([cells.moment("2024-03-31 22:30:00 +0000")[0]])
    >>> day, second = business_days(local_time, np.array([0]), Shop("Europe/Athens", "EUR"))
    >>> day, second
    (array([19814]), array([5400]))
    """
    clock = _business_clock(local_time, offset, shop)
    day = clock // DAY
    return day, clock - day * DAY


def business_day_numbers(local_time: Ints, offset: Ints, shop: Shop) -> Ints:
    """Return the business day number of each moment; arguments as for `business_days`."""
    return _business_clock(local_time, offset, shop) // DAY


def _business_clock(local_time: Ints, offset: Ints, shop: Shop) -> Ints:
    """Return the seconds of the shop's clock, counted from the beginning of the first business day of 1970."""
    zoned = offset != cells.NO_OFFSET
    clock = local_time
    if zoned.any():
        instant = np.where(zoned, local_time - offset, 0)
        clock = np.where(zoned, instant + _utc_offsets(instant, shop.zone_info), local_time)
    if shop.day_starts_at_second:
        # A date without a time is that business day, whenever it begins.
        dated = ~zoned & (local_time % DAY == 0)
        clock = clock - np.where(dated, 0, shop.day_starts_at_second)
    return clock


def on_clock_of(local_time: Ints, offset: Ints, zone: str, facts: FileFacts = WHOLE) -> Ints:
    """Return the offsets of moments where times that name none are on the clock of a zone.

    Dates without a time are no moments of a clock: a column of nothing but dates keeps its offsets.

    Args:
        local_time: seconds since 1970-01-01 as written, with the marks of `cells`.
        offset: seconds east of UTC where one is written, else `cells.NO_OFFSET`.
        zone: IANA name.
        facts: of the file.

    >>> on_clock_of(np.array([cells.moment("2024-07-05 10:00")[0]]), np.array([cells.NO_OFFSET]), "Europe/Athens")
    array([10800])
    """
    bare = (offset == cells.NO_OFFSET) & (local_time > cells.HUGE)
    if not has_times(local_time, facts):
        return offset
    return np.where(bare, clock_offsets(np.where(bare, local_time, 0), zone), offset)


def has_times(local_time: Ints, facts: FileFacts = WHOLE) -> bool:
    """Say whether a column of moments has a time of day anywhere in the file; otherwise it holds dates."""
    timed = ((local_time > cells.HUGE) & (local_time % DAY != 0)).any()
    return facts.decide("times of day", (int(timed),), lambda parts: parts[0] > 0)


def clock_offsets(local_time: Ints, zone: str) -> Ints:
    """Return the offsets from UTC of local times on the clock of a zone."""
    rules = ZoneInfo(zone)
    near = _utc_offsets(local_time, rules)  # as if the clock were UTC's: right but for some hours around a change
    return _utc_offsets(local_time - near, rules)


def _utc_offsets(instant: Ints, zone: ZoneInfo) -> Ints:
    """Return the zone's offset at each instant; a day without a change of offset is looked up twice in all."""
    day = instant // DAY
    days, day_index = np.unique(day, return_inverse=True)
    starts = np.array([utc_offset(int(each) * DAY, zone) for each in days])
    ends = np.array([utc_offset((int(each) + 1) * DAY, zone) for each in days])
    offsets = starts[day_index]
    for row in np.flatnonzero((starts != ends)[day_index]):
        offsets[row] = utc_offset(int(instant[row]) // QUARTER * QUARTER, zone)
    return offsets


def utc_offset(instant: int, zone: ZoneInfo) -> int:
    """Return a zone's offset from UTC, in seconds east, at an instant in seconds since 1970-01-01 UTC.

    >>> utc_offset(1704449472, ZoneInfo("Europe/Athens"))
    7200
    """
    # Beyond what datetime holds there are only unreadable cells, whose day nobody looks at.
    bounded = min(max(instant, cells.FIRST_MOMENT), cells.LAST_MOMENT)
    away = datetime.fromtimestamp(bounded, UTC).astimezone(zone).utcoffset()
    return int(away.total_seconds()) if away else 0
