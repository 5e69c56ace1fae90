"""One owner per account: by the book's record, by the customers file, by the shop's rule, or in turn by load."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping

import pandas as pd

from serving.outreach.plan.accounts import Accounts
from serving.outreach.plan.policy import Policy

NO_OWNER = "unassigned"


def owners_today(by_id: Mapping[str, str], owned: pd.DataFrame, account_of: Mapping[str, str]) -> dict[str, str]:
    """Return account → owner, as the book keeps it for the accounts of a day.

    What was said of its customers counts before what was said of its id: first under this account, else under the one
    that they came from; of several words the latest.

    Args:
        by_id: account → owner, by the id under which it was given.
        owned: what was said last of each customer, in OWNED_NAMES.
        account_of: customer → account, of those that have a parent.

    >>> from datetime import date
    >>> owned = pd.DataFrame([("ann", "ann", "Zoe", date(2026, 3, 2))])
    >>> owned.columns = ["customer_id", "account_id", "owner", "since"]
    >>> owners_today({"ann": "Zoe"}, owned, {"ann": "firm"})
    {'ann': 'Zoe', 'firm': 'Zoe'}
    """
    words = _first_words(owned, account_of)
    return {**by_id, **dict(zip(words["account_id"], words["owner"], strict=True))}


def _first_words(owned: pd.DataFrame, account_of: Mapping[str, str]) -> pd.DataFrame:
    """Return the word that counts for each account of today, and whether it was said under its id, `of_account`."""
    now = pd.Series([account_of.get(who, who) for who in owned["customer_id"]], owned.index, dtype=object)
    words = owned.assign(of_account=owned["account_id"] == now, account_id=now)
    by_rank = words.sort_values(["of_account", "since"], ascending=False, kind="stable")
    return by_rank.drop_duplicates("account_id")


def owners_along(listed: Iterable[str], owned: pd.DataFrame, accounts: Accounts) -> list[str]:
    """Return the listed accounts whose owner came along with some of their customers, and was never of the others.

    Args:
        listed: accounts.
        owned: what was said last of each customer, in OWNED_NAMES.
        accounts: who belongs to which account today.
    """
    words, owner_of = _first_words(owned, accounts.parent), dict(zip(owned["customer_id"], owned["owner"], strict=True))
    brought = words[~words["of_account"].astype(bool)]
    owner = dict(zip(brought["account_id"], brought["owner"], strict=True))
    others = (each for each in owner if {owner_of.get(who) for who in accounts.customers(each)} != {owner[each]})
    return sorted({*listed}.intersection(others))


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
