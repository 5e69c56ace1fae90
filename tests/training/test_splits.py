"""Dates: strictly temporal, the horizon as gap."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.churn.labels import ChurnDefinition
from features.clock import date_of, day_number
from features.definitions import default_features
from features.errors import InsufficientHistory
from features.log import Lines
from features.roll_up import roll_up
from training.dataset import build_dataset
from training.splits import (
    active_customers,
    labels_end,
    latest_dates,
    learning_dates,
    rolling_origin,
    training_dates,
)


def days_log(first: int, last: int):
    return roll_up(Lines.of(["a", "b"], [first, last], [100, 100]))


@given(st.integers(1, 900), st.integers(1, 120), st.integers(1, 400))
@settings(max_examples=200, deadline=None)
def test_no_training_label_reaches_the_test_date(length, horizon, active):
    log, definition = days_log(0, length), ChurnDefinition(horizon, active)
    try:
        splits = rolling_origin(log, definition)
    except InsufficientHistory:
        return
    tests = [day_number(split.test_date) for split in splits]
    assert tests[-1] == length + 1 - horizon
    assert all(b - a == max(7, horizon) for a, b in pairwise(tests))
    for split, test in zip(splits, tests, strict=True):
        days = [day_number(day) for day in split.train_dates]
        assert days == sorted(set(days))
        assert test - horizon - 7 < days[-1] <= test - horizon
        assert all((days[-1] - day) % 7 == 0 for day in days)
        assert days[0] > 0
        assert len(days) <= 16
        assert all(7 <= b - a <= 28 for a, b in pairwise(days))


def test_a_year_gives_five_dates_a_horizon_apart():
    splits = rolling_origin(days_log(0, 364), ChurnDefinition(30, 90))
    assert [day_number(split.test_date) for split in splits] == [215, 245, 275, 305, 335]
    assert [len(split.train_dates) for split in splits] == [13, 16, 16, 16, 16]


@pytest.mark.parametrize("horizon", [1, 7, 30])
@pytest.mark.parametrize("active", [5, 90, 400])
def test_training_dates_are_as_many_as_fit_as_far_apart_as_fits(horizon, active):
    """Wherever the log begins; whole weeks before the scoring date unless no such day has enough history."""
    for length in range(7, 800, 3):
        last = 1_000 + length
        earliest = 1_000 + min(active, (length + 1) // 2)
        week = [day for day in range(last, last - 7, -1) if (last + horizon - day) % 7 == 0 and day >= earliest]
        newest = week[0] if week else last
        step = max([7, *(days for days in (14, 21, 28) if 15 * days <= newest - earliest)])
        wanted = [day for day in range(newest, 0, -step) if day >= earliest][:16]
        found = training_dates(1_000, last + horizon, ChurnDefinition(horizon, active))
        assert [day_number(day) for day in found] == wanted[::-1]


@pytest.mark.parametrize(("history", "some"), [(6, False), (7, True)])
def test_a_week_of_history_is_the_least(history, some):
    assert bool(training_dates(1_000, 1_000 + history + 30, ChurnDefinition(30, 90))) is some


def test_twelve_dates_of_a_large_shop_are_halved_and_eleven_are_not(monkeypatch):
    monkeypatch.setattr("training.splits.MANY_ROWS", 0)
    lengths = set()
    for length in range(40, 400):
        log, definition = days_log(0, length - 1), ChurnDefinition(30, 90)
        every = training_dates(0, length, definition)
        assert learning_dates(log, length, definition) == (every if len(every) < 12 else every[::-1][::2][::-1])
        lengths.add(len(every))
    assert {11, 12} <= lengths


def test_a_shop_is_as_large_as_on_the_latest_date(monkeypatch):
    """Fifty new customers on the day before it count, and are not there on the dates before."""
    definition = ChurnDefinition(30, 90)
    every = training_dates(0, 400, definition)
    new = day_number(every[-1]) - 1
    log = roll_up(Lines.of(["a", *(f"c{n}" for n in range(50))], [0, *[new] * 50], [100] * 51))
    monkeypatch.setattr("training.splits.MANY_ROWS", 50 * len(every))
    assert len(learning_dates(log, 400, definition)) == len(every) // 2
    monkeypatch.setattr("training.splits.MANY_ROWS", 50 * len(every) + 1)
    assert learning_dates(log, 400, definition) == every


@pytest.mark.parametrize(("ordered", "active"), [(109, False), (110, True), (199, True), (200, False)])
def test_the_population_ordered_in_the_active_days(ordered, active):
    assert active_customers(days_log(ordered, 1_000), 200, ChurnDefinition(30, 90)) == active


def test_a_training_date_wants_the_active_days_behind_it():
    assert day_number(training_dates(0, 330, ChurnDefinition(30, 90))[0]) >= 90


def test_a_large_shop_is_learnt_from_on_every_second_date_the_latest_kept(monkeypatch):
    log, definition = days_log(0, 700), ChurnDefinition(30, 700)
    every = training_dates(0, 701, definition)
    assert learning_dates(log, 701, definition) == every
    monkeypatch.setattr("training.splits.MANY_ROWS", len(every))
    assert learning_dates(log, 701, definition) == every[1::2]
    few = training_dates(0, 100, definition)
    assert learning_dates(log, 100, definition) == few  # too few of them to leave any out


def test_the_population_is_counted_as_the_dataset_counts_it(log):
    definition = ChurnDefinition(28, 84)
    day = log.last_day - 28
    data = build_dataset(log, [date_of(day)], definition, default_features())
    assert active_customers(log, day, definition) == len(data)


def test_until_hides_what_comes_after():
    log = days_log(0, 364)
    assert labels_end(log, date(1970, 4, 11)) == 100
    assert day_number(latest_dates(log, ChurnDefinition(14, 90), date(1970, 4, 11))[-1]) == 86
    assert day_number(rolling_origin(log, ChurnDefinition(14, 90), date(1970, 4, 11))[-1].test_date) == 86


def test_a_short_log_says_what_would_fit():
    said = r"holds 40 days .* horizon of 30 days needs 67: a horizon of up to 16 days"
    for first in (0, 700):
        with pytest.raises(InsufficientHistory, match=said):
            rolling_origin(days_log(first, first + 39), ChurnDefinition(30, 90))
        with pytest.raises(
            InsufficientHistory, match=r"holds 8 days .* needs 37: a horizon of up to 1 days would fit$"
        ):
            latest_dates(days_log(first, first + 7), ChurnDefinition(30, 90))
    with pytest.raises(InsufficientHistory, match=r"needs 37: wait until there are more orders$"):
        latest_dates(days_log(0, 6), ChurnDefinition(30, 90))
