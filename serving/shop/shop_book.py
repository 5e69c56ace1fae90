"""The book of a shop: opened when it is first asked for, or lent by a server that holds it open.

Nothing of it is imported before, so that `regulars check` starts at once.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from features.errors import RegularsError
from features.sources.people.forgotten import Forgotten
from features.sources.posted import Posts
from serving.config import Settings
from serving.shop.days import calendar_day

if TYPE_CHECKING:  # the book takes seconds to import: a check of files needs none
    from serving.book import Book
    from serving.book.posted_log import Reader


class ShopBook:
    """The book of a shop.

    Args:
        settings: of the shop.
        lent: by a server that holds it open: it stays open, and what is amiss with it is the server's to find.
    """

    def __init__(self, settings: Settings, lent: Book | None = None) -> None:
        self.settings, self.is_lent, self._book = settings, lent is not None, lent

    def opened(self) -> Book:
        """Return the book; made where there is none yet.

        Raises:
            InputError: it cannot be opened.
            WrongBook: it is gone, empty or another one than this shop's.
        """
        if self._book is None:
            from serving.book import Book

            place, access = self.settings.book_place, self.settings.files.access()
            self._book = Book(place, access, self.settings.folder, known_in=self.settings.state_folder)
        return self._book

    def if_any(self) -> Book | None:
        """Return the book; None where there is none yet: who only reads makes no book."""
        if self._book is not None:
            return self._book
        if not self._may_be_there():
            return None
        from serving.book.recognition.known_book import never_had

        return None if never_had(self.settings.book_place, self.settings.state_folder) else self.opened()

    def close(self) -> None:
        """Let go of the book; whoever asks for it later opens it again."""
        if self._book is not None and not self.is_lent:
            self._book.close()
            self._book = None

    def forgotten(self) -> Forgotten | None:
        """Return what says which customers the shop has forgotten; None where it has forgotten nobody.

        Raises:
            InputError: the book's secret is not here, by which they are known again.
        """
        book = self.if_any()
        if book is None:
            return None
        from serving.book.privacy.tombstones import tombstones_of

        return tombstones_of(book)

    def posts(self, until: date | None, known_at: date | None) -> Posts | None:
        """Return what was posted; None where there is no book.

        Args:
            until: orders and events on or after this business day are not read; None = all are.
            known_at: what was posted after this business day is not read; None = all is.
        """
        book = self.if_any()
        if book is None:
            return None
        from serving.book.posted_log import PostedLog

        came_before = None if known_at is None else self.settings.shop.end_of(known_at)
        return PostedLog.of(book, reader_of(self.settings), until, came_before)

    def damage_behind(self, error: BaseException) -> RegularsError | None:
        """Return the damage in the book that an error comes from; None where it is whole, or nobody's to look at.

        Args:
            error: that ended a command.
        """
        if self.is_lent or isinstance(error, RegularsError):  # a server looks at its own book, now and then
            return None
        from serving.book.recognition.damage import damage_behind

        book = self.if_any()
        return None if book is None else damage_behind(error, book.engine)

    def _may_be_there(self) -> bool:
        """Whether there can be a book, without importing what opens one: `check` is over before that is loaded."""
        place, state = self.settings.book_place, self.settings.state_folder
        return not isinstance(place, Path) or (place / "book.db").exists() or (state / "book.json").exists()


def reader_of(settings: Settings) -> Reader:
    """Return how a shop reads what is posted today; a posted amount is its line's, whatever the file's are."""
    from serving.book.posted_log import Reader

    rules = settings.orders.rules.as_posted()
    return Reader(settings.shop, rules, calendar_day(settings))
