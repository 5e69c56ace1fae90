"""Who belongs to which account on a list's day, by the customers file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from functools import cached_property

import pandas as pd


@dataclass(frozen=True, eq=False)
class Accounts:
    """The accounts of a day.

    Args:
        parent: customer → account, of those that have one; every other customer is an account of its own.
        known: the customers that there are; an account's id may be nobody's.

    >>> accounts = Accounts({"a1": "a", "a2": "a"}, frozenset({"a1", "a2", "b"}))
    >>> accounts.of("a1"), accounts.customers("a"), accounts.customers("b")
    ('a', ('a1', 'a2'), ('b',))
    """

    parent: Mapping[str, str]
    known: Set[str] = frozenset()

    def of(self, customer_id: str) -> str:
        """Return the account of a customer."""
        return self.parent.get(customer_id, customer_id)

    def customers(self, account_id: str) -> tuple[str, ...]:
        """Return all customers of an account, whatever their risk, sorted."""
        branches = self._branches.get(account_id, ())
        is_customer = account_id in self.known and account_id not in self.parent
        return tuple(sorted({*branches, account_id})) if is_customer else tuple(sorted(branches))

    @cached_property
    def _branches(self) -> dict[str, list[str]]:
        found = defaultdict(list)
        for customer, account in self.parent.items():
            found[account].append(customer)
        return dict(found)


def accounts_of(scores: pd.DataFrame, customers: pd.DataFrame | None) -> Accounts:
    """Return the accounts of a run's customers and of those in the customers file.

    >>> accounts_of(pd.DataFrame({"customer_id": ["b"]}), None).customers("b")
    ('b',)
    """
    in_file: Iterable[str] = () if customers is None else customers["customer_id"]
    return Accounts(account_of(customers), frozenset(scores["customer_id"]) | frozenset(in_file))


def account_of(customers: pd.DataFrame | None) -> dict[str, str]:
    """Return customer → account, of those that have a parent.

    >>> account_of(pd.DataFrame({"customer_id": ["a1", "b"], "account": ["a", None]}))
    {'a1': 'a'}
    """
    if customers is None or "account" not in customers:
        return {}
    known = customers[customers["account"].fillna("").str.strip() != ""]
    return dict(zip(known["customer_id"], known["account"].str.strip(), strict=True))
