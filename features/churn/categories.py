"""Categories that an account buys no more: each one's own rhythm in each category, held against its silence there.

An account has a **habit** in a category when it bought it in three of the four months that ended with its last purchase
there. It is **silent** there once a whole month has gone by without it, while the account still buys other things. A
month here is 30 days, counted back from the day that is looked from or from the last purchase.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from features.clock import future
from features.log import CATEGORIES, Ints, Log, Stream

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

MONTH_DAYS = 30
HABIT_MONTHS, BOUGHT_IN = 4, 3
LEAST_DAYS = 3  # days on which it was bought
MEMORY_DAYS = 8 * MONTH_DAYS  # until the last purchase: what came before says little, and grows with the log
SILENT_FROM_DAYS = MONTH_DAYS
OLD_NEWS_DAYS = 6 * MONTH_DAYS  # longer ago it is no news


@dataclass(frozen=True, eq=False)
class Habits:
    """The habits that have fallen silent, a row per account and category.

    Args:
        as_of: the day number that is looked from.
        customer: positions in the log, ascending.
        category: the code of the category.
        last: day number of the last purchase there.
        since_days: whole days since then.
        months: of the four months until then, in how many it was bought: 3 or 4.
        days: on how many days it was bought in the eight months until then.
        gap_days: mean gap between these.
        longest_days: the longest of these gaps.
        spread: their standard deviation over their mean.
        month_spend: spent there in a month of these four, minor units.
        share: of what the account spent in these four months.
        activity: order days of the account since the last purchase there, over those expected by the months before.
        trend: purchases of the category in the whole shop in the last month, over a usual one of the four before.
    """

    as_of: int
    customer: Ints
    category: Ints
    last: Ints
    since_days: Floats
    months: Ints
    days: Floats
    gap_days: Floats
    longest_days: Floats
    spread: Floats
    month_spend: Floats
    share: Floats
    activity: Floats
    trend: Floats

    def __len__(self) -> int:
        return len(self.customer)


def silent_habits(log: Log, as_of: int) -> Habits:
    """Return the habits of accounts that still buy, in categories that they have not bought for a month.

    Args:
        log: the shop's log; nothing on or after `as_of` is read.
        as_of: a day number.

    >>> from features.log import Lines
    >>> from features.roll_up import roll_up
    >>> days = [0, 30, 60, 90, 130, 150]
    >>> kinds = ["filters", "filters", "filters", "filters", "paper", "paper"]
    >>> found = silent_habits(roll_up(Lines.of(["ann"] * 6, days, [100] * 6, category=kinds)), 160)
    >>> found.since_days.tolist(), found.months.tolist()
    ([70.0], [4])
    """
    bought = log.streams[CATEGORIES]
    rows = np.flatnonzero((bought.day < as_of) & (bought.day >= as_of - OLD_NEWS_DAYS - MEMORY_DAYS))
    customer, day, code = bought.customer[rows], bought.day[rows], bought.columns["code"][rows]
    pairs = _Pairs.of(customer, day, code)
    silent = (as_of - pairs.last > SILENT_FROM_DAYS) & (as_of - pairs.last <= OLD_NEWS_DAYS)
    silent &= _bought_lately(log, as_of)[pairs.customer]
    kept = np.flatnonzero(silent & (pairs.months >= BOUGHT_IN) & (pairs.days >= LEAST_DAYS))
    spend = bought.columns["category_spend"][rows].astype(np.float64)
    spent = np.bincount(pairs.row[pairs.in_habit], spend[pairs.in_habit], minlength=len(pairs.customer))[kept]
    of_all, activity = _account(log, pairs.customer[kept], pairs.last[kept], as_of)
    return Habits(
        as_of=as_of,
        customer=pairs.customer[kept],
        category=pairs.category[kept],
        last=pairs.last[kept],
        since_days=(as_of - pairs.last[kept]).astype(np.float64),
        months=pairs.months[kept],
        days=pairs.days[kept],
        gap_days=pairs.gap_days[kept],
        longest_days=pairs.longest_days[kept],
        spread=pairs.spread[kept],
        month_spend=spent / HABIT_MONTHS,
        share=spent / np.maximum(of_all, 1.0),
        activity=activity,
        trend=_trend(day, code, as_of)[pairs.category[kept]] if len(kept) else np.zeros(0),
    )


@dataclass(frozen=True, eq=False)
class _Pairs:
    """Each account and category, and what is known of it; `row` is the pair of each purchase."""

    customer: Ints
    category: Ints
    row: Ints
    last: Ints
    months: Ints
    days: Floats
    gap_days: Floats
    longest_days: Floats
    spread: Floats
    in_habit: Flags

    @classmethod
    def of(cls, customer: Ints, day: Ints, code: Ints) -> _Pairs:
        span = int(code.max(initial=0)) + 1
        pair, row = np.unique(customer * span + code, return_inverse=True)
        last = np.zeros(len(pair), dtype=np.int64)
        np.maximum.at(last, row, day)
        before = last[row] - day
        seen = np.zeros((len(pair), HABIT_MONTHS), dtype=bool)
        in_habit = before < HABIT_MONTHS * MONTH_DAYS
        seen[row[in_habit], before[in_habit] // MONTH_DAYS] = True
        order = np.lexsort((day, row))
        order = order[before[order] < MEMORY_DAYS]
        same = row[order][1:] == row[order][:-1]
        gap, of = np.diff(day[order])[same].astype(np.float64), row[order][1:][same]
        gaps, total, squares = (np.bincount(of, gap**power, minlength=len(pair)) for power in (0, 1, 2))
        longest = np.zeros(len(pair))
        np.maximum.at(longest, of, gap)
        mean = total / np.maximum(gaps, 1)
        deviation = np.sqrt(np.maximum(squares / np.maximum(gaps, 1) - mean**2, 0.0))
        return cls(
            customer=pair // span,
            category=pair % span,
            row=row,
            last=last,
            months=seen.sum(axis=1),
            days=(gaps + 1).astype(np.float64),
            gap_days=mean,
            longest_days=longest,
            spread=deviation / np.maximum(mean, 1.0),
            in_habit=in_habit,
        )


def _trend(day: Ints, code: Ints, as_of: int) -> Floats:
    """Return of each category the purchases in the last month over those of a usual month of the four before."""
    age = as_of - 1 - day
    size = int(code.max(initial=0)) + 1
    now = np.bincount(code[age < MONTH_DAYS], minlength=size)
    whole = (age >= MONTH_DAYS) & (age < (1 + HABIT_MONTHS) * MONTH_DAYS)
    return np.asarray((now + 1.0) / (np.bincount(code[whole], minlength=size) / HABIT_MONTHS + 1.0))


def bought_again(log: Log, habits: Habits, window_days: int) -> Flags:
    """Return which categories are bought again within a window.

    Args:
        log: the shop's log; it must reach to the end of the window.
        habits: as they were known at its start.
        window_days: its length.
    """
    bought = log.streams[CATEGORIES]
    first, end = future(habits.as_of, window_days)
    inside = (bought.day >= first) & (bought.day < end)
    span = int(bought.columns["code"].max(initial=0)) + 1
    again = np.unique(bought.customer[inside] * span + bought.columns["code"][inside])
    return np.isin(habits.customer * span + habits.category, again)


def _bought_lately(log: Log, as_of: int) -> Flags:
    """Return which customers ordered anything in the last month."""
    orders = log.streams["orders"]
    lately = np.zeros(log.n_customers, dtype=bool)
    lately[orders.customer[(orders.day < as_of) & (orders.day >= as_of - MONTH_DAYS)]] = True
    return lately


def _account(log: Log, customer: Ints, last: Ints, as_of: int) -> tuple[Floats, Floats]:
    """Return what each account spent in the four months until a day, and its pace of orders since over that before."""
    orders = log.streams["orders"]
    begin = last + 1 - HABIT_MONTHS * MONTH_DAYS
    money = np.concatenate([[0], np.cumsum(orders.columns["spend"])])
    low, middle, high = (_places(orders, customer, day) for day in (begin, last + 1, np.full(len(last), as_of)))
    pace_before = (middle - low) / (HABIT_MONTHS * MONTH_DAYS)
    pace_since = (high - middle) / np.maximum(as_of - last - 1, 1)
    return (money[middle] - money[low]).astype(np.float64), pace_since / np.maximum(pace_before, 1e-9)


def _places(orders: Stream, customer: Ints, day: Ints) -> Ints:
    """Return for each customer the row of the first order day on or after a day."""
    low = int(min(orders.day.min(initial=0), day.min(initial=0)))
    span = int(max(orders.day.max(initial=0), day.max(initial=0))) - low + 2
    key = orders.customer * span + (orders.day - low)
    return np.searchsorted(key, customer * span + (day - low)).astype(np.int64)
