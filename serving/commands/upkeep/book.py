"""`regulars book`: which book the shop has, whether it is whole, and what somebody decided about it.

A shop whose book is gone, empty or another one runs nothing that uses it. `begin_new_book` is the way on for a shop
that has no backup: it deletes nothing, and the new book keeps who decided so and why.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from features.errors import Damaged, InputError, OlderCopy, WrongBook
from serving.book import Book
from serving.book.connection import file_of, shown_name
from serving.book.privacy.sealing import reseal
from serving.book.recognition.damage import damage_in
from serving.book.recognition.identity import Identity, counts, identity_of, in_words
from serving.book.recognition.known_book import KnownBook, never_had
from serving.book.schema import AUDIT, IDENTITY
from serving.book.sql_rows import utc_now
from serving.config import Settings
from serving.shop import OpenShop

NEW_BOOK, CLOCK_IS_RIGHT, NEW_SECRET = "new-book", "clock-is-right", "new-secret"
MINUTE = "%Y-%m-%d %H:%M UTC"


@dataclass(frozen=True)
class BookFacts:
    """Which book a shop has, what it holds, what is damaged in it, and what was decided now."""

    place: str
    identity: Identity
    rows: dict[str, int]
    damage: Sequence[str] = ()
    decided: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "place": self.place,
            **self.identity.__dict__,
            "rows": self.rows,
            "damage": list(self.damage),
            "decided": self.decided or None,
        }

    def lines(self) -> Iterator[str]:
        """Say it to a person."""
        known = self.identity
        if self.decided:
            yield self.decided
        yield f"{self.place}: book {known.id}, made {known.made_at:{MINUTE}}"
        held, writes = in_words(self.rows) or "nothing yet", "write" if known.writes == 1 else "writes"
        yield f"last written {known.written_at:{MINUTE}}, {known.writes:,} {writes}; it holds {held}"
        yield from self.damage or ["it is whole"]


def book_facts(shop: OpenShop) -> BookFacts:
    """Say which book the shop has, and look at every row of it.

    Raises:
        InputError: the shop has none yet.
        WrongBook: it is gone, empty or another one.
        MachineFault: the machine does not let it be read.
    """
    book = shop.book_if_any
    if book is None:
        raise InputError("there is no book yet: the first command that records something makes one")
    return _facts(book, damage=damage_in(book.engine))


def begin_new_book(settings: Settings, by: str, why: str) -> BookFacts:
    """Make the book that lies in the shop's place its book from now on, and a new one where none does.

    A damaged file is moved aside. Nothing is deleted.

    Args:
        settings: of the shop.
        by: who decides.
        why: the reason.

    Raises:
        InputError: who or why is missing, or the shop's book is there and whole.
    """
    _need(by, why, "--new-book")
    access = settings.files.access()
    known = KnownBook(settings.state_folder, access)
    former, aside = _lost(settings, known)
    book = Book(settings.book_place, access, settings.folder)
    try:
        found = _decided(book, NEW_BOOK, by, why, former)
        with book.reading() as connection:
            known.note(identity_of(connection) or found, counts(connection))
        words = "the shop's book from now on, without what the former one held"
        return _facts(book, decided=f"{words}; {aside}" if aside else words)
    finally:
        book.close()


def clock_is_right(settings: Settings, by: str, why: str) -> BookFacts:
    """Take the time of the last write back to now: the clock was ahead then.

    Args:
        settings: of the shop.
        by: who decides.
        why: the reason.

    Raises:
        InputError: who or why is missing.
    """
    _need(by, why, "--clock-is-right")
    book = Book(settings.book_place, settings.files.access(), settings.folder, clock_may_be_behind=True)
    try:
        _decided(book, CLOCK_IS_RIGHT, by, why, None)
        return _facts(book, decided="the book takes the clock as it is now")
    finally:
        book.close()


def new_secret(shop: OpenShop, by: str, why: str) -> BookFacts:
    """Put what the book keeps under a secret under another one: the former one was seen by somebody else.

    Args:
        shop: the open shop.
        by: who decides.
        why: the reason.

    Raises:
        InputError: who or why is missing, there is nothing under a secret, or no newer one can be had.
    """
    _need(by, why, "--new-secret")
    if shop.book_if_any is None:
        raise InputError("there is no book yet: the first command that records something makes one")
    book = shop.book
    with book.writing() as connection:
        done = reseal(connection, book.keeper)
        _record(connection, NEW_SECRET, by, why, None)
    words = (
        f"the book has another secret, the first in {book.keeper.where}: {done.webhooks:,} webhooks and "
        f"{done.erasures:,} erasures are under it; the former one stands behind it for older copies of the book alone"
    )
    return _facts(book, decided=words)


def _need(by: str, why: str, option: str) -> None:
    if not (by.strip() and why.strip()):
        raise InputError(f"{option} needs --by NAME and --why TEXT: who decides, and for what reason")


def _lost(settings: Settings, known: KnownBook) -> tuple[str | None, str]:
    """Return the id of the book that the shop has lost, and what was moved aside.

    Raises:
        InputError: it has not lost its book.
    """
    if never_had(settings.book_place, settings.state_folder):
        raise InputError("the shop never had a book: the first command that records something makes one")
    before = known.read()
    try:
        _open_whole(settings)
    except OlderCopy:
        raise
    except WrongBook:
        return (None if before is None else before.id), ""
    except Damaged:
        file = file_of(settings.book_place)
        if file is None:
            raise
        return (None if before is None else before.id), f"the damaged file is kept as {_moved_aside(file).name}"
    raise InputError("the shop's book is there and whole: there is nothing to begin anew")


def _open_whole(settings: Settings) -> None:
    """Open the shop's book and look at every row of it.

    Raises:
        WrongBook: it is gone, empty or another one.
        MachineFault: it cannot be read, or is damaged.
    """
    access, state = settings.files.access(), settings.state_folder
    book = Book(settings.book_place, access, settings.folder, known_in=state, made=False)
    try:
        if damage_in(book.engine):
            raise Damaged(shown_name(book.engine))
    finally:
        book.close()


def _moved_aside(file: Path) -> Path:
    name = f"{file.stem}-damaged-{utc_now():%Y%m%d-%H%M%S}"
    for ending in ("-wal", "-shm", ""):
        part = file.with_name(file.name + ending)
        if part.exists():
            part.rename(file.with_name(f"{name}{file.suffix}{ending}"))
    return file.with_name(f"{name}{file.suffix}")


def _decided(book: Book, action: str, by: str, why: str, former: str | None) -> Identity:
    """Record a decision in the book's audit, and return the book's identity."""
    with book.writing() as connection:
        found = _record(connection, action, by, why, former)
        connection.execute(sa.update(IDENTITY).values(written_at=utc_now()))
        return found


def _record(connection: Connection, action: str, by: str, why: str, former: str | None) -> Identity:
    found = identity_of(connection)
    assert found is not None  # the book was opened, and so has one
    row = {"at": utc_now(), "action": action, "who": by.strip(), "why": why.strip(), "forced": True}
    connection.execute(sa.insert(AUDIT).values({**row, "from_version": former, "to_version": found.id}))
    return found


def _facts(book: Book, damage: Sequence[str] = (), decided: str = "") -> BookFacts:
    with book.reading() as connection:
        found = identity_of(connection)
        assert found is not None
        return BookFacts(shown_name(book.engine), found, counts(connection), damage, decided)
