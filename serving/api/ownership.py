"""Whose customer each is: what an owner's key may see."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from threading import Lock

import sqlalchemy as sa

from features.sources.reader import read_customers
from serving.book import Book
from serving.book.schema import OWNERS
from serving.book.sql_rows import wanted
from serving.config import Settings
from serving.outreach.plan.outreach_list import account_of
from serving.outreach.plan.owners import NO_OWNER
from serving.shop import today


@dataclass(frozen=True)
class _File:
    """The customers file: when it was changed, customer → account, and customer → owner."""

    changed_at_ns: int
    accounts: Mapping[str, str]
    owners: Mapping[str, str]


class Ownership:
    """Whose accounts customers are today, by the rule of the lists: the book, then the customers file, then segments.

    Args:
        settings: of the shop.
        book: its book, open.
    """

    def __init__(self, settings: Settings, book: Book) -> None:
        self._settings, self._book = settings, book
        self._file: _File | None = None
        self._reading = Lock()

    def owner_of(self, customer_ids: Iterable[str]) -> dict[str, str]:
        """Return the owner of each customer; NO_OWNER where nobody is named."""
        file = self._known()
        ids = list(dict.fromkeys(customer_ids))
        kept = self._kept({file.accounts.get(each, each) for each in ids})
        return {each: kept.get(file.accounts.get(each, each)) or file.owners.get(each) or NO_OWNER for each in ids}

    def _kept(self, account_ids: Iterable[str]) -> dict[str, str]:
        query = sa.select(OWNERS.c.account_id, OWNERS.c.owner).where(OWNERS.c.since <= today(self._settings))
        with self._book.reading() as connection:
            rows = wanted(connection, query.order_by(OWNERS.c.since), OWNERS.c.account_id, account_ids)
            return {row["account_id"]: row["owner"] for row in rows}

    def _known(self) -> _File:
        mapping = self._settings.customers
        if mapping is None:
            return _File(0, {}, {})
        with self._reading:
            changed_at_ns = mapping.file.stat().st_mtime_ns
            if self._file is None or self._file.changed_at_ns != changed_at_ns:
                self._file = self._read(changed_at_ns)
            return self._file

    def _read(self, changed_at_ns: int) -> _File:
        assert self._settings.customers is not None
        customers = read_customers(self._settings.customers)
        ruled = customers["segment"].map(dict(self._settings.list.owner_by_segment)).astype(object)
        named = customers["owner"].astype(object)
        owner = named.where(named.notna(), ruled)
        known = owner.notna().to_numpy()
        ids = customers["customer_id"][known]
        return _File(changed_at_ns, account_of(customers), dict(zip(ids, owner[known], strict=True)))
