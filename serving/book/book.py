"""The book: the database of record of one installation.

It holds the scores of every run, every list that went out, what came of it, and who let which model serve: SQLite
beside `regulars.toml` by default, PostgreSQL by URL. Money is stored in minor units, times in UTC, and the sentences of
a score as JSON. This class opens, recognises, reads, writes and closes; what is read and written stands in the modules
beside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from features.errors import RegularsError
from features.file_access import OWNER_ONLY, Access
from serving.book.connection import engine_of, faults_of, folder_of, reading, writing
from serving.book.migrate import bring_up_to_date
from serving.book.privacy.secret import SecretKeeper
from serving.book.recognition.damage import damage_behind
from serving.book.recognition.identity import changes, count_write, counts, identity_of, refuse_clock_behind
from serving.book.recognition.known_book import KnownBook
from serving.book.recognition.same_book import recognised, refuse_gone, refuse_none


class Book:
    """The database of record, opened, recognised and brought to this version's schema.

    Args:
        place: a folder, for SQLite in `<folder>/book.db`, or the URL of an SQLite or PostgreSQL database.
        access: who may read SQLite's files, and what is noted of them.
        home: the folder in which the secret lies; by default that of SQLite's file.
        known_in: the shop's folder for what it knows; None = whatever book is there is the right one.
        made: whether it is made where there is none and the shop never had one.
        clock_may_be_behind: write though the clock stands before the last write.

    Raises:
        InputError: it cannot be opened, or was written by a newer version of Regulars.
        WrongBook: the shop knows a book, and it is gone, empty, another one or, said once, an older copy.
        MachineFault: the machine does not let it be read.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     book = Book(folder)
    ...     with book.reading() as connection:
    ...         connection.exec_driver_sql("SELECT count(*) FROM runs").scalar()
    ...     book.close()
    0
    """

    def __init__(
        self,
        place: Path | str,
        access: Access = OWNER_ONLY,
        home: Path | None = None,
        *,
        known_in: Path | None = None,
        made: bool = True,
        clock_may_be_behind: bool = False,
    ) -> None:
        self._clock_may_be_behind = clock_may_be_behind
        self._known = None if known_in is None else KnownBook(known_in, access)
        self.engine = engine_of(place, access)
        self.keeper = SecretKeeper(home or folder_of(self.engine))
        try:
            self._open(made)
        except BaseException as error:
            damage = damage_behind(error, self.engine)
            self.engine.dispose()
            if damage is not None:
                raise damage from None
            raise

    def close(self) -> None:
        """Note how far the book has come, and close every connection."""
        self._note()
        self.engine.dispose()

    def recognise(self) -> None:
        """See that it is still the shop's book, and note how far it has come.

        Raises:
            WrongBook: it is another one by now, or an older copy.
            MachineFault: it cannot be read, or the clock is behind.
        """
        if self._known is None:
            return
        known = self._known.read()
        refuse_gone(self.engine, known)
        with self.reading() as connection:
            refuse_none(connection, known, made=False)
            refuse_clock_behind(connection)
            found, rows = identity_of(connection), counts(connection)
        recognised(self.engine, self._known, known, found, rows)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Open a transaction that no other writer interleaves with; an error leaves the book as it was."""
        with faults_of(self.engine), writing(self.engine) as connection:
            if not self._clock_may_be_behind:
                refuse_clock_behind(connection)
            before = changes(connection)
            yield connection
            if connection.in_transaction() and changes(connection) != before:  # nothing changed, or all was taken back
                count_write(connection)
        if self._known is not None and self._known.is_due:
            self._note()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a connection that sees one moment of the book and waits for no writer."""
        with faults_of(self.engine), reading(self.engine) as connection:
            yield connection

    def _note(self) -> None:
        """Note how far the book has come; where that fails, the next opening notes it."""
        if self._known is None:
            return
        with suppress(RegularsError, SQLAlchemyError), self.reading() as connection:
            known, found = self._known.read(), identity_of(connection)
            if found is not None and known is not None and found.id == known.id and found.writes > known.writes:
                self._known.note(found, counts(connection))

    def _open(self, made: bool) -> None:
        known = None if self._known is None else self._known.read()
        refuse_gone(self.engine, known)
        with self.reading() as connection:
            refuse_none(connection, known, made=made)
        bring_up_to_date(self.engine, self.keeper)
        self.recognise()
