"""Which list was mailed to which owner: noted before it is sent and after, so that nobody gets the same list twice.

A note that was begun and not ended is of a command that was broken off, or of a connection that was lost, while the
mail server had the mail in its hands: nobody knows whether it went out.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import sqlalchemy as sa

from serving.book.book import Book
from serving.book.schema import MAILED
from serving.book.sql_rows import utc_now

Stage = Literal["not yet", "begun", "sent"]


def stages(book: Book, list_id: int, owners: Iterable[str]) -> dict[str, Stage]:
    """Return how far the mail of a list to each owner has come.

    Args:
        book: the database of record.
        list_id: of a published list.
        owners: whom it is for.
    """
    query = sa.select(MAILED.c.owner, MAILED.c.sent_at).where(MAILED.c.list_id == list_id)
    with book.reading() as connection:
        known = {row.owner: row.sent_at for row in connection.execute(query)}
    return {owner: _stage(known, owner) for owner in owners}


def _stage(known: dict[str, object], owner: str) -> Stage:
    if owner not in known:
        return "not yet"
    return "begun" if known[owner] is None else "sent"


def begin(book: Book, list_id: int, owner: str) -> bool:
    """Note that a mail is about to be sent; say whether it is ours to send, and not another process's."""
    with book.writing() as connection:
        if connection.scalar(sa.select(MAILED.c.owner).where(MAILED.c.list_id == list_id, MAILED.c.owner == owner)):
            return False
        connection.execute(MAILED.insert().values(list_id=list_id, owner=owner, begun_at=utc_now()))
        return True


def end(book: Book, list_id: int, owner: str) -> None:
    """Note that the mail server has taken a mail."""
    with book.writing() as connection:
        row = MAILED.update().where(MAILED.c.list_id == list_id, MAILED.c.owner == owner)
        connection.execute(row.values(sent_at=utc_now()))


def take_back(book: Book, list_id: int, owners: Iterable[str]) -> None:
    """Forget that mails were begun: the mail server refused them, or somebody wants them sent again."""
    with book.writing() as connection:
        connection.execute(MAILED.delete().where(MAILED.c.list_id == list_id, MAILED.c.owner.in_(list(owners))))
