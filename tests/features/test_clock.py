"""Days are whole numbers, windows are half-open, and nothing here knows what day it is."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.clock import LONG_AGO, age_days, date_of, day_number, day_numbers, future, timestamps, window

DATES = st.dates(date(1900, 1, 1), date(2200, 1, 1))
DAYS = st.integers(1, 4000)


@given(DATES)
def test_a_date_and_its_number_are_one_to_one(day: date) -> None:
    assert date_of(day_number(day)) == day
    assert day_number(day + timedelta(days=1)) == day_number(day) + 1
    assert day_number(date(1970, 1, 1)) == 0


@given(st.lists(DATES, max_size=5))
def test_many_days_are_each_as_one(days: list[date]) -> None:
    found = day_numbers(days)
    assert found.tolist() == [day_number(day) for day in days]
    assert found.dtype == np.int64
    assert timestamps(found).astype("datetime64[D]").tolist() == days
    assert timestamps(found).dtype == "datetime64[s]"


@given(st.integers(-9000, 90000), DAYS, st.integers(0, 4000), DAYS)
def test_windows_part_history_and_future_without_a_gap(as_of: int, days: int, skip: int, horizon: int) -> None:
    """A window holds the ages skip+1 … skip+days; the next one begins where it ends; the future begins at `as_of`."""
    first, end = window(as_of, days, skip)
    ages = age_days(np.array([first, end - 1]), as_of)
    assert ages.tolist() == [skip + days, skip + 1]
    assert window(as_of, None, skip) == (LONG_AGO, end)
    assert window(as_of, skip)[0] == end
    assert window(as_of, days) == window(as_of, days, 0)
    assert future(as_of, horizon) == (window(as_of, 1)[1], as_of + horizon)


@pytest.mark.parametrize("held_as", [np.int32, np.uint64, np.float64])
def test_ages_are_whole_numbers_whatever_holds_the_days(held_as: type) -> None:
    ages = age_days(np.array([99, 90], dtype=held_as), np.array([100, 80], dtype=held_as))
    assert ages.tolist() == [1, -10]
    assert ages.dtype == np.int64
    assert age_days(np.array([99], dtype=held_as), 100).dtype == np.int64
