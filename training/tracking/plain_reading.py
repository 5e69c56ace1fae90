"""Reads the tables of MLflow's file without MLflow, which takes seconds to begin."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Literal

from training.sqlite_url import sqlite_uri

# A process that was killed amid a write leaves the file with a journal, which is rolled back before anybody may read.
NEEDS_A_ROLLBACK = (
    sqlite3.SQLITE_READONLY_ROLLBACK,
    sqlite3.SQLITE_READONLY_RECOVERY,
    sqlite3.SQLITE_READONLY_CANTINIT,
)


def read_rows(file: Path, query: str, values: Sequence[str] = ()) -> list[tuple[Any, ...]]:
    """Return rows of a file; nothing is written to it but what takes back the half of a write that was killed.

    Args:
        file: of MLflow.
        query: of its tables.
        values: that the query names by question marks.

    Raises:
        sqlite3.Error: it cannot be read, or a write cannot be taken back by this user.
    """
    try:
        return _rows(file, "ro", query, values)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode not in NEEDS_A_ROLLBACK:
            raise
    return _rows(file, "rw", query, values)


def _rows(file: Path, mode: Literal["ro", "rw"], query: str, values: Sequence[str]) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(sqlite_uri(file, mode), uri=True)) as opened:
        return opened.execute(query, tuple(values)).fetchall()
