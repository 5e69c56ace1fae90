"""Stored scores by customer id, as fast as the database: their JSON was encoded when they were recorded.

A run that was recorded by an older Regulars has no JSON; its rows are encoded when asked for.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Any

import msgspec

from features.errors import InputError
from serving.book.book import Book
from serving.book.score_json import RUN_FACTS, SCORE_FACTS, score_json
from serving.book.sql_rows import batches
from training.sqlite_url import sqlite_uri

IDS_AT_ONCE = 10_000
MAPPED_BYTES = 1 << 30  # of the book's file, read without a call to the system for each page
# The latest run, and the run whose JSON is stored.
_RUN = (
    f"SELECT id, (SELECT run_id FROM answers LIMIT 1), {', '.join(RUN_FACTS)} "
    "FROM runs ORDER BY as_of DESC, id DESC LIMIT 1"
)
_ANSWERS = "SELECT customer_id, answer FROM answers WHERE customer_id"
# The left join keeps the order of the request; missing ids come in a list of their own.
_JOINED = (
    "SELECT CAST(group_concat(answer, ',') AS BLOB), json_group_array(asked.value) FILTER (WHERE answer IS NULL) "
    "FROM json_each(?) AS asked LEFT JOIN answers ON customer_id = asked.value"
)
_ROWS = f"SELECT {', '.join(SCORE_FACTS)} FROM scores WHERE run_id = "
Ask = Callable[[str, Sequence[str]], list[Any]]  # a query that ends at an id, and the ids


class ScoreLookup:
    """The look-up of the latest run's scores in a book.

    Args:
        book: the database of record, open.
    """

    def __init__(self, book: Book) -> None:
        self._book = book
        self._sqlite = book.engine.dialect.name == "sqlite"
        self._connection: sqlite3.Connection | None = None
        self._lock = Lock()

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def scores(self, customer_ids: Sequence[str]) -> dict[str, bytes]:
        """Return customer → JSON of its score in the latest run; unknown customers are left out.

        Raises:
            sqlite3.Error, sqlalchemy.exc.SQLAlchemyError: the book cannot be read.
        """
        return self._from_sqlite(customer_ids) if self._sqlite else self._from_postgresql(customer_ids)

    def joined(self, customer_ids: Sequence[str]) -> tuple[bytes, list[str]] | None:
        """Return the scores' JSON in the order of the ids, joined by commas, and the ids without a score.

        SQLite joins them in one call, during which other threads run; row by row, each would need Python. Returns None
        where this book cannot do so and `scores` has to be used.
        """
        if not self._sqlite:
            return None
        with self._lock:
            opened = self._opened()
            opened.execute("BEGIN")
            try:
                run = opened.execute(_RUN).fetchone()
                if run is None or run[0] != run[1]:
                    return None
                ids = msgspec.json.encode(customer_ids).decode()
                answers, missing = opened.execute(_JOINED, (ids,)).fetchone()
                return bytes(answers or b""), msgspec.json.decode(missing)
            finally:
                opened.execute("ROLLBACK")

    def _from_sqlite(self, customer_ids: Sequence[str]) -> dict[str, bytes]:
        with self._lock:
            opened = self._opened()

            def ask(query: str, ids: Sequence[str]) -> list[Any]:
                parts = batches(ids, IDS_AT_ONCE)
                asked = ((f"{query} IN ({','.join('?' * len(part))})", part) for part in parts)
                return [row for query, part in asked for row in opened.execute(query, part).fetchall()]

            opened.execute("BEGIN")  # so that run and JSON are of one moment
            try:
                return _found(opened.execute(_RUN).fetchone(), ask, customer_ids)
            finally:
                opened.execute("ROLLBACK")

    def _from_postgresql(self, customer_ids: Sequence[str]) -> dict[str, bytes]:
        with self._book.reading() as connection:

            def ask(query: str, ids: Sequence[str]) -> list[Any]:
                return list(connection.exec_driver_sql(f"{query} = ANY(%s)", (list(ids),)).fetchall())

            return _found(connection.exec_driver_sql(_RUN).fetchone(), ask, customer_ids)

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            path = self._book.engine.url.database
            if path is None:
                raise InputError("a book in memory is served by nobody: it lives in one connection")
            # Mode rw makes no new file, and the pragma makes the connection read-only.
            uri = sqlite_uri(path, "rw")
            opened = sqlite3.connect(uri, uri=True, check_same_thread=False, isolation_level=None)
            opened.execute("PRAGMA query_only = ON")
            opened.execute(f"PRAGMA mmap_size = {MAPPED_BYTES}")
            self._connection = opened
        return self._connection


def _found(run: Any, ask: Ask, customer_ids: Sequence[str]) -> dict[str, bytes]:
    if run is None:
        return {}
    run_id, kept_id, *facts = run
    if kept_id == run_id:
        return {customer_id: bytes(answer) for customer_id, answer in ask(_ANSWERS, customer_ids)}
    rows = ask(f"{_ROWS}{int(run_id)} AND customer_id", customer_ids)
    answers = score_json(rows, dict(zip(RUN_FACTS, facts, strict=True)))
    return {row[0]: answer for row, answer in zip(rows, answers, strict=True)}
