"""What a check found, and what is examined. A check changes nothing: no book is migrated, and nothing is remembered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from sqlalchemy.exc import SQLAlchemyError

from features.errors import RegularsError
from serving.backup.moment import read
from serving.book import Book
from serving.book.connection import engine_of
from serving.book.migrate import HEAD, version_of
from serving.book.recognition.known_book import KnownBook, never_had
from serving.config import Settings

State = Literal["ok", "warning", "problem"]


@dataclass(frozen=True)
class Finding:
    """What a check found.

    Args:
        check: what was looked at.
        state: ok; a warning, with which everything works still; or a problem, with which something does not.
        words: what was found, one sentence without a full stop; one of ours knows its message.
        to_do: what to do, or the command that does it; "" where nothing is.
    """

    check: str
    state: State
    words: str
    to_do: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return asdict(self)


class Examined:
    """What is examined: an installation and, where its settings can be read, a shop.

    Args:
        toml: the file of the settings.
        settings: None where they cannot be read.
        host: where the server would listen.
        port: on which.
    """

    def __init__(self, toml: Path, settings: Settings | None, host: str, port: int) -> None:
        self.toml, self.settings, self.host, self.port = toml, settings, host, port
        self.now = datetime.now(UTC)
        self._book: Book | None = None

    @property
    def folder(self) -> Path:
        """The shop's folder."""
        return self.toml.resolve().parent

    @cached_property
    def has_book(self) -> bool:
        """Whether the shop has, or had, a book."""
        if self.settings is None:
            return False
        try:
            return not never_had(self.settings.book_place, self.settings.state_folder)
        except RegularsError:
            return True

    @cached_property
    def book(self) -> Book | None:
        """The shop's book, open; None where there is none, or where opening it would change or refuse something."""
        settings = self.settings
        if settings is None or not self.has_book or not self._is_ours(settings):
            return None
        self._book = Book(settings.book_place, settings.files.access(), settings.folder, made=False)
        return self._book

    def close(self) -> None:
        """Let go of the book."""
        if self._book is not None:
            self._book.close()

    def _is_ours(self, settings: Settings) -> bool:
        engine = engine_of(settings.book_place)
        try:
            with read(engine, KnownBook(settings.state_folder).read()) as connection:
                return version_of(connection) == HEAD
        except (RegularsError, SQLAlchemyError):
            return False
        finally:
            engine.dispose()


Check = Callable[[Examined], Iterator[Finding]]
