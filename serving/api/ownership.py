"""Which owner each customer belongs to today: what a key of one owner may see."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from threading import Lock

import sqlalchemy as sa

from serving.book import Book
from serving.book.schema import OWNERS
from serving.book.sql_rows import rows_with
from serving.config import Settings
from serving.customers import Customers
from serving.outreach.plan.owners import NO_OWNER
from serving.shop import today


@dataclass(frozen=True)
class _File:
    """The customers file, and when it was changed."""

    changed_at_ns: int
    customers: Customers


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
        customers = self._known()
        ids = list(dict.fromkeys(customer_ids))
        kept = self._kept({customers.account_of.get(each, each) for each in ids})
        return dict.fromkeys(ids, NO_OWNER) | customers.owners(ids, kept)

    def _kept(self, account_ids: Iterable[str]) -> dict[str, str]:
        query = sa.select(OWNERS.c.account_id, OWNERS.c.owner).where(OWNERS.c.since <= today(self._settings))
        with self._book.reading() as connection:
            rows = rows_with(connection, query.order_by(OWNERS.c.since), OWNERS.c.account_id, account_ids)
            return {row["account_id"]: row["owner"] for row in rows}

    def _known(self) -> Customers:
        mapping = self._settings.customers
        if mapping is None:
            return Customers()
        with self._reading:
            changed_at_ns = mapping.file.stat().st_mtime_ns
            if self._file is None or self._file.changed_at_ns != changed_at_ns:
                customers = Customers.read(mapping, self._settings.list.owner_by_segment)
                self._file = _File(changed_at_ns, customers)
            return self._file.customers
