"""Who may read the file of a DuckDB that is made: it takes no mode of ours, nor does the log beside it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from features.file_access import Access
from features.sources.databases.address import Database


@contextmanager
def made_private(database: Database, access: Access) -> Iterator[None]:
    """Keep what the block makes from everybody else, and give a DuckDB that is new to whom the shop lets read.

    Args:
        database: that is opened for writing within the block.
        access: who may read the file.
    """
    made, before = is_missing_file(database), os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)
    if made:
        access.grant(file_of(database))


def is_missing_file(database: Database) -> bool:
    """Say whether nothing was ever written: a DuckDB that is not there would be made.

    Args:
        database: of any kind.
    """
    return database.scheme == "duckdb" and not file_of(database).is_file()


def file_of(database: Database) -> Path:
    """Return the file of a DuckDB.

    Args:
        database: of DuckDB.

    >>> file_of(Database("duckdb://marts.duckdb", "[out]")).name
    'marts.duckdb'
    """
    parts = urlsplit(database.filled())
    return Path(parts.netloc + parts.path)
