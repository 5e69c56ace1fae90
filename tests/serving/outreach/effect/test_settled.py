"""What the log settles: which days count, whose orders, what was spent before, and which episode is the first."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.clock import day_number
from features.log import Lines, Log
from features.roll_up import roll_up
from serving.outreach.effect.settled import settled

MONDAY, HORIZON = date(2026, 3, 2), 30
Order = tuple[str, int, int]  # who, days after MONDAY, minor units


def log_of(*orders: Order, until: int = 200) -> Log:
    """The log of a shop whose last order is so many days after MONDAY."""
    rows = [*orders, ("last", until, 100)]
    begin = day_number(MONDAY)
    return roll_up(Lines.of([who for who, _, _ in rows], [begin + day for _, day, _ in rows], [m for _, _, m in rows]))


def episode(account: str, customer: str | None = None, begins: int = 0, **other: Any) -> dict[str, Any]:
    on = MONDAY + timedelta(days=begins)
    return {"account_id": account, "customer_id": customer or account, "began_on": on, "horizon_days": HORIZON} | other


def judged(log: Log, *episodes: dict[str, Any], accounts: dict[str, str] | None = None) -> pd.DataFrame:
    found = settled(pd.DataFrame(list(episodes)).set_axis(range(9, 9 + len(episodes))[::-1]), log, accounts)
    assert found.index.tolist() == list(range(len(found)))
    assert found.dtypes[["number", "spent", "order_days", "spent_before"]].eq(np.int64).all()
    assert found["kept"].dtype == bool
    return found


COUNTS = ["kept", "order_days", "spent", "spent_before"]
TOLD = ["kept", "spent", "order_days", "spent_before"]


@pytest.mark.parametrize(
    ("day", "counts"),
    [
        (-31, [False, 0, 0, 0]),
        (-30, [False, 0, 0, 70]),
        (-1, [False, 0, 0, 70]),
        (0, [True, 1, 70, 0]),
        (29, [True, 1, 70, 0]),
        (30, [False, 0, 0, 0]),
    ],
)
def test_the_days_of_the_horizon_and_as_many_before_it(day: int, counts: list[object]) -> None:
    log = log_of(("other", day, 999), ("ann", day, 70), ("zoe", 3, 5))
    found = judged(log, episode("ann"))
    assert found[COUNTS].values.tolist() == [counts]


def test_orders_of_one_day_are_one_and_their_money_adds_up() -> None:
    found = judged(log_of(("ann", 2, 30), ("ann", 2, 12), ("ann", 7, 500), ("ann", -2, 8)), episode("ann"))
    assert found[COUNTS].values.tolist() == [[True, 2, 542, 8]]


def test_an_episode_is_settled_on_the_day_after_its_last_and_not_before() -> None:
    asked = episode("ann"), episode("bob", begins=1), episode("eve", begins=-5)
    found = judged(log_of(("ann", 3, 70), until=29), *asked)
    assert found[["account_id", "spent"]].values.tolist() == [["eve", 0], ["ann", 70]]
    assert len(judged(log_of(until=30), *asked)) == 3
    assert len(judged(log_of(until=24), *asked)) == 1


def test_rows_are_sorted_by_day_and_account_and_keep_what_they_hold() -> None:
    asked = [episode("bob", begins=7, arm="b"), episode("zoe", arm="z"), episode("ann", arm="a")]
    found = judged(log_of(), *asked)
    assert found[["account_id", "arm"]].values.tolist() == [["ann", "a"], ["zoe", "z"], ["bob", "b"]]


def test_whose_orders_count_is_what_the_account_was_when_the_episode_began() -> None:
    """The customers that were kept with it; not those who belong to it today, nor those of others."""
    log = log_of(("a1", 3, 10), ("a2", 4, 200), ("a3", 5, 3_000), ("b", 5, 7))
    kept = episode("firm", "a1", customers=("a1", "a2"))
    found = judged(log, kept, episode("b", customers=("b",)), accounts={"a3": "firm", "a1": "elsewhere"})
    assert found["spent"].tolist() == [7, 210]


def test_where_the_customers_were_not_kept_those_of_today_count_who_have_no_episode_of_their_own() -> None:
    log = log_of(("a1", 3, 10), ("a2", 4, 200), ("a3", 5, 3_000), ("firm", 6, 40_000), ("x", 6, 7))
    parent = {"a1": "firm", "a2": "firm", "a3": "firm", "x": "other"}
    assert judged(log, episode("firm", "a1"), accounts=parent)["spent"].tolist() == [43_210]
    both = judged(log, episode("firm", "a1"), episode("a3"), accounts=parent)
    assert both["spent"].tolist() == [3_000, 40_210]
    none = judged(log, episode("firm", "a1", customers=None), episode("lone", customers=("x",)), accounts=parent)
    assert none["spent"].tolist() == [43_210, 7]


def test_an_episode_counts_after_the_latest_of_the_account_or_of_any_customer_in_it() -> None:
    asked = [
        episode("firm", "a1", customers=("a1", "a2")),
        episode("house", "h", 1, customers=("h",)),
        episode("firm", "a3", 40, customers=("a3",)),
        episode("house", "a2", 50, customers=("a2", "h")),
        episode("new", "a3", 90, customers=("a3", "n")),
        episode("a1", "x", 95, customers=("x",)),
    ]
    found = judged(log_of(), *asked)
    assert found["number"].tolist() == [1, 1, 2, 2, 3, 1]


def test_an_account_that_buys_less_is_kept_by_more_than_half_of_its_usual() -> None:
    """Spent by itself, and not by whether it orders at all."""
    log = log_of(("half", 3, 500), ("more", 3, 501), ("regular", 3, 1))
    rows = [episode(who, kind="shrunk", expected_spend=1_000) for who in ("half", "more", "none")]
    rows.append(episode("regular", kind="regular", expected_spend=1_000))
    found = judged(log, *rows)
    assert dict(zip(found["account_id"], found["kept"], strict=True)) == {
        "half": False, "more": True, "none": False, "regular": True,
    }  # fmt: skip
    unknown = judged(log, episode("more", kind="shrunk"), episode("regular", kind="regular"))
    assert unknown["kept"].tolist() == [False, True]


def test_without_episodes_or_orders_of_theirs_nothing_is_found() -> None:
    assert judged(log_of(), episode("ann")).loc[0, COUNTS].tolist() == [False, 0, 0, 0]
    none = settled(pd.DataFrame([episode("ann")]).iloc[:0], log_of())
    assert list(none.columns) == ["account_id", "customer_id", "began_on", "horizon_days", "number", *TOLD]


@settings(max_examples=40, deadline=None)
@given(
    orders=st.lists(st.tuples(st.sampled_from("abc"), st.integers(-40, 40), st.integers(1, 900)), max_size=12),
    begins=st.lists(st.tuples(st.sampled_from("ab"), st.integers(-9, 60)), min_size=1, max_size=4),
)
def test_it_is_the_sum_over_the_log_line_by_line(orders: list[Order], begins: list[tuple[str, int]]) -> None:
    found = judged(log_of(*orders), *(episode(who, begins=day, customers=(who, "c")) for who, day in begins))
    for (who, day), row in zip(sorted(begins, key=lambda each: (each[1], each[0])), found.itertuples(), strict=True):
        mine = [(on, money) for by, on, money in orders if by in (who, "c")]
        assert row.spent == sum(money for on, money in mine if day <= on < day + HORIZON)
        assert row.spent_before == sum(money for on, money in mine if day - HORIZON <= on < day)


@pytest.mark.parametrize("begins", [0, -100])
def test_days_of_long_ago_and_the_last_day_of_another_customer_are_no_days_of_ones_own(begins: int) -> None:
    """Around the first day that is counted, 1 January 1970."""
    log = roll_up(Lines.of(["a", "b", "a"], [begins + 2, begins + 5, begins + 40], [300, 7, 9_000]))
    day = date(1970, 1, 1) + timedelta(days=begins)
    rows = [{"account_id": who, "customer_id": who, "began_on": day, "horizon_days": HORIZON} for who in "ab"]
    assert settled(pd.DataFrame(rows), log)[COUNTS].values.tolist() == [[True, 1, 300, 0], [True, 1, 7, 0]]
