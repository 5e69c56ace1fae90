"""Puts a shop back from a backup: into an empty place, or over a shop that is then kept aside."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain, count
from pathlib import Path

from sqlalchemy.engine import Engine

from features.errors import Busy, InputError, RegularsError
from features.faults import faults_at
from serving.backup.afterwards import missing_since, of_erasures, of_settings, of_sources
from serving.backup.archive import read_manifest, unpack, verify
from serving.backup.carried import Carried, Former, former_of
from serving.backup.contents import BOOK_FILES
from serving.backup.manifest import Manifest
from serving.backup.put_rows import holds_rows, keep_former, put_rows
from serving.backup.stage import Staged, stage
from serving.backup.swap import (
    FORMER,
    NEW,
    Journal,
    begin,
    in_the_way,
    pieces_of,
    put_in_place,
    read_journal,
    restoring_in,
)
from serving.book.connection import FILE as BOOK
from serving.book.connection import engine_of, shown_name
from serving.book.privacy.secret import FILE as SECRET_FILE
from serving.book.recognition.known_book import Known, KnownBook
from serving.config import BOOK_URL, load_settings
from serving.config.broken_restore import RESTORING
from serving.config.settings import STATE_FOLDER
from training.sqlite_url import sqlite_uri

SQLITE = "sqlite"
OPEN_SECONDS = 2.0
Report = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Restored:
    """A shop that was put back.

    Args:
        folder: of the shop.
        settings: their path in it.
        book: where its book is, as it may be shown.
        manifest: of the backup; None where a restore was ended that had been broken off.
        kept_as: the folder that what was there before is kept in; "" where nothing was there.
        missing: what the shop knew that the backup does not, in words; "" where nothing.
        carried: what was revoked and erased again.
        notes: what somebody has to know or do, one sentence each.
    """

    folder: Path
    settings: str
    book: str
    manifest: Manifest | None
    kept_as: str = ""
    missing: str = ""
    carried: Carried = Carried()  # noqa: RUF009 — frozen
    notes: Sequence[str] = ()


@dataclass(frozen=True)
class Looked:
    """What a restore would do: what is in the backup, and what lies in the way."""

    manifest: Manifest
    in_the_way: Sequence[str]


def look(archive: Path, shop: Path) -> Looked:
    """Read a backup to its end, and say what lies where it would go; nothing is changed.

    Raises:
        InputError: it is no backup.
        Damaged: it is not whole.
    """
    manifest = verify(archive)
    pieces = pieces_of(list(manifest.files))
    return Looked(manifest, in_the_way(shop, pieces, book_is_file=not os.environ.get(BOOK_URL)))


def restore(archive: Path, shop: Path, book: str | None, report: Report, *, replace: bool) -> Restored:
    """Put a shop back from a backup.

    Args:
        archive: the backup.
        shop: the folder it goes into; made where it is missing.
        book: the URL of the book's database, or "sqlite" for a file in the folder; None = as REGULARS_BOOK_URL or the
            settings of the backup say.
        report: is told each step.
        replace: what lies in the way is kept aside.

    Raises:
        InputError: it is no backup, something lies in the way, or its book cannot be used by this version.
        MachineFault: the archive is damaged, or something cannot be written; the shop is as it was.
    """
    shop = shop.resolve()
    _refuse_full(shop, pieces_of(list(read_manifest(archive).files)), book_is_file=False, replace=replace)
    with restoring_in(shop) as room:
        report(0, 4, "reading the backup")
        manifest = unpack(archive, room / NEW)
        place = _place(shop, room / NEW / manifest.settings, book)
        on_server = isinstance(place, str) and manifest.book is not None
        with _opened(place) if on_server else nullcontext() as server:
            return _restored(archive, shop, room, manifest, server, report, replace=replace)


def resume(shop: Path, book: str | None) -> Restored:
    """End a restore that was broken off after it had begun to put the shop in its place.

    Raises:
        InputError: none was, or its book went to another database than the one named now.
    """
    shop = shop.resolve()
    journal = read_journal(shop)
    if not journal.server:
        put_in_place(shop, journal)
    else:
        new = shop / RESTORING / NEW / journal.settings
        place = _place(shop, new if new.exists() else shop / journal.settings, book)
        with _opened(place) as server:
            if shown_name(server) != journal.server:
                raise InputError(f"the book was being put into {journal.server}: name it with --book or {BOOK_URL}")
            _finish(shop, journal, server)
    return Restored(shop, journal.settings, journal.server or str(shop / BOOK), None, journal.kept_as)


@contextmanager
def _opened(place: Path | str) -> Iterator[Engine]:
    engine = engine_of(place)
    try:
        yield engine
    finally:
        engine.dispose()


def _restored(
    archive: Path, shop: Path, room: Path, manifest: Manifest, server: Engine | None, report: Report, *, replace: bool
) -> Restored:
    pieces = [each for each in pieces_of(list(manifest.files)) if server is None or each != BOOK]
    _refuse_full(shop, pieces, book_is_file=server is None, replace=replace)
    if server is not None and holds_rows(server):
        _refuse_full_book(server, replace=replace)
    report(1, 4, "looking at what is there now")
    known, former = _known(shop), _former(shop, manifest, server)
    report(2, 4, "migrating and checking book and model")
    staged = stage(room / NEW, shop, manifest, archive, former)
    if server is not None and holds_rows(server):
        keep_former(server, room / FORMER)
    journal = _journal(archive, shop, room, manifest, staged, server)
    report(3, 4, "putting it in its place")
    begin(room, journal)
    _finish(shop, journal, server)
    return Restored(
        shop,
        manifest.settings,
        journal.server or str(shop / BOOK),
        manifest,
        journal.kept_as,
        missing_since(known, former, staged),
        staged.carried,
        (
            *staged.notes,
            *of_settings(shop, manifest, server),
            *of_sources(shop, manifest),
            *of_erasures(known, former, staged),
        ),
    )


def _place(shop: Path, toml: Path, book: str | None) -> Path | str:
    if book == SQLITE:
        return shop
    if book:
        return book
    with suppress(InputError):
        found = load_settings(toml).book_place
        return found if isinstance(found, str) else shop
    return os.environ.get(BOOK_URL) or shop


def _refuse_full(shop: Path, pieces: Sequence[str], *, book_is_file: bool, replace: bool) -> None:
    found = [each for each in in_the_way(shop, pieces, book_is_file=book_is_file) if not _is_secret_alone(shop / each)]
    if found and not replace:
        raise InputError(
            f"{shop} is not empty: {', '.join(found)} would be replaced; --replace does so and keeps them aside, "
            "--into names another folder"
        )
    if replace and book_is_file and (shop / BOOK).exists():
        _refuse_open(shop / BOOK)


def _is_secret_alone(room: Path) -> bool:
    """Say whether there is nothing but the book's secret, which somebody put there for the book to come."""
    return room.name == STATE_FOLDER and [path.name for path in room.iterdir()] == [SECRET_FILE]


def _refuse_full_book(server: Engine, *, replace: bool) -> None:
    if not replace:
        raise InputError(
            f"there is a book in {shown_name(server)}: --replace replaces it and keeps it aside, --book names another "
            "database"
        )


def _refuse_open(file: Path) -> None:
    """Refuse a book that a server or a command has open: what it still wrote would be lost.

    SQLite leaves its write-ahead log only while nobody else holds the file. A damaged one says nothing.
    """
    with faults_at(file, "the shop is as it was"), suppress(sqlite3.DatabaseError):
        opened = sqlite3.connect(sqlite_uri(file, "rw"), uri=True, timeout=OPEN_SECONDS)
        with closing(opened) as connection:
            try:
                connection.execute("PRAGMA journal_mode = DELETE")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
                    raise _open(file) from None
                raise


def _open(file: Path) -> Busy:
    return Busy(str(file), "the shop is as it was", "the book is open", "stop the server and whatever else uses it,")


def _known(shop: Path) -> Known | None:
    with suppress(RegularsError):
        return KnownBook(shop / STATE_FOLDER).read()
    return None


def _former(shop: Path, manifest: Manifest, server: Engine | None) -> Former | None:
    """Return what the shop's present book knows, wherever it is; else the one that is replaced."""
    with suppress(RegularsError):
        place = load_settings(shop / manifest.settings).book_place
        if isinstance(place, str) or (place / BOOK).exists():
            with _opened(place) as engine:
                return former_of(engine)
    return former_of(server) if server is not None and holds_rows(server) else None


def _journal(
    archive: Path, shop: Path, room: Path, manifest: Manifest, staged: Staged, server: Engine | None
) -> Journal:
    names = [path.relative_to(room / NEW).as_posix() for path in (room / NEW).rglob("*") if path.is_file()]
    pieces = [each for each in pieces_of(names) if each not in BOOK_FILES or (server is None and each == BOOK)]
    away = in_the_way(shop, pieces, book_is_file=server is None)
    has_former = away or any((room / FORMER).iterdir())
    return Journal(
        id=staged.id,
        archive=archive.name,
        settings=manifest.settings,
        kept_as=_free_name(shop) if has_former else "",
        away=away,
        into_place=pieces,
        server="" if server is None or manifest.book is None else shown_name(server),
    )


def _free_name(shop: Path) -> str:
    """Return a name for what was there before; two restores may fall into one second."""
    first = f"before-restore-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    names = chain([first], (f"{first}-{number}" for number in count(2)))
    return next(name for name in names if not (shop / name).exists())


def _finish(shop: Path, journal: Journal, server: Engine | None) -> None:
    if journal.server and server is not None:
        put_rows(shop / RESTORING / NEW, server, journal.id)
    put_in_place(shop, journal)
