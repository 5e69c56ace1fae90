"""What must not come back with an older book: customers who were erased since, and keys that were revoked since.

Both are known to the book that is replaced, where that can still be read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from features.errors import RegularsError
from features.sources.kept.erase import erase_from
from features.sources.kept.index import FOLDER as KEPT
from serving.book import Book
from serving.book.connection import faults_of, reading
from serving.book.migrate import HEAD, version_of
from serving.book.privacy.erasure import erase, overwrite_freed
from serving.book.privacy.holdings import BY_ACCOUNT, BY_CUSTOMER
from serving.book.privacy.sealing import digests_for
from serving.book.recognition.identity import counts
from serving.book.schema import ERASURES, KEYS, SECRET_CHECK
from serving.book.sql_rows import digest
from serving.config import Settings

WHO = "regulars restore"


@dataclass(frozen=True)
class Former:
    """What the book that is replaced knew, as far as a restored one has to know it too.

    Args:
        erasures: rows of its records of erasures.
        check: of the secret that they are under; None where it has none.
        revoked: key → when it was revoked.
        rows: table → rows, of what cannot be made again from the shop's files.
    """

    erasures: tuple[Mapping[str, Any], ...] = ()
    check: str | None = None
    revoked: Mapping[str, Any] = field(default_factory=dict)
    rows: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Carried:
    """What was done so that nobody comes back.

    Args:
        erased: customers who were erased again.
        revoked: keys that were revoked again.
        not_carried: erasures that the restored book cannot know, since its secret is another one or is not here.
    """

    erased: int = 0
    revoked: int = 0
    not_carried: int = 0


def former_of(engine: Engine) -> Former | None:
    """Return what the book that is replaced knew; None where it cannot be read, or is of another version."""
    try:
        with faults_of(engine), reading(engine) as connection:
            return _known(connection) if version_of(connection) == HEAD else None
    except (RegularsError, sa.exc.SQLAlchemyError):
        return None


def _known(connection: Connection) -> Former:
    return Former(
        tuple(dict(row) for row in connection.execute(sa.select(ERASURES)).mappings()),
        connection.scalar(sa.select(SECRET_CHECK.c.value).where(SECRET_CHECK.c.former.is_(None))),
        {row.id: row.revoked_at for row in connection.execute(sa.select(KEYS).where(KEYS.c.revoked_at.is_not(None)))},
        counts(connection),
    )


def carry_over(book: Book, folder: Path, settings: Settings | None, former: Former) -> Carried:
    """Revoke again and erase again, in a restored book and its added exports, what the former book knew of.

    Args:
        book: the restored one, open.
        folder: with the restored shop's added exports.
        settings: the restored ones; None where they cannot be read, and no export can be either.
        former: what the book that is replaced knew.
    """
    revoked = _revoke(book, former.revoked)
    with book.reading() as connection:
        known = set(connection.scalars(sa.select(ERASURES.c.at)))
        check = connection.scalar(sa.select(SECRET_CHECK.c.value).where(SECRET_CHECK.c.former.is_(None)))
    since = [row for row in former.erasures if row["at"] not in known]
    if not since or (check is not None and check != former.check):
        return Carried(revoked=revoked, not_carried=len(since))
    try:
        erased = tuple(_erased(book, since, former.check))
    except RegularsError:
        return Carried(revoked=revoked, not_carried=len(since))
    for customer_id in erased:
        rows = 0
        if settings is not None:
            rows = erase_from(folder / KEPT, settings.orders, [customer_id], settings.files.access())
        erase(book, customer_id, WHO, {KEPT: rows})
    if erased:
        overwrite_freed(book)  # nobody else has it open yet
    return Carried(len(erased), revoked)


def _revoke(book: Book, revoked: Mapping[str, Any]) -> int:
    done = 0
    with book.writing() as connection:
        for key, at in revoked.items():
            again = sa.update(KEYS).where(KEYS.c.id == key, KEYS.c.revoked_at.is_(None)).values(revoked_at=at)
            done += connection.execute(again).rowcount
    return done


def _erased(book: Book, since: list[Mapping[str, Any]], check: str | None) -> Iterator[str]:
    """Record the erasures since then in the restored book, and yield each customer of it who was erased."""
    with book.writing() as connection:
        if connection.scalar(sa.select(sa.func.count()).select_from(SECRET_CHECK)) == 0:
            connection.execute(sa.insert(SECRET_CHECK).values(value=check, since=since[0]["at"]))
        rows = [{name: value for name, value in row.items() if name != "id"} for row in since]
        connection.execute(sa.insert(ERASURES), rows)
        gone = {row["customer_digest"] for row in since if row["let_in_at"] is None}
        digests = digests_for(connection, book.keeper)
        ids = _ids_in(connection)
    yield from (each for each in ids if not gone.isdisjoint(digests(digest(each))))


def _ids_in(connection: Connection) -> list[str]:
    """Return every customer that a book holds."""
    columns = [table.c.customer_id for table in BY_CUSTOMER] + [table.c.account_id for table in BY_ACCOUNT]
    asked = sa.union(*(sa.select(column.label("id")) for column in columns)).subquery()
    return sorted(connection.scalars(sa.select(asked.c.id).where(asked.c.id.is_not(None))))
