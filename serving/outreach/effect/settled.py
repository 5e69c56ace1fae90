"""Settles episodes from the order log: whether the account ordered within the horizon, and how much it spent.

Nobody has to mark a customer as saved. An episode is settled once the log covers its whole horizon, not before: a
customer who has not ordered yet may still do so.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.churn.labels import complete_until
from features.clock import day_numbers, future
from features.log import Ints, Log


def settled(episodes: pd.DataFrame, log: Log, accounts: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Return the episodes whose horizon the log covers, with the account's orders and spend in it.

    Args:
        episodes: a frame in the columns of the book's `episodes` plus `contacted` (bool), rows in any order.
        log: the shop's log.
        accounts: customer → account. A customer missing there belongs to the account of their own episode, or is an
            account of their own.

    Returns:
        The same columns and `number` (int, 1 = the account's first episode of all), `kept` (bool: an order on the days
        began_on … began_on + horizon_days − 1) and `spent` (int, minor units on those days), sorted by began_on and
        account.

    >>> from datetime import date
    >>> from features.log import Lines
    >>> from features.roll_up import roll_up
    >>> log = roll_up(Lines.of(["ann", "bob", "bob"], [1, 5, 40], [700, 300, 50]))
    >>> one = {"began_on": date(1970, 1, 4), "horizon_days": 30, "contacted": True}
    >>> both = pd.DataFrame([{"account_id": who, "customer_id": who} | one for who in ("ann", "bob")])
    >>> settled(both, log)[["account_id", "number", "kept", "spent"]].values.tolist()
    [['ann', 1, False, 0], ['bob', 1, True, 300]]
    """
    numbered = episodes.sort_values(["began_on", "account_id"], kind="stable").reset_index(drop=True)
    numbered = numbered.assign(number=numbered.groupby("account_id").cumcount() + 1)
    begin = day_numbers(list(numbered["began_on"]))
    end = future(begin, numbered["horizon_days"].to_numpy(dtype=np.int64))[1]  # type: ignore[arg-type]
    over = np.asarray(end <= complete_until(log), dtype=bool)
    found, begin, end = numbered[over].reset_index(drop=True), begin[over], np.asarray(end)[over]
    accounts_of_log = _accounts_of(log, episodes, accounts or {})
    order_days, spent = _order_days_and_spend(log, accounts_of_log, found["account_id"], begin, end)
    return found.assign(kept=order_days > 0, spent=spent)


def _accounts_of(log: Log, episodes: pd.DataFrame, accounts: Mapping[str, str]) -> list[str]:
    """Return the account of every customer of the log, in the log's order."""
    own = dict(zip(episodes["customer_id"], episodes["account_id"], strict=True))
    return [accounts.get(who) or own.get(who, who) for who in log.customer_ids]


def _order_days_and_spend(
    log: Log, accounts_of_log: list[str], account_id: pd.Series, begin: Ints, end: Ints
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return each episode's order days and spend on the days begin … end−1: one sorted (account, day) key, searched."""
    codes = {account: code for code, account in enumerate(sorted({*accounts_of_log, *account_id}))}
    orders = log.streams["orders"]
    account = np.array([codes[name] for name in accounts_of_log], dtype=np.int64)[orders.customer]
    first = min(int(orders.day.min(initial=0)), int(begin.min(initial=0)))
    span = max(int(orders.day.max(initial=0)), int(end.max(initial=0))) - first + 1
    key = account * span + orders.day - first
    order = np.argsort(key, kind="stable")
    money = np.concatenate([[0], np.cumsum(orders.columns["spend"][order])]).astype(np.int64)
    own = np.array([codes[name] for name in account_id], dtype=np.int64) * span - first
    low, high = (np.searchsorted(key[order], own + day) for day in (begin, end))
    return (high - low).astype(np.int64), money[high] - money[low]
