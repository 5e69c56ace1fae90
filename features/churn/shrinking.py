"""Accounts that shrink: each one's spend in windows of a horizon, against the own usual, the shop's movement set apart.

    older                                                        as_of
     ├──────┼──────┼──────┼──────┼──────┤        ├──────┼──────┤ horizon
       12     11     10      …      2                1      0
     └──────────── the own usual ────────┘        └─ newest ─┘

The **usual** of an account is its mean spend in its own ended windows, but for the newest two: an account that shrinks
is held against what it was before. **Shrunk** = it spends at most half of that within the horizon. All of it is told at
the shop's level of the newest window: a season that moves the accounts alike shrinks none of them.

It is asked of accounts that still buy, in a steady way: whose silence says it all are on the list of those who leave.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from features.clock import future
from features.log import Ints, Log

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

MOST_WINDOWS = 13  # the newest two and eleven more: with a horizon of a month a year and a bit
NEWEST = 2  # windows that are no part of the usual
LEAST_WINDOWS = 3  # ended windows of the own, before the newest
LEAST_ORDER_DAYS = 2.0  # in a usual window: with fewer, half of the spend goes by the chance of one order
LEAST_BOUGHT_IN = 0.75  # of the own windows before the newest
SHRUNK_AT = 0.5
# Fewer accounts that bought in two neighbouring windows tell nothing of how the shop moved.
LEAST_PAIRS = 30
TRIMMED = 0.1  # at either end


@dataclass(frozen=True, eq=False)
class OwnWindows:
    """What the accounts that still buy spent in each of their own windows, newest first, at the shop's level of today.

    Args:
        as_of: the day number that is looked from.
        horizon_days: the length of a window.
        customer: positions in the log, ascending.
        spend: accounts × MOST_WINDOWS, minor units; NaN where the window began before the first order.
        order_days: accounts × MOST_WINDOWS; NaN as in `spend`.
        since_days: whole days since the last order.
        half_spend: spent in the newer half of the newest window, minor units.
    """

    as_of: int
    horizon_days: int
    customer: Ints
    spend: Floats
    order_days: Floats
    since_days: Floats
    half_spend: Floats

    def __len__(self) -> int:
        return len(self.customer)

    @property
    def before(self) -> Floats:
        """The spend in the windows before the newest: those that make the usual."""
        return self.spend[:, NEWEST:]

    @property
    def usual(self) -> Floats:
        """The own usual spend over a horizon, minor units."""
        return np.asarray(np.nanmean(self.before, axis=1), dtype=np.float64) if len(self) else np.zeros(0)

    @property
    def usual_order_days(self) -> Floats:
        """The own usual number of order days in a horizon."""
        return np.asarray(np.nanmean(self.order_days[:, NEWEST:], axis=1)) if len(self) else np.zeros(0)


def own_windows(log: Log, as_of: int, horizon_days: int) -> OwnWindows:
    """Return the windows of every account that still buys, and whose usual is known.

    Args:
        log: the shop's log; nothing on or after `as_of` is read.
        as_of: a day number.
        horizon_days: the length of a window.

    >>> from features.log import Lines
    >>> from features.roll_up import roll_up
    >>> days = list(range(0, 60, 3))
    >>> found = own_windows(roll_up(Lines.of(["ann"] * 20, days, [100] * 20)), 60, 10)
    >>> found.spend[0, :6].tolist(), round(float(found.usual[0]), 1)
    ([300.0, 300.0, 400.0, 300.0, 300.0, nan], 333.3)
    """
    sums = _Sums.of(log, as_of, horizon_days)
    level = _levels(sums.spend, sums.known)
    spend = np.where(sums.known, sums.spend / level, np.nan)
    order_days = np.where(sums.known, sums.order_days, np.nan)
    rows = np.flatnonzero(_still_buys(spend, order_days))
    return OwnWindows(
        as_of=as_of,
        horizon_days=horizon_days,
        customer=sums.customer[rows],
        spend=spend[rows],
        order_days=order_days[rows],
        since_days=sums.since_days[rows],
        half_spend=sums.half_spend[rows],
    )


def spent_within(log: Log, windows: OwnWindows) -> Floats:
    """Return what each account spends within the horizon, minor units, at the shop's level of the newest window.

    Args:
        log: the shop's log; it must reach to the end of the horizon.
        windows: of those accounts, as they were known at its start.
    """
    _, end = future(windows.as_of, windows.horizon_days)
    later = _Sums.of(log, end, windows.horizon_days, windows=2)
    level = float(_levels(later.spend, later.known)[1])  # of the newest window, where that of the horizon is 1
    spent = np.zeros(log.n_customers)
    spent[later.customer] = later.spend[:, 0]
    return np.asarray(spent[windows.customer] * level)


def shrunk(log: Log, windows: OwnWindows) -> Flags:
    """Return who spends at most half of the own usual within the horizon.

    Args:
        log: the shop's log; it must reach to the end of the horizon.
        windows: of the accounts, as they were known at its start.

    >>> from features.log import Lines
    >>> from features.roll_up import roll_up
    >>> who, days = ["ann"] * 21 + ["bob"] * 24, [*range(0, 60, 3), 64, *range(0, 72, 3)]
    >>> log = roll_up(Lines.of(who, days, [100] * 45))
    >>> shrunk(log, own_windows(log, 60, 10)).tolist()
    [True, False]
    """
    return np.asarray(spent_within(log, windows) <= SHRUNK_AT * windows.usual)


@dataclass(frozen=True, eq=False)
class _Sums:
    """Sums per window of the customers who bought in any of them; `known` where they had ordered before it began."""

    customer: Ints
    spend: Floats
    order_days: Floats
    known: Flags
    since_days: Floats
    half_spend: Floats

    @classmethod
    def of(cls, log: Log, as_of: int, horizon_days: int, windows: int = MOST_WINDOWS) -> _Sums:
        orders = log.streams["orders"]
        inside = (orders.day < as_of) & (orders.day >= as_of - windows * horizon_days)
        day, who = orders.day[inside], orders.customer[inside]
        customer, row = np.unique(who, return_inverse=True)
        at = row * windows + (as_of - 1 - day) // horizon_days
        money, shape = orders.columns["spend"][inside].astype(np.float64), (len(customer), windows)
        newer = day >= as_of - horizon_days // 2
        first = orders.day[orders.starts[customer]]
        begins = as_of - horizon_days * np.arange(1, windows + 1)
        last = np.zeros(len(customer), dtype=np.int64)
        np.maximum.at(last, row, day - as_of + windows * horizon_days)
        return cls(
            customer=customer,
            spend=_sums(at, money, len(customer) * windows).reshape(shape),
            order_days=_sums(at, np.ones(len(at)), len(customer) * windows).reshape(shape),
            known=first[:, None] < begins,
            since_days=(windows * horizon_days - last).astype(np.float64),
            half_spend=_sums(row[newer], money[newer], len(customer)),
        )


def _sums(at: Ints, values: Floats, size: int) -> Floats:
    return np.bincount(at, values, minlength=size).astype(np.float64)


def _levels(spend: Floats, known: Flags) -> Floats:
    """Return the shop's level of each window over that of the newest.

    Neighbouring windows are compared by the accounts that bought in both: newcomers raise no level, and leavers lower
    none. What is within one standard error is no movement: else its chance would add up over the windows.
    """
    steps = [_step(spend[:, w], spend[:, w + 1], known[:, w + 1]) for w in range(spend.shape[1] - 1)]
    return np.asarray(np.exp(np.concatenate([[0.0], np.cumsum(steps)])), dtype=np.float64)


def _step(newer: Floats, older: Floats, known: Flags) -> float:
    """Return log(level of the older window ÷ that of the newer one): the trimmed mean over accounts, shrunk."""
    both = known & (newer > 0) & (older > 0)
    if np.count_nonzero(both) < LEAST_PAIRS:
        return 0.0
    ratio = np.sort(np.log(older[both] / newer[both]))
    cut = int(len(ratio) * TRIMMED)
    middle = ratio[cut : len(ratio) - cut]
    mean, error = float(middle.mean()), float(ratio.std(ddof=1)) / np.sqrt(len(ratio))
    return mean * max(0.0, 1 - (error / mean) ** 2) if mean else 0.0


def _still_buys(spend: Floats, order_days: Floats) -> Flags:
    """Return who bought in the newest window, and before in nearly all of enough own windows."""
    before, days = spend[:, NEWEST:], order_days[:, NEWEST:]
    known = np.count_nonzero(~np.isnan(before), axis=1)
    windows = np.maximum(known, 1)
    steady = np.count_nonzero(before > 0, axis=1) >= LEAST_BOUGHT_IN * windows
    often = np.nansum(days, axis=1) >= LEAST_ORDER_DAYS * windows
    return np.asarray((known >= LEAST_WINDOWS) & steady & often & (order_days[:, 0] > 0))
