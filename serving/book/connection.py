"""Connections to the book: SQLite beside `regulars.toml` by default, PostgreSQL by URL, with the same guarantees.

A writer takes its lock before it reads anything, so two runs come one after the other and never interleave. A reader
sees one moment of the book and waits for no writer. No error shows a password.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from features.errors import Damaged, InputError, Unreachable
from features.faults import cannot_be, fault_of
from features.file_access import OWNER_ONLY, Access
from serving.book.privacy.file_modes import keep_from_others

FILE = "book.db"
BUSY_SECONDS = 60  # a run of a million customers writes for some ten seconds, and several may queue
WRITER_LOCK = 7_367_706_850  # any number, as long as every version of Regulars takes the same
NEW_BOOK = "regulars book --new-book --by NAME --why TEXT"
OUT_OF_DAMAGE = f"put its backup back (or begin anew, without what it held: {NEW_BOOK})"
UNCHANGED = "the book is as it was before"
_DRIVERS = {"postgres": "postgresql+psycopg", "postgresql": "postgresql+psycopg"}


def engine_of(place: Path | str, access: Access = OWNER_ONLY) -> Engine:
    """Return the engine of a book.

    Args:
        place: a folder, for SQLite in `<folder>/book.db`, or the URL of an SQLite or PostgreSQL database.
        access: who may read the files of SQLite.

    Raises:
        InputError: the URL cannot be read, or is of another kind of database; the folder cannot be made.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     engine_of(folder).dialect.name
    'sqlite'
    >>> engine_of("postgresql://regulars:secret@localhost/book").url
    postgresql+psycopg://regulars:***@localhost/book
    """
    url = _url(place) if isinstance(place, str) and "://" in place else _sqlite_url(Path(place), access)
    if url.get_backend_name() == "sqlite":
        engine = sa.create_engine(url, connect_args={"timeout": BUSY_SECONDS}, hide_parameters=True)
        sa.event.listen(engine, "connect", _set_up_sqlite)
        keep_from_others(engine, access)
    else:
        engine = sa.create_engine(url, hide_parameters=True)
    sa.event.listen(engine, "begin", _begin)
    return engine


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Open a transaction that no other writer interleaves with; an error leaves the book as it was."""
    with engine.connect().execution_options(regulars_writes=True) as connection, connection.begin():
        yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Open a connection that sees one moment of the book, whatever is written meanwhile."""
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        with connection.begin():
            yield connection


def shown_name(engine: Engine) -> str:
    """Return where the book is, as it may be shown: a file, or a URL without password and options.

    >>> shown_name(engine_of("postgresql://regulars:secret@localhost/book?sslpassword=hidden"))
    'postgresql://regulars@localhost/book'
    """
    url = engine.url
    if url.get_backend_name() == "sqlite":
        return url.database or "in memory"
    return sa.URL.create("postgresql", url.username, None, url.host, url.port, url.database).render_as_string()


@contextmanager
def faults_of(engine: Engine) -> Iterator[None]:
    """Name every fault of the machine that keeps a book from being read or written, without the password.

    Raises:
        MachineFault: of the disk, the file, a lock, the memory, or of a database that does not answer.
    """
    try:
        yield
    except sa.exc.DBAPIError as error:
        fault = fault_of(error)
        if fault is None:
            raise
        if fault is Damaged:
            raise Damaged(shown_name(engine), "it is left as it is", remedy=OUT_OF_DAMAGE) from None
        detail = _first_line(engine, error) if fault is Unreachable else ""
        raise fault(shown_name(engine), UNCHANGED, detail) from None


def _first_line(engine: Engine, error: sa.exc.DBAPIError) -> str:
    lines = str(error.orig).strip().splitlines()
    message, password = lines[0] if lines else type(error.orig).__name__, engine.url.password
    return message.replace(str(password), "***") if password else message


def folder_of(engine: Engine) -> Path | None:
    """Return the folder of a book in a file; None for any other."""
    name = engine.url.database
    in_file = engine.dialect.name == "sqlite" and name and name != ":memory:" and not name.startswith("file:")
    return Path(str(name)).parent if in_file else None


def file_of(place: Path | str) -> Path | None:
    """Return the file of a book in a folder, whether it exists or not; None for a book by URL.

    >>> file_of("postgresql://db/regulars") is None, file_of(Path("shop")).name
    (True, 'book.db')
    """
    return place / FILE if isinstance(place, Path) else None


def _sqlite_url(folder: Path, access: Access) -> sa.URL:
    path = folder.resolve() / FILE
    try:
        access.make_folder(path.parent)
    except OSError as error:
        raise cannot_be("made", path.parent, error) from error
    return sa.URL.create("sqlite", database=str(path))


def _url(text: str) -> sa.URL:
    # The parser's message may quote a part of the password, so it is not passed on.
    try:
        url = sa.make_url(text)
    except (sa.exc.ArgumentError, ValueError):
        raise InputError("the book's URL cannot be read; write postgresql://user:password@host:5432/database") from None
    if "@" in (url.host or ""):
        raise InputError('the book\'s URL holds "@" twice; write the one inside the password as %40')
    backend = url.drivername.partition("+")[0]
    if backend not in ("sqlite", *_DRIVERS):
        raise InputError(f'the book lives in SQLite or PostgreSQL, not in "{backend}"')
    return url.set(drivername=_DRIVERS.get(url.drivername, url.drivername))


def _set_up_sqlite(connection: Any, _: object) -> None:
    # The driver would begin transactions late and leave schema changes outside of them; `_begin` begins them instead.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
    try:
        _switch_to_wal(cursor)
    except UnicodeDecodeError as error:  # SQLite quotes the schema that it cannot read, and the quote is no text either
        damage = sqlite3.DatabaseError("malformed database schema")
        damage.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise damage from error
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _switch_to_wal(cursor: sqlite3.Cursor) -> None:
    # SQLite's busy timeout does not cover this pragma: two processes that open a new book at once would collide.
    deadline = time.monotonic() + BUSY_SECONDS
    while cursor.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def _begin(connection: Connection) -> None:
    # A writer takes its lock at once: two runs then wait for each other instead of failing midway.
    writes = connection.get_execution_options().get("regulars_writes", False)
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
    elif writes:
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{BUSY_SECONDS}s'")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITER_LOCK})")
