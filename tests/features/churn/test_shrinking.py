"""Accounts that shrink: whose usual is known, what it is, and what counts as shrunk while the shop moves."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from features.churn.shrinking import MOST_WINDOWS, own_windows, shrunk, spent_within
from features.log import Lines, Log
from features.roll_up import roll_up

HORIZON, TODAY = 10, 100


def log_of(**spends: Any) -> Log:
    """Each account orders every second day from its first on: account → what each order costs, by day."""
    rows = [(who, day, cost(day)) for who, cost in spends.items() for day in range(0, TODAY + HORIZON, 2) if cost(day)]
    who, day, amount = zip(*rows, strict=True)
    return roll_up(Lines.of(list(who), list(day), list(amount)))


def names(log: Log, day: int = TODAY) -> list[str]:
    return list(log.customer_ids[own_windows(log, day, HORIZON).customer])


def test_the_usual_is_of_the_windows_before_the_newest_two() -> None:
    """Whoever shrinks is held against what was before."""
    log = log_of(ann=lambda day: 100 if day < TODAY - 2 * HORIZON else 40)
    found = own_windows(log, TODAY, HORIZON)
    assert found.usual.tolist() == [500.0]
    assert found.spend[0, :3].tolist() == [200.0, 200.0, 500.0]
    assert np.isnan(found.spend[0, 10:]).all()  # before the first order nothing is known
    assert found.spend.shape == (1, MOST_WINDOWS)


@pytest.mark.parametrize(
    ("cost", "asked"),
    [
        (lambda day: 100, True),
        (lambda day: 100 if day >= TODAY - 61 else 0, True),
        (lambda day: 100 if day >= TODAY - 50 else 0, False),  # three ended windows before the newest are not known
        (lambda day: 100 if day < TODAY - HORIZON else 0, False),  # silent: the other list's
        (lambda day: 100 if day % 10 == 0 else 0, False),  # one order in a window: its spend goes by chance
        (lambda day: 100 if day % 40 < 20 else 0, False),  # bought in half of its windows
    ],
)
def test_it_is_asked_of_accounts_that_still_buy_in_a_steady_way(cost: Any, asked: bool) -> None:
    assert names(log_of(ann=cost)) == (["ann"] if asked else [])


def test_half_of_the_usual_is_shrunk_and_more_is_not() -> None:
    log = log_of(
        half=lambda day: 100 if day < TODAY else 50,
        more=lambda day: 100 if day < TODAY else 51,
        gone=lambda day: 100 if day < TODAY else 0,
    )
    windows = own_windows(log, TODAY, HORIZON)
    assert dict(zip(log.customer_ids[windows.customer], shrunk(log, windows), strict=True)) == {
        "half": True,
        "more": False,
        "gone": True,
    }


def test_a_season_that_moves_all_alike_shrinks_nobody() -> None:
    """Forty accounts halve in the horizon: that is the shop. One that falls to a fifth shrinks all the same."""
    alike = {f"a{number:02}": lambda day: 100 if day < TODAY else 45 for number in range(40)}
    log = log_of(**alike, holds=lambda day: 100, quarter=lambda day: 100 if day < TODAY else 20)
    windows = own_windows(log, TODAY, HORIZON)
    assert [str(who) for who in log.customer_ids[windows.customer][shrunk(log, windows)]] == ["quarter"]
    assert spent_within(log, windows)[list(log.customer_ids[windows.customer]).index("a00")] == pytest.approx(
        500, rel=0.01
    )


def test_a_season_before_is_set_apart_from_the_usual() -> None:
    """A Christmas that all accounts had does not make them small after it."""
    busy = range(60, 70)
    alike = {f"a{number:02}": lambda day: 300 if day in busy else 100 for number in range(40)}
    found = own_windows(log_of(**alike), TODAY, HORIZON)
    assert found.usual.tolist() == pytest.approx([500.0] * 40)


def test_nothing_on_or_after_the_day_is_read() -> None:
    log = log_of(ann=lambda day: 100, bob=lambda day: 100 if day < TODAY else 10)
    whole, cut = own_windows(log, TODAY, HORIZON), own_windows(log.before(TODAY), TODAY, HORIZON)
    for name in ("customer", "spend", "order_days", "since_days", "half_spend"):
        assert np.array_equal(getattr(whole, name), getattr(cut, name), equal_nan=True)
