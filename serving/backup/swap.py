"""Puts a shop that was restored aside in its place, piece by piece, so that a kill at any moment can be gone on from.

    .restoring/process.json    which process restores
    .restoring/new/            the shop of the backup, complete and checked
    .restoring/former/         what was in its place
    .restoring/journal.json    what goes where; from when it is there on, the restore is ended and never taken back

Until the journal is there the shop is as it was. From then on no command opens it until all of it is in its place.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath

from features.atomic_write import whole
from features.errors import Busy, Damaged, InputError
from features.faults import faults_at
from features.file_access import OWNER_ONLY
from features.sources.kept.index import FOLDER as KEPT
from serving.backup.contents import BOOK_FILES, MODELS
from serving.backup.scratch import owner_is_gone, write_owner
from serving.config.broken_restore import JOURNAL, RESTORING
from serving.config.settings import STATE_FOLDER

NEW, FORMER = "new", "former"
ROOMS = (MODELS, KEPT, STATE_FOLDER)  # each is put in its place as a whole
UNCHANGED = "the shop is as it was"
RESUME = "regulars restore --resume"


@dataclass(frozen=True)
class Journal:
    """What a restore does once it has begun to change the shop.

    Args:
        id: drawn for this restore, and recorded in the book.
        archive: the backup's name, for people.
        settings: the path of the settings.
        kept_as: the folder that what was there before is kept in; "" where nothing was there.
        away: paths that go there.
        into_place: paths that come.
        server: the book's database as it may be shown, where that is not a file; "" = it is.
    """

    id: str
    archive: str
    settings: str
    kept_as: str
    away: Sequence[str]
    into_place: Sequence[str]
    server: str = ""


@contextmanager
def restoring_in(shop: Path) -> Iterator[Path]:
    """Give the folder in which a shop is restored; of two who restore at once one does.

    Raises:
        Busy: another process restores here.
        InputError: a restore was broken off half-way, and has to be ended first.
    """
    room = shop / RESTORING
    with faults_at(room, UNCHANGED):
        OWNER_ONLY.make_folder(shop)
        if (room / JOURNAL).exists():
            raise InputError(f"a restore was broken off half-way in {shop}: end it with `{RESUME}` first")
        _make_room(room)
    try:
        yield room
    finally:
        if not (room / JOURNAL).exists():
            shutil.rmtree(room, ignore_errors=True)


def _make_room(room: Path) -> None:
    if room.exists():
        if not owner_is_gone(room):
            raise Busy(str(room), UNCHANGED, "another process restores this shop")
        shutil.rmtree(room)
    room.mkdir(mode=0o700)
    write_owner(room)
    for name in (NEW, FORMER):
        (room / name).mkdir(mode=0o700)


def pieces_of(names: Sequence[str]) -> tuple[str, ...]:
    """Return what is put in its place in one step each: whole rooms, and single files.

    >>> pieces_of(["book.db", "mlruns/mlflow.db", "mlruns/artifacts/1/a", "conf/playbooks.toml"])
    ('book.db', 'conf/playbooks.toml', 'mlruns')
    """
    return tuple(sorted({_piece(name) for name in names}))


def _piece(name: str) -> str:
    first = PurePosixPath(name).parts[0]
    return first if first in ROOMS else name


def in_the_way(shop: Path, pieces: Sequence[str], *, book_is_file: bool) -> tuple[str, ...]:
    """Return what lies where a restored shop goes.

    Args:
        shop: its folder.
        pieces: what is put in its place.
        book_is_file: whether the book lies in the folder.
    """
    asked = {*pieces, *ROOMS, *(BOOK_FILES if book_is_file else ())}
    return tuple(sorted(name for name in asked if (shop / name).exists()))


def begin(room: Path, journal: Journal) -> None:
    """Write the journal: from now on the restore is gone on with until it has ended."""
    with whole(room / JOURNAL, OWNER_ONLY) as half:
        half.write_text(json.dumps(asdict(journal), indent=1), encoding="utf-8")


def read_journal(shop: Path) -> Journal:
    """Return the journal of a restore that was broken off.

    Raises:
        InputError: there is none.
        Damaged: it is not whole.
    """
    file = shop / RESTORING / JOURNAL
    if not file.exists():
        raise InputError(f"no restore was broken off in {shop}: there is nothing to resume")
    try:
        with faults_at(file):
            return Journal(**json.loads(file.read_text(encoding="utf-8")))
    except (ValueError, TypeError):
        raise Damaged(str(file), "both states are kept beside it") from None


def put_in_place(shop: Path, journal: Journal) -> None:
    """Move what was there away and the restored pieces in; done again after a kill, it goes on where it stopped.

    Raises:
        MachineFault: something cannot be moved; the rest is done by resuming.
    """
    room = shop / RESTORING
    with faults_at(shop, f"the restore has begun and is ended by `{RESUME}`"):
        if (room / FORMER).exists():  # else it has its last name already, and what lies in the shop is the new one
            for name in journal.away:
                _move(shop / name, room / FORMER / name, once=True)
        for name in journal.into_place:
            _move(room / NEW / name, shop / name)
        if journal.kept_as and (room / FORMER).exists():
            (room / FORMER).rename(shop / journal.kept_as)
        (room / JOURNAL).unlink()
        shutil.rmtree(room, ignore_errors=True)


def _move(source: Path, target: Path, *, once: bool = False) -> None:
    """Give something its place, where that was not done before the restore was broken off."""
    if not source.exists() or (once and target.exists()):
        return
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    source.rename(target)
