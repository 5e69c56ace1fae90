"""Puts the book of a backup into a database on a server, whole or not at all, and keeps the book that was there."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from features.errors import InputError
from serving.backup.book_rows import copy_rows, refuse_different, sums_of
from serving.book.connection import engine_of, faults_of, reading, shown_name, writing
from serving.book.migrate import HEAD, VERSION_TABLE, make_tables, version_of
from serving.book.privacy.secret import SecretKeeper
from serving.book.schema import AUDIT, METADATA


def holds_rows(engine: Engine) -> bool:
    """Say whether a database holds a book already."""
    with faults_of(engine), reading(engine) as connection:
        return version_of(connection) is not None


def keep_former(engine: Engine, folder: Path) -> None:
    """Write the book that a database holds into a folder, as a file of SQLite.

    Raises:
        InputError: it is of another version than this one's.
    """
    kept = engine_of(folder)
    try:
        with faults_of(engine), reading(engine) as former:
            found = version_of(former)
            if found != HEAD:
                raise InputError(
                    f"the book in {shown_name(engine)} is of version {found}, and could not be kept aside: let "
                    "`regulars book` migrate it, or drop its tables, first"
                )
            with writing(kept) as target:
                make_tables(target, SecretKeeper(None))
                refuse_different(copy_rows(former, target), sums_of(target), target)
    finally:
        kept.dispose()


def put_rows(folder: Path, engine: Engine, restore_id: str) -> None:
    """Make the book in a folder the one of a database, in one transaction; where that was done before, nothing is.

    Args:
        folder: with the book as a file of SQLite, of this version.
        engine: of the database.
        restore_id: which the book in the folder has among its records.
    """
    source = engine_of(folder)
    try:
        with faults_of(engine), writing(engine) as target:
            if _is_done(target, restore_id):
                return
            _drop(target)
            make_tables(target, SecretKeeper(None))
            with reading(source) as book:
                refuse_different(copy_rows(book, target), sums_of(target), target)
    finally:
        source.dispose()


def _is_done(connection: Connection, restore_id: str) -> bool:
    if version_of(connection) != HEAD:
        return False
    recorded = sa.select(AUDIT.c.id).where(AUDIT.c.action == "restore", AUDIT.c.why.contains(restore_id))
    return connection.scalar(recorded.limit(1)) is not None


def _drop(connection: Connection) -> None:
    """Drop the tables of the book, and no table of anybody else."""
    METADATA.drop_all(connection)
    connection.exec_driver_sql(f"DROP TABLE IF EXISTS {VERSION_TABLE}")
