"""Stored scores by customer id, as fast as a database gives them: rows as the driver has them, no objects made.

A program asks for one score while a person waits, or for ten thousand at once; SQLAlchemy's row objects would cost
more than the database itself. Everything else reads the book the usual way.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

from features.errors import InputError
from serving.book.book import Book
from serving.book.rows import in_pieces
from serving.book.runs import SCORE_FACTS

IDS_AT_ONCE = 10_000
MAPPED_BYTES = 1 << 30  # of the book's file, read without a call to the system for each page
RUN_FACTS = ("id", "as_of", "horizon_days", "model_version", "currency", "recorded_at")
_RUN = f"SELECT {', '.join(RUN_FACTS)} FROM runs ORDER BY as_of DESC, id DESC LIMIT 1"
_ROWS = f"SELECT {', '.join(SCORE_FACTS)} FROM scores WHERE run_id = "


@dataclass(frozen=True)
class Found:
    """Rows of the latest run, each in the order of SCORE_FACTS; dates as ISO text, reasons as JSON text."""

    run: dict[str, Any]
    rows: Sequence[Sequence[Any]]


class Lookup:
    """Reads the latest run's scores of a book.

    Args:
        book: the database of record, open.
    """

    def __init__(self, book: Book) -> None:
        self._book = book
        self._sqlite = book.engine.dialect.name == "sqlite"
        self._connection: sqlite3.Connection | None = None
        self._alone = Lock()

    def close(self) -> None:
        """Let go of the connection."""
        with self._alone:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def scores(self, customer_ids: Sequence[str]) -> Found | None:
        """Return the latest run and its rows of the given customers, in any order; None where there is no run.

        Raises:
            sqlite3.Error, sqlalchemy.exc.SQLAlchemyError: the book cannot be read.
        """
        return self._from_sqlite(customer_ids) if self._sqlite else self._from_postgresql(customer_ids)

    def _from_sqlite(self, customer_ids: Sequence[str]) -> Found | None:
        with self._alone:
            opened = self._opened()
            opened.execute("BEGIN")  # run and rows are of one moment
            try:
                run = opened.execute(_RUN).fetchone()
                if run is None:
                    return None
                rows: list[Any] = []
                for piece in in_pieces(customer_ids, IDS_AT_ONCE):
                    marks = ",".join("?" * len(piece))
                    rows += opened.execute(f"{_ROWS}? AND customer_id IN ({marks})", (run[0], *piece)).fetchall()
                return Found(dict(zip(RUN_FACTS, run, strict=True)), rows)
            finally:
                opened.execute("ROLLBACK")

    def _from_postgresql(self, customer_ids: Sequence[str]) -> Found | None:
        with self._book.reading() as connection:
            run = connection.exec_driver_sql(_RUN).fetchone()
            if run is None:
                return None
            query = f"{_ROWS}%s AND customer_id = ANY(%s)"
            rows = connection.exec_driver_sql(query, (run[0], list(customer_ids))).fetchall()
        return Found(dict(zip(RUN_FACTS, run, strict=True)), [tuple(map(_as_text, row)) for row in rows])

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            path = self._book.engine.url.database
            if path is None:
                raise InputError("a book in memory is served by nobody: it lives in one connection")
            # Read only by name and by pragma: what is not there is not made.
            opened = sqlite3.connect(f"file:{path}?mode=rw", uri=True, check_same_thread=False, isolation_level=None)
            opened.execute("PRAGMA query_only = ON")
            opened.execute(f"PRAGMA mmap_size = {MAPPED_BYTES}")
            self._connection = opened
        return self._connection


def _as_text(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value
