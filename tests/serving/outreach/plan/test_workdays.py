"""A due day falls on a day of work, and a week begins where the shop's week does."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import InputError
from serving.outreach.plan.policy import Policy
from serving.outreach.plan.workdays import WEEKDAYS, Workdays, holidays

TEHRAN = Policy(week_begins="saturday", closed_weekdays=("friday",), holidays_of="IR", closed_on=(date(2026, 5, 16),))
NOWRUZ = date(2026, 3, 21)


def test_fridays_holidays_and_closures_of_iran_are_no_due_days() -> None:
    days = TEHRAN.workdays
    assert days.due(date(2026, 5, 4), 4) == date(2026, 5, 9)  # Friday the 8th
    assert days.due(date(2026, 5, 4), 12) == date(2026, 5, 17)  # Saturday the 16th is closed
    due = days.due(NOWRUZ, 0)
    assert due > NOWRUZ
    assert not days.is_off(due)


def test_an_easter_monday_of_greece_is_put_off() -> None:
    athens = Policy(closed_weekdays=("sunday",), holidays_of="GR").workdays
    assert athens.due(date(2026, 4, 10), 0) == date(2026, 4, 11)  # Good Friday, and a Saturday of work
    assert athens.due(date(2026, 4, 12), 0) == date(2026, 4, 14)


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(0, 30), st.sampled_from(WEEKDAYS))
def test_without_days_off_nothing_moves_and_a_week_has_seven_days(day: date, days: int, begins: str) -> None:
    plain = Workdays(begins)  # type: ignore[arg-type]
    assert plain.due(day, days) == day + timedelta(days=days)
    begun = plain.week_of(day)
    assert begun <= day < begun + timedelta(days=7)
    assert WEEKDAYS[begun.weekday()] == begins


def test_whoever_is_always_closed_gets_a_due_day_all_the_same() -> None:
    monday = date(2026, 3, 2)
    assert Workdays(closed_weekdays=WEEKDAYS).due(monday, 7) == date(2026, 3, 9)
    closed = tuple(monday + timedelta(days=more) for more in range(60))
    assert Workdays(closed_on=closed[:59]).due(monday, 0) == date(2026, 4, 30)
    assert Workdays(closed_on=closed).due(monday, 0) == monday


@pytest.mark.parametrize(
    "wrong",
    [
        {"week_begins": "saterday"},
        {"closed_weekdays": WEEKDAYS},
        {"holidays_of": "Iran"},
        {"closed_weekdays": ("fri",)},
    ],
)
def test_days_that_make_no_sense_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InputError):
        Policy(**wrong)  # type: ignore[arg-type]


def test_a_country_without_known_holidays_is_named() -> None:
    with pytest.raises(InputError, match='"XX"'):
        Policy(holidays_of="XX").workdays.is_off(NOWRUZ)
    assert holidays("IR", 2026)
