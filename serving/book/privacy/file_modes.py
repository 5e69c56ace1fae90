"""The files of a book in SQLite are read by nobody but whom the shop names, from the first byte on."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from features.atomic_write import once
from features.faults import cannot_be
from features.file_access import Access

BESIDE = ("-wal", "-shm")  # SQLite's own files beside a book that is open
LOG = logging.getLogger("regulars.book")


def keep_from_others(engine: Engine, access: Access) -> None:
    """Have a book's file and those beside it get their mode and group when a connection is made."""
    name = engine.url.database
    if name and name != ":memory:" and not name.startswith("file:"):
        files = _BookFiles(Path(name), access)
        sa.event.listen(engine, "do_connect", files.before_connecting)
        sa.event.listen(engine, "connect", files.after_connecting)


class _BookFiles:
    """The file of a book, and those that SQLite makes beside it, with the book's mode but not its group."""

    def __init__(self, file: Path, access: Access) -> None:
        self._file, self._access = file, access
        self._looked_at = False

    def before_connecting(self, *_: Any) -> None:
        """Make the file where there is none; close one to others that a former version left open to them."""
        try:
            if not self._file.parent.is_dir():
                return  # who opens the book says so
            if not self._file.exists():
                # Not opened in its place: to close it there would drop the locks that this process holds on it.
                once(self._file, b"", self._access)
            elif not self._looked_at:
                for each in (self._file, *self._beside()):
                    self._close(each)
        except OSError as error:
            raise cannot_be("written", self._file, error) from error
        self._looked_at = True

    def after_connecting(self, connection: Any, _: object) -> None:
        """Give the files beside the book its group."""
        if self._access.group is not None:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()  # now they are there
            for each in self._beside():
                with suppress(FileNotFoundError):
                    self._access.grant(each)

    def _beside(self) -> Iterator[Path]:
        yield from (self._file.with_name(self._file.name + ending) for ending in BESIDE)

    def _close(self, file: Path) -> None:
        with suppress(FileNotFoundError):
            found, wanted = file.stat(), self._access.file_mode
            if os.geteuid() not in (0, found.st_uid) or self._access.holds(file):
                return  # who owns the file decides who reads it
            self._access.grant(file)
            if found.st_mode & 0o777 & ~wanted:
                was, is_now = f"{found.st_mode & 0o777:o}", f"{wanted:o}"
                LOG.warning(
                    "%s could be read by others (mode %s); it is %s now, and [files] group in regulars.toml names a "
                    "group that may read it",
                    *(file, was, is_now),
                )
