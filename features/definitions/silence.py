"""The silence in words: against the own rhythm, and against the shop's for those who have none yet.

Late by the own rhythm is always a reason for risk, told before all others; an order within it is always protection.
Where the next order is not due for most of the days ahead, the rhythm itself is what makes the risk, and it is said so.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from features.definitions.telling import Row
from features.feature import BESIDE_THE_SHOP, BY_WEIGHT, FIRST, LAST, SILENCE, Words
from features.lateness import RHYTHM_FROM_GAPS, is_late, whole_days

LONG_FROM = 5  # gaps from which on one is long
NOT_DUE = 3 / 4  # of the days that the model looks ahead
JUST_ORDERED = 1 / 2  # of the usual gap
SLOW = 3 / 2  # times the shop's usual gap
CAME_BACK_AFTER = 3 / 2  # times the own usual gap


def _late(row: Row) -> Any:
    return (row["frequency"] >= RHYTHM_FROM_GAPS) & _over(row)


def _over(row: Row) -> Any:
    return is_late(row["days_since_order"], row["usual_gap_days"], row["frequency"], row["horizon_days"])


def _in_time(row: Row) -> Any:
    return (row["frequency"] >= RHYTHM_FROM_GAPS) & (row["due_in_days"] >= 0)


def _never_so_long(row: Row) -> Any:
    return _late(row) & (row["frequency"] > RHYTHM_FROM_GAPS) & (row["days_since_order"] > row["longest_gap_days"])


def _long(row: Row) -> Any:
    long = whole_days(row["long_gap_days"])
    is_long = (row["days_since_order"] > long) & (long > whole_days(row["usual_gap_days"]))
    return _late(row) & (row["frequency"] >= LONG_FROM) & is_long


def _late_by_the_shop(row: Row) -> Any:
    return (row["frequency"] == 0) & (row["days_since_order"] > whole_days(row["shop_usual_gap_days"]))


def _second_order_was_sooner(row: Row) -> Any:
    return (row["frequency"] == 1) & _over(row)


def _not_due(row: Row) -> Any:
    return _in_time(row) & (row["due_in_days"] >= NOT_DUE * row["horizon_days"])


def _just_ordered(row: Row) -> Any:
    lately = row["days_since_order"] <= JUST_ORDERED * row["usual_gap_days"]
    return _in_time(row) & lately & np.logical_not(_not_due(row))


def _slow(row: Row) -> Any:
    return _in_time(row) & (row["usual_gap_days"] >= SLOW * row["shop_usual_gap_days"])


def _told(text: str, when: Any, rank: int) -> Words:
    return Words(text, when, as_risk=True, fact=SILENCE, rank=rank)


SILENCE_IN_WORDS = (
    _told(
        "no order for {days_since_order}, longer than ever before, usually {rhythm}",
        _never_so_long,
        FIRST,
    ),
    _told(
        "no order for {days_since_order}, usually {rhythm} and rarely more than {long_gap_days} apart",
        _long,
        FIRST,
    ),
    _told("no order for {days_since_order}, usually {rhythm}", _late, FIRST),
    _told(
        "two orders so far, {usual_gap_days} apart, and none for {days_since_order}", _second_order_was_sooner, FIRST
    ),
    _told(
        "one order so far, {days_since_order} ago, and who comes again here usually does so within "
        "{shop_usual_gap_days}",
        _late_by_the_shop,
        FIRST,
    ),
    _told(
        "the next order is due now, usually {rhythm}",
        lambda row: _in_time(row) & (row["due_in_days"] == 0),
        BY_WEIGHT,
    ),
    _told("nothing in the orders stands out, ordered {days_since_order} ago, usually {rhythm}", _in_time, LAST),
    _told(
        "two orders so far, {usual_gap_days} apart, the last {days_since_order} ago",
        lambda row: row["frequency"] == 1,
        LAST,
    ),
    _told("one order so far, {days_since_order} ago", lambda row: row["frequency"] == 0, LAST),
    _told("no order for {days_since_order}", lambda row: row["days_since_order"] > 0, LAST),
)
RHYTHM_IN_WORDS = (
    Words(
        "usually orders {rhythm}, the last time {days_since_order} ago, so the next order is due in {due_in_days}",
        _not_due,
        as_risk=True,
        fact=SILENCE,
    ),
    Words(
        "usually orders {rhythm}, half of the customers here {shop_rhythm} or sooner",
        _slow,
        as_risk=True,
        fact=SILENCE,
        rank=BESIDE_THE_SHOP,
    ),
    Words("ordered {days_since_order} ago, usually {rhythm}", _just_ordered, as_risk=False, fact=SILENCE),
)
CAME_BACK = Words(
    "stayed away for up to {longest_gap_days} before and came back",
    lambda row: (
        _late(row) & (row["frequency"] > RHYTHM_FROM_GAPS) & (row["days_since_order"] < row["longest_gap_days"])
        & (row["longest_gap_days"] >= CAME_BACK_AFTER * row["usual_gap_days"])
    ),
    as_risk=False,
    fact="a silence before",
)  # fmt: skip
