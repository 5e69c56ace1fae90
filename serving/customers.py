"""Who the customers are: the account, segment and owner of each, by the customers file, and how to reach them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from functools import cached_property

import pandas as pd

from features.errors import ConfigError
from features.sources.mapping import CustomersMapping, OrdersMapping
from features.sources.people.contacts import FIELDS, Contact, known_text, read_contacts
from features.sources.people.forgotten import Forgotten
from features.sources.reader import read_customers
from features.tables import CUSTOMERS
from serving.outreach.plan.accounts import Accounts, account_of


@dataclass(frozen=True, eq=False)
class Customers:
    """The customers file, read once; every text without the spaces around it, and one without letters is none.

    Args:
        frame: one row per customer, in the fields of CUSTOMERS; empty where there is no file.
        columns: the fields that the file has a column for.
        owner_by_segment: segment → owner of its customers whom the file names no owner for.

    >>> frame = pd.DataFrame({"customer_id": ["ann", "bob"], "owner": ["Eleni ", None], "segment": [None, "pro"]})
    >>> Customers(frame, owner_by_segment={"pro": "Bruno"}).owner_of
    {'ann': 'Eleni', 'bob': 'Bruno'}
    """

    frame: pd.DataFrame = field(
        default_factory=lambda: pd.DataFrame(columns=[each.name for each in CUSTOMERS], dtype=object)
    )
    columns: Set[str] = frozenset()
    owner_by_segment: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(
        cls, mapping: CustomersMapping | None, owner_by_segment: Mapping[str, str], forgotten: Forgotten | None = None
    ) -> Customers:
        """Read a customers file; without one nothing is known of anybody, and of forgotten customers never.

        Raises:
            InputError: every broken rule of the file at once.
        """
        if mapping is None:
            return cls(owner_by_segment=owner_by_segment)
        return cls(read_customers(mapping, forgotten), frozenset(mapping.columns), owner_by_segment)

    @cached_property
    def ids(self) -> frozenset[str]:
        """The ids of all customers in the file."""
        return frozenset(self.frame["customer_id"])

    @cached_property
    def account_of(self) -> dict[str, str]:
        """Customer → account, of those that belong to one; every other customer is an account of its own."""
        return account_of(self.frame)

    @cached_property
    def accounts(self) -> Accounts:
        """Who belongs to which account."""
        return Accounts(self.account_of, self.ids)

    @cached_property
    def name_of(self) -> dict[str, str]:
        """Customer → name, of those whom the file names."""
        return self._texts("name")

    @cached_property
    def segment_of(self) -> dict[str, str]:
        """Customer → segment, of those that have one."""
        return self._texts("segment")

    @cached_property
    def named_owner_of(self) -> dict[str, str]:
        """Customer → owner, of those whom the file names one for."""
        return self._texts("owner")

    @cached_property
    def owner_of(self) -> dict[str, str]:
        """Customer → owner, as the file names it, else by segment."""
        by_segment = {who: self.owner_by_segment.get(segment) for who, segment in self.segment_of.items()}
        found = {who: self.named_owner_of.get(who) or by_segment.get(who) for who in self.frame["customer_id"]}
        return {who: owner for who, owner in found.items() if owner is not None}

    def owners(self, customer_ids: Iterable[str], kept: Mapping[str, str]) -> dict[str, str]:
        """Return customer → owner of those that have one: as the book keeps it for the account, else as the file says.

        Args:
            customer_ids: whose.
            kept: account → owner, handed over or given in turn.
        """
        found = {who: kept.get(self.account_of.get(who, who)) or self.owner_of.get(who) for who in customer_ids}
        return {who: owner for who, owner in found.items() if owner is not None}

    def need(self, column: str) -> None:
        """Refuse a question that only a column of the customers file can answer.

        Raises:
            ConfigError: there is no customers file, or it lacks the column.
        """
        if column not in self.columns:
            raise ConfigError(
                f"there are no {column}s: name the customers file, and its column {column}, in regulars.toml"
            )

    def _texts(self, column: str) -> dict[str, str]:
        texts = self.frame[column].fillna("").astype(str).str.strip()
        known = texts != ""
        return dict(zip(self.frame["customer_id"][known], texts[known], strict=True))


def contacts(customers: Customers, orders: OrdersMapping) -> dict[str, Contact]:
    """Return customer → how to reach them: as the customers file says, else as their orders said last.

    A customer whose id is a mail address has that one where no column says another. These are for whoever calls or
    writes, and for nothing else: no log, no feature, no score may hold them.

    Args:
        customers: the customers file.
        orders: where the orders are, and which of their columns are contacts.

    Raises:
        InputError: the orders cannot be opened, or lack a column.
    """
    known, said = _in_file(customers), read_contacts(orders)
    found = {**said, **known, **{who: known[who] | each for who, each in said.items() if who in known}}
    return {who: each | Contact(mail=who) if "@" in who else each for who, each in found.items()}


def _in_file(customers: Customers) -> dict[str, Contact]:
    rows = customers.frame[["customer_id", *FIELDS]].itertuples(index=False)
    return {who: Contact(*map(known_text, FIELDS, values)) for who, *values in rows}
