"""Who was forgotten: known again by a digest when a file, a post or a run brings an id, and listed nowhere."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from features.errors import InputError
from serving.book.book import Book
from serving.book.privacy.sealing import digests_for, digests_of
from serving.book.privacy.secret import SecretKeeper
from serving.book.schema import ERASURES
from serving.book.sql_rows import digest, utc_now

NOT_LET_IN = ERASURES.c.let_in_at.is_(None)
BEFORE = "erased before erasures kept out"  # the reason that migration 0021 gave


@dataclass(frozen=True, repr=False)
class Tombstones:
    """The records of whom a shop has forgotten and not let in again, asked by id.

    Args:
        digests: of the ids.
        of: what a record would say of an id's digest, under each secret that the book had.
    """

    digests: frozenset[str]
    of: Callable[[str], list[str]]

    def __call__(self, customer_ids: Collection[str]) -> frozenset[str]:
        """Return which of some customers were forgotten."""
        return frozenset(each for each in customer_ids if self._hold(each))

    def _hold(self, customer_id: str) -> bool:
        return any(each in self.digests for each in self.of(digest(customer_id)))


def tombstones_of(book: Book) -> Tombstones | None:
    """Return who was forgotten, as a book has it now; None where nobody was.

    Raises:
        InputError: the secret of this book is not here, so that whoever was forgotten would come back.
    """
    with book.reading() as connection:
        return tombstones_in(connection, book.keeper)


def tombstones_in(connection: Connection, keeper: SecretKeeper) -> Tombstones | None:
    """Return who was forgotten, as a transaction sees it; arguments and errors as for `digests_of`."""
    digests = frozenset(connection.scalars(sa.select(ERASURES.c.customer_digest).where(NOT_LET_IN)))
    return Tombstones(digests, digests_for(connection, keeper)) if digests else None


def forgotten_among(connection: Connection, keeper: SecretKeeper, customer_ids: Collection[str]) -> frozenset[str]:
    """Return which of some customers were forgotten; arguments and errors as for `digests_of`."""
    found = tombstones_in(connection, keeper)
    return frozenset() if found is None else found(customer_ids)


def forgotten_version(connection: Connection) -> tuple[int, int]:
    """Return what is another one once somebody was forgotten or let in: the records there are, and who is out."""
    query = sa.select(sa.func.count(), sa.func.count().filter(NOT_LET_IN)).select_from(ERASURES)
    return tuple(connection.execute(query).one())  # type: ignore[return-value]


def refuse_forgotten(connection: Connection, keeper: SecretKeeper, customer_ids: Collection[str]) -> None:
    """Refuse to write of customers who were forgotten while it was computed what is to be written.

    Args:
        connection: of the writer.
        keeper: knows where the secret lies.
        customer_ids: of whom it is.

    Raises:
        InputError: somebody was forgotten meanwhile, or the secret of this book is not here.
    """
    if gone := forgotten_among(connection, keeper, customer_ids):
        many = "a customer was" if len(gone) == 1 else f"{len(gone):,} customers were"
        raise InputError(f"{many} forgotten while this was computed; nothing was recorded: run the command again")


def let_in(book: Book, customer_id: str, by: str, why: str) -> int:
    """Let somebody who was forgotten in again, as after a mistake; what was erased does not come back.

    Args:
        book: the database of record.
        customer_id: whom.
        by: who decides.
        why: for what reason.

    Returns:
        How many records no longer keep the customer out; 0 where none did.
    """
    with book.writing() as connection:
        if connection.scalar(sa.select(ERASURES.c.id).where(NOT_LET_IN).limit(1)) is None:
            return 0
        whose = digests_of(connection, book.keeper, digest(customer_id))
        theirs = sa.update(ERASURES).where(NOT_LET_IN, ERASURES.c.customer_digest.in_(whose))
        return connection.execute(theirs.values(let_in_at=utc_now(), let_in_by=by, let_in_why=why)).rowcount


def keep_out_of_before(book: Book) -> int:
    """Keep out whoever was erased before erasures kept anybody out, and return how many erasures these are."""
    with book.writing() as connection:
        of_before = sa.update(ERASURES).where(ERASURES.c.let_in_why == BEFORE)
        return connection.execute(of_before.values(let_in_at=None, let_in_by=None, let_in_why=None)).rowcount
