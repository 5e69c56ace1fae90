"""The audit trail: who let which model serve, when and why."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime

import sqlalchemy as sa

from serving.book.book import Book
from serving.book.schema import AUDIT
from serving.book.sql_rows import utc_now

# What somebody decided about the book itself stands in the same table.
OF_MODELS = ("promote", "rollback", "found", "new-models")


@dataclass(frozen=True)
class AuditRow:
    """One change of the serving model: who replaced which version by which, and why; `at` is in UTC."""

    action: str
    who: str
    from_version: str | None
    to_version: str
    why: str
    forced: bool
    at: datetime


@contextmanager
def auditing(
    book: Book, action: str, who: str, from_version: str | None, to_version: str, why: str, *, forced: bool = False
) -> Iterator[AuditRow]:
    """Record a change of the serving model, which the caller makes inside the block; a failed one is not recorded.

    The block is a writer's transaction, so of two people who change the model at once one comes after the other.
    """
    with book.writing() as connection:
        row = AuditRow(action, who, from_version, to_version, why, forced, utc_now())
        connection.execute(sa.insert(AUDIT).values(asdict(row)))
        yield row


def served_last(book: Book) -> str | None:
    """Return the version that served last, as far as the book knows; None where none did, or it was given up."""
    of_models = [row for row in audit_trail(book) if row.action in OF_MODELS]
    return (of_models[-1].to_version or None) if of_models else None


def audit_trail(book: Book) -> tuple[AuditRow, ...]:
    """Return every recorded change of the serving model, oldest first."""
    with book.reading() as connection:
        rows = connection.execute(sa.select(AUDIT).order_by(AUDIT.c.id)).mappings()
        return tuple(AuditRow(**{name: row[name] for name in AuditRow.__dataclass_fields__}) for row in rows)
