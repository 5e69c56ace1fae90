"""The only place where days are compared.

A business day is a whole number: days since 1970-01-01. `as_of` is the business day at whose start we look, so a
day below `as_of` is history and a day at or above it is future. There is no clock here: the caller gives the day.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

EPOCH = date(1970, 1, 1)
LONG_AGO = -(2**31)


def day_number(day: date) -> int:
    """Return the business day as whole days since 1970-01-01.

    >>> day_number(date(1970, 1, 11))
    10
    """
    return (day - EPOCH).days


def date_of(day: int) -> date:
    """Return the calendar date of a day number.

    >>> date_of(10)
    datetime.date(1970, 1, 11)
    """
    return EPOCH + timedelta(days=int(day))


def window(as_of: int, days: int | None, skip: int = 0) -> tuple[int, int]:
    """Return the half-open range of days with ages skip+1 … skip+days, all of it history.

    `days=None` reaches back to the first order.

    >>> window(100, 30)
    (70, 100)
    >>> window(100, 30, skip=30)
    (40, 70)
    """
    end = as_of - skip
    return (LONG_AGO if days is None else end - days), end


def future(as_of: int, horizon_days: int) -> tuple[int, int]:
    """Return the half-open range of days that decides the label: as_of … as_of+horizon_days−1.

    >>> future(100, 30)
    (100, 130)
    """
    return as_of, as_of + horizon_days


def age_days(day: npt.NDArray[np.int64], as_of: npt.NDArray[np.int64] | int) -> npt.NDArray[np.int64]:
    """Return whole days from a day to `as_of`; 1 = yesterday.

    >>> age_days(np.array([99, 70]), 100)
    array([ 1, 30])
    """
    return np.asarray(as_of, dtype=np.int64) - np.asarray(day, dtype=np.int64)


def day_numbers(days: Sequence[date]) -> npt.NDArray[np.int64]:
    """Return the day numbers of several dates, in their order.

    >>> day_numbers([date(1970, 1, 3), date(1970, 1, 2)])
    array([2, 1])
    """
    return np.array([day_number(day) for day in days], dtype=np.int64)


def timestamps(days: npt.NDArray[np.int64]) -> npt.NDArray[np.datetime64]:
    """Return day numbers as a column of dates, at second precision (what pandas keeps).

    >>> timestamps(np.array([0]))
    array(['1970-01-01T00:00:00'], dtype='datetime64[s]')
    """
    return days.astype("datetime64[D]").astype("datetime64[s]")
