"""Moments whose date, time and zone stand in columns of their own, as in reports of payments."""

from __future__ import annotations

import numpy as np

from features.log import Coded, Ints
from features.sources import cells
from features.sources.business_day import DAY, clock_offsets, has_times
from features.sources.columns import read_codes
from features.sources.file_facts import WHOLE, FileFacts


def times_of_day(coded: Coded) -> tuple[Ints, Ints]:
    """Return the seconds of a column of times, with the marks of `cells`, and their offsets from UTC.

    >>> seconds, offset = times_of_day(Coded.of(["14:30", "9", "2:30 PM PST"]))
    >>> seconds, offset
    (array([52200, 32400, 52200]), array([-1000000, -1000000,   -28800]))
    """
    read = np.array([cells.time_of_day(text) for text in coded.values], dtype=np.int64).reshape(-1, 2)
    seconds, offset = read[coded.codes].T
    return seconds, offset


def joined(
    local_time: Ints, offset: Ints, time: tuple[Ints, Ints] | None, zone: Coded | None, facts: FileFacts = WHOLE
) -> tuple[Ints, Ints]:
    """Return the moments of dates with the time and the zone beside them.

    A date that has a time itself keeps it, and one that has an offset keeps that. Where no row has a time the zone does
    not matter: a date is a day.

    Args:
        local_time: seconds since 1970-01-01 as written, with the marks of `cells`.
        offset: seconds east of UTC, else `cells.NO_OFFSET`.
        time: of `times_of_day`.
        zone: the column of zones, such as PST or Europe/Athens.
        facts: of the file.

    >>> date = np.array([cells.moment("2026-01-31")[0]])
    >>> moment = joined(date, np.array([cells.NO_OFFSET]), times_of_day(Coded.of(["22:30"])), Coded.of(["PST"]))
    >>> moment[0] - date, moment[1]
    (array([81000]), array([-28800]))
    """
    if time is not None:
        seconds, written = time
        bare = (local_time > cells.HUGE) & (local_time % DAY == 0) & (seconds > cells.HUGE)
        local_time = np.where(bare, local_time + seconds, local_time)
        offset = np.where(bare & (offset == cells.NO_OFFSET), written, offset)
    if zone is not None and has_times(local_time, facts):
        offset = _in_zones(local_time, offset, zone)
    return local_time, offset


def _in_zones(local_time: Ints, offset: Ints, zone: Coded) -> Ints:
    fixed = read_codes(zone, lambda name: _fixed(name))
    offset = np.where(offset == cells.NO_OFFSET, fixed, offset)
    for code, name in enumerate(zone.values):
        if cells.is_zone_id(name):
            rows = np.flatnonzero(zone.codes == code)
            local, known = local_time[rows], offset[rows]
            offset[rows] = np.where(known == cells.NO_OFFSET, clock_offsets(local, name), known)
    return offset


def _fixed(name: str) -> int:
    east = cells.zone_offset(name)
    return cells.NO_OFFSET if east is None else east


def is_zone(name: str) -> bool:
    """Say whether a cell names a zone that is known, or none.

    >>> is_zone("PST"), is_zone("Europe/Athens"), is_zone(""), is_zone("Mars"), is_zone("CST")
    (True, True, True, False, False)
    """
    return not name or cells.zone_offset(name) is not None or cells.is_zone_id(name)
