"""Settles episodes from the order log: whether the account ordered within the horizon, and how much it spent.

Nobody has to mark a customer as saved. An episode is settled once the log covers its whole horizon, not before: a
customer who has not ordered yet may still do so. It is of the customers whom the account had when it began: what became
of their account since changes neither whose orders count nor which episode was their first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.churn.labels import complete_until
from features.churn.shrinking import SHRUNK_AT
from features.clock import day_numbers, future
from features.log import Ints, Log
from serving.outreach.plan.candidates import SHRUNK

People = Sequence[tuple[str, ...]]


def settled(episodes: pd.DataFrame, log: Log, accounts: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Return the episodes whose horizon the log covers, with the account's orders and spend in it.

    Args:
        episodes: a frame in the columns of the book's `episodes` plus `contacted` (bool), rows in any order.
        log: the shop's log.
        accounts: customer → account of today. Asked only of episodes whose `customers` the book did not keep yet.

    Returns:
        The same columns and `number` (int, 1 = the first episode of the account and of all its customers), `kept`
        (bool: an order on the days began_on … began_on + horizon_days − 1; of an account that buys less, more than half
        of its usual spent on them), `spent` and
        `order_days` (int, minor units and days with an order on those days) and `spent_before` (int, minor units on as
        many days before began_on), sorted by began_on and account.

    >>> from datetime import date
    >>> from features.log import Lines
    >>> from features.roll_up import roll_up
    >>> log = roll_up(Lines.of(["ann", "bob", "bob"], [1, 5, 40], [700, 300, 50]))
    >>> one = {"began_on": date(1970, 1, 4), "horizon_days": 30, "contacted": True}
    >>> both = pd.DataFrame([{"account_id": who, "customer_id": who} | one for who in ("ann", "bob")])
    >>> settled(both, log)[["account_id", "number", "kept", "spent"]].values.tolist()
    [['ann', 1, False, 0], ['bob', 1, True, 300]]
    """
    found = episodes.sort_values(["began_on", "account_id"], kind="stable").reset_index(drop=True)
    people = _people(found, accounts or {})
    found = found.assign(number=np.array(list(_numbers(found["account_id"], people)), dtype=np.int64))
    begin = day_numbers(list(found["began_on"]))
    end = np.asarray(future(begin, found["horizon_days"].to_numpy(dtype=np.int64))[1])  # type: ignore[arg-type]
    over = np.flatnonzero(end <= complete_until(log))
    whose, begin, end = [people[int(row)] for row in over], begin[over], end[over]
    order_days, spent = _order_days_and_spend(log, whose, begin, end)
    spent_before = _order_days_and_spend(log, whose, 2 * begin - end, begin)[1]
    known = found.iloc[over].reset_index(drop=True)
    kept = np.where(_shrunk(known), _holds(known, spent), order_days > 0)
    return known.assign(kept=kept, spent=spent, order_days=order_days, spent_before=spent_before)


def _shrunk(episodes: pd.DataFrame) -> npt.NDArray[np.bool_]:
    if "kind" not in episodes:
        return np.zeros(len(episodes), dtype=bool)
    return np.asarray(episodes["kind"] == SHRUNK, dtype=bool)


def _holds(episodes: pd.DataFrame, spent: Ints) -> npt.NDArray[np.bool_]:
    """Return who spent more than half of what was expected: of an account that buys less, the own usual."""
    if "expected_spend" not in episodes:
        return np.zeros(len(episodes), dtype=bool)
    return np.asarray(spent > SHRUNK_AT * episodes["expected_spend"].to_numpy(dtype=np.float64))


def _people(episodes: pd.DataFrame, accounts: Mapping[str, str]) -> People:
    """Return the customers of each episode; where none were kept, those of today who have no episode of their own."""
    columns = (episodes["account_id"], episodes["customer_id"])
    kept = episodes["customers"] if "customers" in episodes else [None] * len(episodes)
    own, branches = set(episodes["customer_id"]), defaultdict(list)
    for who, account in accounts.items():
        branches[account].append(who)
    return [
        customers or (who, *(each for each in {*branches[account], account} if each not in own and each != who))
        for account, who, customers in zip(*columns, kept, strict=True)
    ]


def _numbers(account_ids: pd.Series, people: People) -> Iterator[int]:
    """Yield the number of each episode: one more than the latest that its account or any of its customers was in."""
    last: dict[tuple[str, str], int] = {}
    for account, customers in zip(account_ids, people, strict=True):
        names = [("account", account), *(("customer", who) for who in customers)]
        number = 1 + max(last.get(name, 0) for name in names)
        last.update(dict.fromkeys(names, number))
        yield number


def _order_days_and_spend(
    log: Log, people: People, begin: Ints, end: Ints
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return order days and spend of each episode's customers on the days begin … end−1.

    One sorted (customer, day) key of the log is searched for each customer of each episode.
    """
    codes = {who: code for code, who in enumerate(log.customer_ids)}
    pairs = [(row, codes[who]) for row, customers in enumerate(people) for who in customers if who in codes]
    episode, customer = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    orders = log.streams["orders"]
    first = min(int(orders.day.min(initial=0)), int(begin.min(initial=0)))
    span = max(int(orders.day.max(initial=0)), int(end.max(initial=0))) - first + 1
    key = orders.customer * span + orders.day - first
    order = np.argsort(key, kind="stable")
    money = np.concatenate([[0], np.cumsum(orders.columns["spend"][order])]).astype(np.int64)
    low, high = (np.searchsorted(key[order], customer * span + day[episode] - first) for day in (begin, end))
    return _sums(episode, high - low, len(people)), _sums(episode, money[high] - money[low], len(people))


def _sums(episode: Ints, values: npt.NDArray[np.int64], episodes: int) -> npt.NDArray[np.int64]:
    found = np.zeros(episodes, dtype=np.int64)
    np.add.at(found, episode, values)
    return found
