"""Categories that an account buys no more: which habits are told of, and what is known of them."""

from __future__ import annotations

import numpy as np
import pytest

from features.churn.categories import bought_again, silent_habits
from features.log import CATEGORIES, Lines, Log
from features.roll_up import roll_up

TODAY = 200


def log_of(**days: list[int]) -> Log:
    """One account: category → the days on which it was bought."""
    rows = [(day, name) for name, bought in days.items() for day in bought]
    day, category = [day for day, _ in rows], [name for _, name in rows]
    return roll_up(Lines.of(["ann"] * len(rows), day, [100] * len(rows), category=category))


MONTHLY = [20, 50, 80, 110]


@pytest.mark.parametrize(
    ("filters", "paper", "months"),
    [
        (MONTHLY, [190], 4),
        ([20, 80, 110], [190], 3),
        ([80, 110], [190], None),  # two days make no habit
        ([15, 20, 110], [190], None),  # bought in two of its four months
        ([*MONTHLY, 175], [190], None),  # bought within the last month
        (MONTHLY, [160], None),  # the account itself is silent
        ([0, 5, 10, 15], [190], None),  # more than half a year ago
    ],
)
def test_a_habit_is_told_of_once_it_is_silent_for_a_month(
    filters: list[int], paper: list[int], months: int | None
) -> None:
    found = silent_habits(log_of(filters=filters, paper=paper), TODAY)
    assert found.months.tolist() == ([] if months is None else [months])


def test_what_is_known_of_a_habit() -> None:
    """Two lines of one day are one; the paper's days are the account's, too."""
    log = log_of(filters=[*MONTHLY, 110], paper=[100, 190])
    found = silent_habits(log, TODAY)
    assert [str(log.words[CATEGORIES][code]) for code in found.category] == ["filters"]
    assert (found.since_days[0], found.days[0], found.gap_days[0]) == (90.0, 4.0, 30.0)
    assert found.month_spend[0] == 500 / 4
    assert found.share[0] == pytest.approx(500 / 600)
    assert found.activity[0] == pytest.approx((1 / 89) / (5 / 120))


@pytest.mark.parametrize(("day", "again"), [(200, True), (289, True), (290, False)])
def test_bought_again_is_within_three_months_of_the_day(day: int, again: bool) -> None:
    log = log_of(filters=[*MONTHLY, day], paper=[190, 400])
    assert bought_again(log, silent_habits(log, TODAY), 90).tolist() == [again]


def test_nothing_on_or_after_the_day_is_read() -> None:
    log = log_of(filters=[*MONTHLY, 205], paper=[190, 230])
    whole, cut = silent_habits(log, TODAY), silent_habits(log.before(TODAY), TODAY)
    for name in silent_habits(log, TODAY).__dataclass_fields__:
        assert np.array_equal(getattr(whole, name), getattr(cut, name))


def test_a_log_without_categories_has_no_such_stream() -> None:
    assert CATEGORIES not in roll_up(Lines.of(["ann"], [1], [100])).streams
