"""Makes a backup: everything at one moment, into a new archive, which takes its place only after it was read again."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.engine import Engine

from features.errors import Busy, InputError
from features.faults import faults_at
from serving.backup.archive import verify, writing_archive
from serving.backup.contents import MODELS, Contents, Wanted, contents_of
from serving.backup.last_backup import LastBackup, remember_backup
from serving.backup.manifest import Manifest, Stored, StoredBook
from serving.backup.moment import BookFacts, copy_at_one_moment, read
from serving.backup.registry import models_in
from serving.backup.scratch import scratch_in
from serving.book.connection import FILE as BOOK
from serving.book.connection import engine_of, file_of
from serving.book.recognition.known_book import KnownBook
from serving.config import Settings
from training.tracking.store import DATABASE

TRIES, PAUSE_SECONDS = 5, 0.2
ENDING = ".zip"
UNCHANGED = "no backup was made, the last one is as it was"
Report = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Taken:
    """A backup that was made and read again."""

    path: Path
    size_bytes: int
    manifest: Manifest


class Source:
    """A shop that is backed up.

    Args:
        settings: of the shop.
        toml: their file.
        wanted: what somebody wants beside what is always in a backup.
    """

    def __init__(self, settings: Settings, toml: Path, wanted: Wanted) -> None:
        self.settings, self.toml, self.wanted = settings, toml, wanted
        self.known = KnownBook(settings.state_folder).read()
        file = file_of(settings.book_place)
        self.has_book = file is None or file.exists() or self.known is not None

    def contents(self) -> Contents:
        """Return what of the shop goes into the backup, as it is now."""
        return contents_of(self.settings, self.toml, self.wanted)

    @contextmanager
    def book(self) -> Iterator[Engine | None]:
        """Open the book without migrating it; None where the shop never had one."""
        engine = engine_of(self.settings.book_place, self.settings.files.access()) if self.has_book else None
        try:
            yield engine
        finally:
            if engine is not None:
                engine.dispose()


def take_backup(source: Source, out: Path, report: Report) -> Taken:
    """Make a backup of a shop.

    Args:
        source: the shop.
        out: the archive, ending in .zip, or a folder for it, in which its name is the moment.
        report: is told each step.

    Raises:
        InputError: there are no settings.
        WrongBook: the book is gone, empty or another one.
        MachineFault: something cannot be read or written, or is damaged; or files kept changing.
    """
    if not source.toml.is_file():
        raise InputError(f"there is no {source.toml}: a backup is of a shop that has its settings")
    now = datetime.now(UTC).replace(tzinfo=None)
    path = out if out.suffix == ENDING else out / f"regulars-{now:%Y%m%d-%H%M%S}{ENDING}"
    with faults_at(path, UNCHANGED):
        _refuse_wrong_book(source)
        with scratch_in(path.resolve().parent) as scratch:
            made = _settled(source, scratch, now, report)
            report(2, 3, "reading the archive again")
            manifest = verify(made)
            _put(made, path)
    settings = source.settings
    remember_backup(settings.state_folder, LastBackup(now, path), settings.files.access())
    return Taken(path, path.stat().st_size, manifest)


def _refuse_wrong_book(source: Source) -> None:
    """Refuse before anything is made: a backup of a book that is none would replace a good one."""
    with source.book() as engine:
        if engine is not None:
            with read(engine, source.known):
                pass


def _settled(source: Source, scratch: Path, now: datetime, report: Report) -> Path:
    """Write the archive, again where added exports or settings changed while they were read: one moment is wanted.

    Raises:
        Busy: they changed each time.
    """
    for number in range(TRIES):
        room = scratch / str(number)
        room.mkdir()
        contents = source.contents()
        before = contents.marks()
        made = _write(source, contents, room, now, report)
        again = source.contents()
        if again.settled == contents.settled and again.marks() == before:
            return made
        time.sleep(PAUSE_SECONDS)
    raise Busy(str(source.settings.folder), UNCHANGED, "settings or added exports changed while they were read")


def _write(source: Source, contents: Contents, room: Path, now: datetime, report: Report) -> Path:
    report(0, 3, "copying book and models as they are now")
    with source.book() as engine:
        databases = {contents.folder / name: room / name for name in contents.databases}
        book = copy_at_one_moment(engine, source.known, databases, room)
    report(1, 3, "writing the archive")
    path = room / f"archive{ENDING}"
    with writing_archive(path) as archive:
        for name in ([BOOK] if book else []) + [*contents.databases]:
            archive.add(name, room / name)
        for name in contents.settled:
            archive.add(name, contents.folder / name)
        for name in contents.moving:  # a model's or a server's may be gone by now
            with suppress(FileNotFoundError):
                archive.add(name, contents.folder / name)
        archive.close_with(_manifest(source, contents, room, now, archive.files, book))
    return path


def _manifest(
    source: Source, contents: Contents, room: Path, now: datetime, files: Mapping[str, Stored], book: BookFacts | None
) -> Manifest:
    models = models_in(room / MODELS / DATABASE, source.settings.mlflow.name)
    return Manifest(
        made_at=now,
        settings=source.toml.resolve().name,
        files=files,
        book=None if book is None else _stored(book),
        champion=models.champion,
        models=models.versions,
        left_out=contents.left_out,
    )


def _stored(book: BookFacts) -> StoredBook:
    known = book.identity
    if known is None:
        return StoredBook(book.kind, book.revision)
    return StoredBook(book.kind, book.revision, known.id, known.writes, known.written_at, book.rows)


def _put(made: Path, path: Path) -> None:
    """Give an archive its name, with all of it on the disk first."""
    with made.open("rb") as file:
        os.fsync(file.fileno())
    made.replace(path)
