"""Labels customers: who can churn on a date, and who did.

The population comes first: customers with an order in the last `active_days`. Churned = no order on the days `as_of` …
`as_of + horizon_days − 1`. Features never see those days and labels see no other: the two cannot overlap.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from features.clock import day_numbers, future, timestamps
from features.engines.windows import population
from features.errors import ConfigError
from features.log import Log

# A weekday with fewer orders than this as a rule is too thin to show that the last day is unfinished.
ENOUGH_TO_JUDGE_A_DAY = 10
SAME_WEEKDAYS_LOOKED_AT = 4


@dataclass(frozen=True)
class ChurnDefinition:
    """What churn means in this shop.

    Args:
        horizon_days: silent for so many days from `as_of` on = churned.
        active_days: who can churn: an order in the last so many days.

    Raises:
        ConfigError: a window below one day or above ten years.

    >>> ChurnDefinition(horizon_days=30, active_days=90)
    ChurnDefinition(horizon_days=30, active_days=90)
    """

    horizon_days: int
    active_days: int

    def __post_init__(self) -> None:
        for name in ("horizon_days", "active_days"):
            if not 1 <= getattr(self, name) <= 3650:
                raise ConfigError(f"{name} is a number of days from 1 to 3650, not {getattr(self, name)}")


def label_table(log: Log, as_of_dates: Sequence[date], definition: ChurnDefinition) -> pd.DataFrame:
    """Return who churned, for the same rows in the same order as `feature_table` gives.

    Args:
        log: the shop's log; it must reach to the end of every horizon (`complete_until`).
        as_of_dates: the dates.
        definition: population and horizon.

    Returns:
        `customer_id`, `as_of`, `churned` (bool), `spend_next`, the money spent in the horizon, minor units, and
        `wait_days`, whole days from `as_of` to the next order, `horizon_days` where none came.

    >>> from features.log import Lines
    >>> from features.roll_up import roll_up
    >>> log = roll_up(Lines.of(["ann", "bob", "bob"], [1, 5, 12], [700, 300, 50]))
    >>> label_table(log, [date(1970, 1, 8)], ChurnDefinition(10, 30))[["customer_id", "churned", "spend_next"]]
      customer_id  churned  spend_next
    0         ann     True         0.0
    1         bob    False        50.0
    """
    as_of = np.unique(day_numbers(as_of_dates))
    rows = population(log, as_of, definition.active_days)
    orders = log.streams["orders"]
    wait, spend = np.full(len(rows.customer), definition.horizon_days), np.zeros(len(rows.customer))
    for date_index, start in enumerate(as_of):
        first, end = future(int(start), definition.horizon_days)
        inside = (orders.day >= first) & (orders.day < end)
        customer, here = orders.customer[inside], rows.date == date_index
        next_day = np.full(log.n_customers, end)
        np.minimum.at(next_day, customer, orders.day[inside])
        wait[here] = next_day[rows.customer[here]] - first
        money = np.bincount(customer, orders.columns["spend"][inside], minlength=log.n_customers)
        spend[here] = money[rows.customer[here]]
    return pd.DataFrame(
        {
            "customer_id": pd.Series(log.customer_ids[rows.customer], dtype=str),
            "as_of": timestamps(as_of)[rows.date],
            "churned": wait == definition.horizon_days,
            "spend_next": spend,
            "wait_days": wait,
        }
    )


def complete_until(log: Log) -> int:
    """Return the first day that no label may read.

    Exports are made during the day, so the last day is often unfinished: it does not count when it has under half
    the usual orders of the same weekday, where these are enough to judge by.

    >>> from features.log import Lines
    >>> from features.roll_up import roll_up
    >>> complete_until(roll_up(Lines.of(["ann", "bob"], [1, 5], [700, 300])))
    6
    """
    orders = log.streams["orders"]
    last = log.last_day
    weeks = [last - 7 * (week + 1) for week in range(SAME_WEEKDAYS_LOOKED_AT)]
    usual = float(np.median([np.count_nonzero(orders.day == day) for day in weeks]))
    unfinished = usual >= ENOUGH_TO_JUDGE_A_DAY and np.count_nonzero(orders.day == last) < usual / 2
    return last if unfinished else last + 1
