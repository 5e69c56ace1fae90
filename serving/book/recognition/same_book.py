"""Whether the book that lies in its place is the one that the shop knows; a sentence with the ways on where it is not.

Nothing that contacts people may run without the consents and vetoes that were recorded: a book that is gone, empty or
another one is refused until somebody says what is right. An older copy is told once, with what is missing since.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from features.errors import InputError, OlderCopy, WrongBook
from serving.book.connection import NEW_BOOK, shown_name, writing
from serving.book.migrate import holds_book
from serving.book.recognition.identity import Identity, id_in, refuse_clock_behind
from serving.book.recognition.known_book import Known, KnownBook
from serving.book.schema import AUDIT
from serving.book.sql_rows import utc_now

OLDER_COPY = "older-copy"
MINUTE = "%Y-%m-%d %H:%M UTC"


def refuse_gone(engine: Engine, known: Known | None) -> None:
    """Refuse a book whose file is not there, before opening it would make one.

    Raises:
        WrongBook: the shop knows a book.
    """
    file = engine.url.database if engine.dialect.name == "sqlite" else None
    if known is not None and file is not None and not Path(file).exists():
        raise _refused(engine, "is gone", known)


def refuse_none(connection: Connection, known: Known | None, *, made: bool) -> None:
    """Refuse an empty database, and another book, before anything is written to it.

    Args:
        connection: reads the database.
        known: what the shop knows of its book; None where it never had one.
        made: whether one is made where there is none and the shop never had one.

    Raises:
        WrongBook: the shop knows another book than what is there.
        InputError: there is none, the shop never had one, and none is to be made.
    """
    engine = connection.engine
    if known is None and not made and not holds_book(connection):
        raise InputError(f"the book {shown_name(engine)} is empty; regulars keys create makes one")
    if known is not None and not holds_book(connection):
        raise _refused(engine, "is empty", known)
    if known is not None and id_in(connection) != known.id:
        raise _another(engine, known)


def recognised(
    engine: Engine, file: KnownBook, known: Known | None, found: Identity | None, rows: Mapping[str, int]
) -> None:
    """Compare a book with what the shop knows, and note how far it has come.

    Raises:
        WrongBook: it is another one.
        OlderCopy: it has come less far than the shop knows; from now on the shop knows this one.
    """
    if found is None or (known is not None and found.id != known.id):
        raise _another(engine, known)
    if known is not None and found.writes < known.writes:
        told = _older(engine, known, found, rows)
        _audit(engine, found, str(told))
        file.note(found, rows)
        raise told
    if known is None or found.writes > known.writes:
        file.note(found, rows)


def _older(engine: Engine, known: Known, found: Identity, rows: Mapping[str, int]) -> OlderCopy:
    missing = known.missing(rows) or f"{known.writes - found.writes:,} changes of what it holds"
    erased = known.rows.get("erasures", 0) > rows.get("erasures", 0)
    again = "; erase again whom was erased since" if erased else ""
    return OlderCopy(
        shown_name(engine),
        f"is an older copy: it was last written {found.written_at:{MINUTE}}, the shop's book had come to "
        f"{known.written_at:{MINUTE}}; missing since: {missing}",
        f"put a newer copy back, or go on with this one: this is said once, run the command again{again}",
    )


def _audit(engine: Engine, found: Identity, why: str) -> None:
    row = {"at": utc_now(), "action": OLDER_COPY, "who": "regulars", "from_version": None, "forced": False}
    with writing(engine) as connection:
        refuse_clock_behind(connection)
        connection.execute(sa.insert(AUDIT).values({**row, "to_version": found.id, "why": why}))


def _another(engine: Engine, known: Known | None) -> WrongBook:
    return _refused(engine, "is another one than the shop's", known)


def _refused(engine: Engine, problem: str, known: Known | None) -> WrongBook:
    came_to = "" if known is None else f": the shop's was last written {known.written_at:{MINUTE}}"
    held = known.missing({}) if known is not None else ""
    return WrongBook(
        shown_name(engine),
        f"{problem}{came_to}{f' and held {held}' if held else ''}",
        f"put the backup back; or begin anew without all that: {NEW_BOOK}",
    )
