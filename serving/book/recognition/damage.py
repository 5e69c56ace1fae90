"""Looks at every page and every row of a book: what cannot be read any more, table by table."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from serving.book.book import Book
from serving.book.schema import METADATA

SHOWN = 5
ROWS_AT_ONCE = 10_000


def damage_in(book: Book) -> tuple[str, ...]:
    """Return what is damaged in a book, in words; nothing where it is whole.

    SQLite is asked about its pages and keys. Every row is read as the schema says: a changed byte within a date or a
    number is seen too.

    Raises:
        MachineFault: it cannot be read at all.
    """
    with book.reading() as connection:
        pages = tuple(_pages(connection)) if book.engine.dialect.name == "sqlite" else ()
    return (*pages, *(words for table in METADATA.sorted_tables for words in _rows(book, table)))


def _pages(connection: Connection) -> Iterator[str]:
    for (said,) in connection.exec_driver_sql(f"PRAGMA integrity_check({SHOWN})"):
        if said != "ok":
            yield f"damaged: {said}"
    for table, *_ in connection.exec_driver_sql("PRAGMA foreign_key_check").fetchmany(SHOWN):
        yield f"damaged: a row of {table} belongs to nothing"


def _rows(book: Book, table: sa.Table) -> Iterator[str]:
    with book.reading() as connection:
        try:
            for _ in connection.execution_options(yield_per=ROWS_AT_ONCE).execute(sa.select(table)):
                pass
        except (SQLAlchemyError, ValueError, TypeError) as error:
            yield f"damaged: {table.name} cannot be read: {type(error).__name__}"
