"""One owner per account: by the book's record, by the customers file, by the shop's rule, or in turn by load."""

from __future__ import annotations

import heapq
from collections.abc import Mapping

import pandas as pd

from serving.outreach.plan.policy import Policy

NO_OWNER = "unassigned"


def with_owners(accounts: pd.DataFrame, kept: Mapping[str, str], policy: Policy) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the accounts with an `owner` each, and those that were given one in turn: account_id, owner.

    Args:
        accounts: one row per account, best first: account_id, owner (None where the file names nobody), segment.
        kept: account → owner, as the book remembers it: handed over, or given in turn before.
        policy: the shop's rules.

    >>> rows = pd.DataFrame({"account_id": ["a", "b", "c"], "owner": [None, "Eleni", None], "segment": None})
    >>> with_owners(rows, {}, Policy(owners=("Eleni", "Bruno")))[0]["owner"].tolist()
    ['Bruno', 'Eleni', 'Eleni']
    """
    by_book = accounts["account_id"].map(dict(kept)).astype(object)
    by_rule = accounts["segment"].map(dict(policy.owner_by_segment)).astype(object)
    owner = by_book.where(by_book.notna(), accounts["owner"].astype(object))
    owner = owner.where(owner.notna(), by_rule)
    free = owner.isna()
    if not free.any() or not policy.owners:
        return accounts.assign(owner=owner.where(~free, NO_OWNER)), accounts.loc[[], ["account_id", "owner"]]
    owner[free] = _in_turn(owner, policy.owners, int(free.sum()))
    found = accounts.assign(owner=owner)
    return found, found.loc[free, ["account_id", "owner"]]


def _in_turn(owner: pd.Series, owners: tuple[str, ...], accounts: int) -> list[str]:
    """Return the owner of each next account: whoever has the fewest so far, ties in the order the shop names them."""
    owned = owner.value_counts().to_dict()
    load = [(int(owned.get(name, 0)), order, name) for order, name in enumerate(owners)]
    heapq.heapify(load)
    given = []
    for _ in range(accounts):
        count, order, name = load[0]
        heapq.heapreplace(load, (count + 1, order, name))
        given.append(name)
    return given
