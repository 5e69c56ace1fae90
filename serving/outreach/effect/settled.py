"""Orders settle an episode by themselves: whether the account ordered within the horizon, and how much it spent.

Nobody has to mark a customer as saved. An episode is judged when its whole horizon lies in the log, not before: who
has not ordered yet may still do so.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.churn.labels import complete_until
from features.clock import day_numbers, future
from features.log import Ints, Log

SETTLED_NAMES: tuple[str, ...] = ("number", "kept", "spent")


def settled(episodes: pd.DataFrame, log: Log, accounts: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Return the episodes whose horizon has ended in the log, with what the whole account did in it.

    Args:
        episodes: a frame in the columns of the book's `episodes` plus `contacted` (bool), rows in any order.
        log: the shop's log.
        accounts: customer → account; who is missing there belongs to the account of the own episode, or is one.

    Returns:
        The same columns and `number` (int, 1 = the account's first episode of all), `kept` (bool: an order on the days
        began_on … began_on + horizon_days − 1) and `spent` (int, minor units on those days), by began_on and account.

    >>> from datetime import date
    >>> from features.log import Lines
    >>> from features.roll_up import roll_up
    >>> log = roll_up(Lines.of(["ann", "bob", "bob"], [1, 5, 40], [700, 300, 50]))
    >>> one = {"began_on": date(1970, 1, 4), "horizon_days": 30, "contacted": True}
    >>> both = pd.DataFrame([{"account_id": who, "customer_id": who} | one for who in ("ann", "bob")])
    >>> settled(both, log)[["account_id", "number", "kept", "spent"]].values.tolist()
    [['ann', 1, False, 0], ['bob', 1, True, 300]]
    """
    ordered = episodes.sort_values(["began_on", "account_id"], kind="stable").reset_index(drop=True)
    ordered = ordered.assign(number=ordered.groupby("account_id").cumcount() + 1)
    begin = day_numbers(list(ordered["began_on"]))
    end = future(begin, ordered["horizon_days"].to_numpy(dtype=np.int64))[1]  # type: ignore[arg-type]
    done = np.asarray(end <= complete_until(log), dtype=bool)
    ordered, begin, end = ordered[done].reset_index(drop=True), begin[done], np.asarray(end)[done]
    orders, spent = _within(log, _account_of(log, episodes, accounts or {}), ordered["account_id"], begin, end)
    return ordered.assign(kept=orders > 0, spent=spent)


def _account_of(log: Log, episodes: pd.DataFrame, accounts: Mapping[str, str]) -> list[str]:
    """Return the account of every customer of the log."""
    own = dict(zip(episodes["customer_id"], episodes["account_id"], strict=True))
    return [accounts.get(who) or own.get(who, who) for who in log.customer_ids]


def _within(
    log: Log, account_of: list[str], account_id: pd.Series, begin: Ints, end: Ints
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return how many order days and how much money each account had on its days begin … end−1."""
    places = {account: place for place, account in enumerate(sorted({*account_of, *account_id}))}
    orders = log.streams["orders"]
    owner = np.array([places[account] for account in account_of], dtype=np.int64)[orders.customer]
    first = min(int(orders.day.min(initial=0)), int(begin.min(initial=0)))
    span = max(int(orders.day.max(initial=0)), int(end.max(initial=0))) - first + 1
    key = owner * span + orders.day - first
    order = np.argsort(key, kind="stable")
    money = np.concatenate([[0], np.cumsum(orders.columns["spend"][order])]).astype(np.int64)
    mine = np.array([places[account] for account in account_id], dtype=np.int64) * span - first
    low, high = (np.searchsorted(key[order], mine + day) for day in (begin, end))
    return (high - low).astype(np.int64), money[high] - money[low]
