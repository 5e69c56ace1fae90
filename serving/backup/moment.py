"""Book and registry as they are at one moment, while a server writes to the one and a training to the other.

Both are held for reading before either is copied. A writer of the book goes on meanwhile; one of the registry waits for
the fraction of a second in which its small file is copied.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from features.errors import Damaged, InputError
from features.faults import faults_at
from features.file_access import OWNER_ONLY
from serving.backup.book_rows import copy_rows, refuse_different, sums_of
from serving.book.connection import (
    BUSY_SECONDS,
    FILE,
    OUT_OF_DAMAGE,
    engine_of,
    faults_of,
    reading,
    shown_name,
    writing,
)
from serving.book.migrate import HEAD, make_tables, version_of
from serving.book.privacy.secret import SecretKeeper
from serving.book.recognition.damage import SEE, damage_in
from serving.book.recognition.identity import Identity, counts, identity_of
from serving.book.recognition.known_book import Known
from serving.book.recognition.same_book import refuse_gone, refuse_none
from training.sqlite_url import sqlite_uri


@dataclass(frozen=True)
class BookFacts:
    """What is known of the book in a backup: where it came from, its schema, its identity, and rows per table."""

    kind: str
    revision: str
    identity: Identity | None
    rows: dict[str, int]

    @property
    def written_at(self) -> datetime | None:
        """When the book was last written, in UTC."""
        return None if self.identity is None else self.identity.written_at


def copy_at_one_moment(
    engine: Engine | None, known: Known | None, databases: dict[Path, Path], scratch: Path
) -> BookFacts | None:
    """Copy a book and other databases as they are at one moment.

    Args:
        engine: of the book, which is not migrated; None where the shop never had one.
        known: what the shop knows of its book.
        databases: file of SQLite → where its copy goes.
        scratch: the folder in which the copy of the book is made, as `book.db`.

    Raises:
        WrongBook: the book is gone, empty or another one: a backup of it would replace a good one.
        Damaged: the book is.
        InputError: a book on PostgreSQL that has to be migrated first.
    """
    with ExitStack() as held:
        others = [(held.enter_context(_held(file)), copy) for file, copy in databases.items()]
        book = None if engine is None else held.enter_context(read(engine, known))
        for database, copy in others:
            _copy(database, copy)
            database.execute("ROLLBACK")  # whoever wants to write waits for us
        return None if book is None else _copy_book(book, scratch)


@contextmanager
def _held(file: Path) -> Iterator[sqlite3.Connection]:
    """Hold a file of SQLite as it is now."""
    with faults_at(file):
        opened = sqlite3.connect(sqlite_uri(file, "rw"), uri=True, isolation_level=None, timeout=BUSY_SECONDS)
        with closing(opened) as connection:
            connection.execute("BEGIN")
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            yield connection


@contextmanager
def read(engine: Engine, known: Known | None) -> Iterator[Connection]:
    """Hold a book as it is now, whatever is written meanwhile; it is not migrated.

    Raises:
        WrongBook: it is gone, empty or another one than the shop knows.
    """
    refuse_gone(engine, known)
    with faults_of(engine), reading(engine) as connection:
        refuse_none(connection, known, made=False)
        yield connection


def _copy_book(book: Connection, scratch: Path) -> BookFacts:
    revision = version_of(book) or ""
    if book.dialect.name == "sqlite":
        driver = book.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        OWNER_ONLY.make_file(scratch / FILE)
        _copy(driver, scratch / FILE)
    elif revision == HEAD:
        _copy_from_server(book, scratch)
    else:
        raise InputError(
            f"the book {shown_name(book.engine)} is of version {revision}, and this Regulars backs up {HEAD}: back it "
            "up with the Regulars that wrote it, or let `regulars book` migrate it first"
        )
    _refuse_damaged(scratch, revision, book.engine)
    if revision != HEAD:
        return BookFacts(book.dialect.name, revision, None, {})
    return BookFacts(book.dialect.name, revision, identity_of(book), counts(book))


def _copy(source: sqlite3.Connection, copy: Path) -> None:
    copy.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(copy)) as target:
        source.backup(target)
        # A copy of a book that was open says that it has a write-ahead log; it has none.
        target.execute("PRAGMA journal_mode = DELETE")


def _copy_from_server(book: Connection, scratch: Path) -> None:
    """Write a file of SQLite with the rows of a book on PostgreSQL, and see that they are in it."""
    engine = engine_of(scratch)
    try:
        with faults_of(engine), writing(engine) as target:
            make_tables(target, SecretKeeper(None))
            read = copy_rows(book, target)
            refuse_different(read, sums_of(target), target)
    finally:
        engine.dispose()


def _refuse_damaged(scratch: Path, revision: str, source: Engine) -> None:
    engine = engine_of(scratch)
    try:
        if revision == HEAD:
            found = damage_in(engine)
        else:
            with faults_of(engine), reading(engine) as connection:
                said = connection.execute(sa.text("PRAGMA integrity_check(1)")).scalar_one()
            found = () if said == "ok" else (str(said),)
    finally:
        engine.dispose()
    if found:
        raise Damaged(
            shown_name(source), "no backup was made, the last one is as it was", remedy=f"{SEE} {OUT_OF_DAMAGE}"
        )
