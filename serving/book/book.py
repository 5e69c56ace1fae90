"""The book: the database of record of one installation.

It holds the scores of every run, every list that went out, what came of it, and who let which model serve: SQLite
beside `regulars.toml` by default, PostgreSQL by URL. Money is stored in minor units, times in UTC, and the sentences of
a score as JSON. This class opens, reads, writes and closes; what is read and written stands in the modules beside it.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

from sqlalchemy.engine import Connection

from features.file_access import OWNER_ONLY, Access
from serving.book.connection import engine_of, folder_of, reading, writing
from serving.book.migrate import bring_up_to_date
from serving.book.privacy.secret import SecretKeeper


class Book:
    """The database of record, opened and brought to this version's schema.

    `place` is a folder, for SQLite in `<folder>/book.db`, or the URL of an SQLite or PostgreSQL database; `access` says
    who may read SQLite's files, and `home` in which folder the secret lies, by default that of the file. Raises
    InputError where it cannot be opened, or was written by a newer version of Regulars.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     book = Book(folder)
    ...     with book.reading() as connection:
    ...         connection.exec_driver_sql("SELECT count(*) FROM runs").scalar()
    ...     book.close()
    0
    """

    def __init__(self, place: Path | str, access: Access = OWNER_ONLY, home: Path | None = None) -> None:
        self.engine = engine_of(place, access)
        self.keeper = SecretKeeper(home or folder_of(self.engine))
        try:
            bring_up_to_date(self.engine, self.keeper)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()

    def writing(self) -> AbstractContextManager[Connection]:
        """Open a transaction that no other writer interleaves with; an error leaves the book as it was."""
        return writing(self.engine)

    def reading(self) -> AbstractContextManager[Connection]:
        """Open a connection that sees one moment of the book and waits for no writer."""
        return reading(self.engine)
