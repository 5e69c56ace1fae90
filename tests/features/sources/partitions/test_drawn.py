"""Customers are drawn whole, and as many of each age of the last order and of each frequency as there are."""

from __future__ import annotations

import numpy as np

from features.log import Lines, Log
from features.roll_up import roll_up
from features.sources.partitions.drawn import STRATUM_DAYS, drawn_evenly


def log_of(customers: int) -> Log:
    """One in ten ordered lately and often, the others once and long ago; ids say nothing of it."""
    rng = np.random.default_rng(5)
    who, day = [], []
    for number in rng.permutation(customers):
        is_new = number % 10 == 0
        days = range(1_000, 1_020, 4) if is_new else [int(number) % 500]
        who += [f"c{rng.integers(10**9)}-{number}"] * len(days)
        day += list(days)
    return roll_up(Lines.of(who, day, [100] * len(who)))


def test_each_stratum_has_its_share() -> None:
    log = log_of(3_000)
    orders = log.streams["orders"]
    last = orders.day[orders.starts[1:] - 1] // STRATUM_DAYS
    drawn = drawn_evenly(log, 300)
    assert len(drawn) == len(set(drawn.tolist())) == 300
    for stratum in np.unique(last):
        assert abs((last[drawn] == stratum).sum() - (last == stratum).sum() / 10) <= 1


def test_all_are_drawn_where_all_fit() -> None:
    log = log_of(40)
    assert drawn_evenly(log, 40).tolist() == list(range(40))
