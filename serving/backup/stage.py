"""Makes the shop of a backup ready beside its place: migrated, checked, and knowing what must not come back with it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from features.errors import Damaged, InputError, ModelNotFound, RegularsError
from features.file_access import OWNER_ONLY, Access
from features.language.messages import sentence
from features.sources.kept.index import FOLDER as KEPT
from serving.backup.archive import WHOLE
from serving.backup.carried import Carried, Former, carry_over
from serving.backup.contents import MODELS, SECRET
from serving.backup.last_backup import LastBackup, remember_backup
from serving.backup.manifest import MINUTE, Manifest
from serving.backup.registry import move_registry
from serving.book import Book
from serving.book.connection import shown_name
from serving.book.privacy.sealing import is_lost
from serving.book.recognition.damage import damage_in
from serving.book.recognition.identity import counts, identity_of
from serving.book.recognition.known_book import KnownBook
from serving.book.schema import AUDIT
from serving.book.sql_rows import utc_now
from serving.config import Settings, load_settings
from serving.config.settings import STATE_FOLDER
from training.tracking import Tracking

RESTORE, WHO = "restore", "regulars"


@dataclass(frozen=True)
class Staged:
    """A shop that is ready to be put in its place.

    Args:
        id: drawn for this restore, and recorded in the book.
        rows: table → rows of the book; empty without one.
        carried: what was revoked and erased again.
        notes: what somebody has to know or do, one sentence each.
    """

    id: str
    rows: Mapping[str, int]
    carried: Carried
    notes: Sequence[str]


@dataclass(frozen=True)
class Held:
    """What a restored book holds: table → rows, and what was revoked and erased again in it."""

    rows: Mapping[str, int]
    carried: Carried


def stage(folder: Path, shop: Path, manifest: Manifest, archive: Path, former: Former | None) -> Staged:
    """Make an unpacked backup ready for its place.

    Args:
        folder: with the files of the backup.
        shop: the folder that they will lie in; the book's secret that lies there stays.
        manifest: of the backup.
        archive: the backup, whose name the book records.
        former: what the book that is replaced knew; None where none is, or none can be read.

    Raises:
        InputError: the book is too old, or was written by a newer Regulars.
        MachineFault: the book is damaged, or the clock stands before its last write.
    """
    notes: list[str] = []
    settings = _settings(folder / manifest.settings, notes)
    access = _access(settings, notes)
    _keep_secret(shop / SECRET, folder / SECRET)
    restore_id = secrets.token_hex(8)
    held = Held({}, Carried())
    if manifest.book is not None:
        record = f"{manifest.made_at:{MINUTE}} {archive.name} {restore_id}"
        held = _stage_book(folder, record, settings, former, access, notes)
    move_registry(folder / MODELS, shop / MODELS)
    notes += _of_model(folder, manifest, settings)
    remember_backup(folder / STATE_FOLDER, LastBackup(manifest.made_at, archive), access)
    _grant(folder, manifest, access)
    return Staged(restore_id, held.rows, held.carried, tuple(notes))


def _settings(toml: Path, notes: list[str]) -> Settings | None:
    try:
        return load_settings(toml)
    except InputError as error:
        notes.append(
            sentence(
                "{toml} cannot be read by this version, {command} says more: {error}",
                toml=toml.name,
                command="regulars check",
                error=error.message,
            )
        )
        return None


def _access(settings: Settings | None, notes: list[str]) -> Access:
    try:
        return OWNER_ONLY if settings is None else settings.files.access()
    except InputError as error:
        notes.append(sentence("{error}; what was restored is readable for this account alone", error=error.message))
        return OWNER_ONLY


def _keep_secret(here: Path, restored: Path) -> None:
    """Let the shop's own secret stay, behind the one of the backup where that has another: each opens its own book."""
    if not here.exists():
        return
    texts = [file.read_text(encoding="utf-8").split() for file in (restored, here) if file.exists()]
    OWNER_ONLY.make_folder(restored.parent)
    if not restored.exists():
        OWNER_ONLY.make_file(restored)
    lines = dict.fromkeys(text for each in texts for text in each)
    restored.write_text("".join(f"{each}\n" for each in lines), encoding="utf-8")


def _stage_book(
    folder: Path, record: str, settings: Settings | None, former: Former | None, access: Access, notes: list[str]
) -> Held:
    """Migrate, look at every row, carry over, and record the restore in the book itself."""
    book = Book(folder, access)
    try:
        if damage_in(book.engine):
            raise Damaged(shown_name(book.engine), WHOLE, remedy="take another backup")
        carried = Carried() if former is None else carry_over(book, folder, settings, former)
        _record(book, record)
        notes += _of_secret(book)
        with book.reading() as connection:
            found, rows = identity_of(connection), counts(connection)
        assert found is not None
        KnownBook(folder / STATE_FOLDER, access).note(found, rows)
        return Held(rows, carried)
    finally:
        book.close()


def _of_secret(book: Book) -> list[str]:
    """Say that what is under the book's secret cannot be read without it."""
    with book.reading() as connection:
        if not is_lost(connection, book.keeper):
            return []
    return [
        sentence(
            "the book's secret is not here: put it back as {file}, or webhooks and records of erasures cannot be read",
            file=SECRET,
        )
    ]


def _record(book: Book, why: str) -> None:
    with book.writing() as connection:
        found = identity_of(connection)
        assert found is not None
        row = {"at": utc_now(), "action": RESTORE, "who": WHO, "from_version": None, "forced": False}
        connection.execute(sa.insert(AUDIT).values({**row, "to_version": found.id, "why": why}))


def _of_model(folder: Path, manifest: Manifest, settings: Settings | None) -> list[str]:
    """Say why the model of the backup does not serve with this version; nothing where it does."""
    if manifest.champion is None:
        return []
    try:
        Tracking(folder, None, *(() if settings is None else (settings.mlflow.name,))).champion()
    except ModelNotFound as error:
        return [sentence("no model serves: {error}", error=str(error))]
    except RegularsError as error:
        champion = manifest.champion
        return [sentence("model {version} is refused by this version: {error}", version=champion, error=str(error))]
    return []


def _grant(folder: Path, manifest: Manifest, access: Access) -> None:
    """Let the group that the settings name read what it may; the secret stays with its owner."""
    if access.group is None:
        return
    for name in manifest.files:
        if not name.startswith(f"{MODELS}/") and name != SECRET:
            access.grant(folder / name)
    for room in (KEPT, STATE_FOLDER):
        if (folder / room).is_dir():
            (folder / room).chmod(access.folder_mode)
