"""A shop that is backed up, and what is looked at after it was restored."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from serving.book.connection import engine_of
from serving.book.schema import METADATA
from tests.serving.faults import Ended, ended

# What a restore records of itself, and what counts the writes.
OWN = {"identity", "audit"}
Rows = dict[str, list[str]]


def rows_of(place: Path | str) -> Rows:
    """Every row of a book on either kind of database, as Python reads it; what a restore itself records left out."""
    engine = engine_of(place)
    try:
        with engine.connect() as connection:
            tables = (table for table in METADATA.sorted_tables if table.name not in OWN)
            return {
                table.name: sorted(repr(tuple(row)) for row in connection.execute(table.select())) for table in tables
            }
    finally:
        engine.dispose()


def asked(folder: Path, query: str) -> list[tuple[Any, ...]]:
    """Ask the book of a folder."""
    with closing(sqlite3.connect(folder / "book.db")) as book:
        return book.execute(query).fetchall()


def back_up(folder: Path, *more: object, out: Path | None = None) -> Path:
    """Back a shop up, and return the archive."""
    archive = out or folder.parent / "shop.zip"
    found = regulars("backup", "--out", archive, "--config", folder / "regulars.toml", *more)
    assert found.code == 0, found
    return archive


def regulars(*arguments: object) -> Ended:
    """Run a command, and say how it ended."""
    return ended([str(each) for each in arguments])


def restored(archive: Path, folder: Path, *more: object) -> Ended:
    """Restore a backup, which has to succeed."""
    found = regulars("restore", archive, "--into", folder, *more)
    assert found.code == 0, found
    return found


def files_of(folder: Path) -> dict[str, bytes]:
    """Every file of a folder; backups, and what SQLite keeps beside an open database, left out."""
    left_out = ("-wal", "-shm", ".zip")
    found = (path for path in folder.rglob("*") if path.is_file() and not path.name.endswith(left_out))
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


@pytest.fixture
def archive(changed: Path) -> Path:
    """A backup of a shop with a list, a key, a webhook and models."""
    return back_up(changed)


def dies_at(number: int, work: Callable[[], object], *, points: list[tuple[object, str]]) -> bool:
    """Do some work in a process of its own that is killed at a point, and return whether it was.

    Args:
        number: at which call of one of the points, from 0.
        work: what is done.
        points: owner and name of the functions at whose beginning a process may be killed.
    """
    child = os.fork()
    if not child:  # pragma: no cover — another process, which never comes back
        try:
            left = [number]
            for owner, name in points:
                setattr(owner, name, _fatal(getattr(owner, name), left))
            work()
        finally:
            os._exit(0)
    return os.waitpid(child, 0)[1] != 0


def _fatal(real: Callable[..., Any], left: list[int]) -> Callable[..., Any]:
    def counted(*arguments: Any, **options: Any) -> Any:
        left[0] -= 1
        if left[0] < 0:
            os.kill(os.getpid(), 9)
        return real(*arguments, **options)

    return counted
