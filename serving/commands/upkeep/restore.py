"""`regulars restore`: a shop back from its backup, and what is missing, was carried over and has to be done."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from features.errors import Busy
from features.language.counted import counted
from features.language.languages import ENGLISH, Language, language_named
from features.language.messages import Message, Sentence, message_in, sentence
from serving.backup.archive import read_text
from serving.backup.restore import Looked, Report, Restored, look, restore, resume
from serving.commands.result import spoken
from serving.commands.upkeep.backup import described, not_in_it
from serving.commands.weekly.lock import holder_in, is_held
from serving.config.settings import STATE_FOLDER

ERASED_AGAIN = Message(
    "{count} customer of the backup was erased since, and is erased again",
    plural="{count} customers of the backup were erased since, and are erased again",
)
REVOKED_AGAIN = Message(
    "{count} key of the backup was revoked since, and is revoked again",
    plural="{count} keys of the backup were revoked since, and are revoked again",
)


@dataclass(frozen=True)
class PutBack:
    """A shop that was put back, and the language of the terminal, the shop's."""

    restored: Restored
    language: Language = ENGLISH

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        found = self.restored
        return {
            "folder": str(found.folder),
            "book": found.book,
            "backup": None if found.manifest is None else found.manifest.to_dict(),
            "kept_as": found.kept_as or None,
            "missing": found.missing or None,
            "carried": asdict(found.carried),
            "notes": list(found.notes),
        }

    def lines(self) -> Iterator[str]:
        """Say it to a person."""
        return spoken(self._said(), self.language)

    def _said(self) -> Iterator[str]:
        found = self.restored
        yield sentence("{folder} is restored, its book is {book}", folder=str(found.folder), book=found.book)
        if found.manifest is not None:
            yield from described(found.manifest)
        if found.missing:
            missing = message_in(found.missing)
            yield sentence("the shop had come further than the backup; missing since: {missing}", missing=missing)
        again = ((ERASED_AGAIN, found.carried.erased), (REVOKED_AGAIN, found.carried.revoked))
        yield from (counted(message, count) for message, count in again if count)
        yield from found.notes
        if found.kept_as:
            yield sentence(
                "what was there before is kept in {folder}: delete it once you have seen that all is well",
                folder=found.kept_as,
            )


@dataclass(frozen=True)
class WouldPutBack:
    """What a restore would do, and the language of the terminal, that of the shop in the backup."""

    looked: Looked
    folder: Path
    language: Language = ENGLISH

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        way = list(self.looked.in_the_way)
        return {"folder": str(self.folder), "backup": self.looked.manifest.to_dict(), "in_the_way": way}

    def lines(self) -> Iterator[str]:
        """Say it to a person."""
        return spoken(self._said(), self.language)

    def _said(self) -> Iterator[Sentence]:
        manifest, folder = self.looked.manifest, str(self.folder.resolve())
        yield sentence("the backup is whole; nothing was changed")
        yield from described(manifest)
        yield from not_in_it(manifest)
        if self.looked.in_the_way:
            way = ", ".join(self.looked.in_the_way)
            yield sentence("in {folder} these would be kept aside, with --replace: {names}", folder=folder, names=way)
        else:
            yield sentence("nothing lies in the way in {folder}", folder=folder)


def put_back(archive: Path, folder: Path, book: str | None, report: Report, *, replace: bool) -> PutBack:
    """Restore a shop; arguments and errors as for `serving.backup.restore.restore`.

    Raises:
        Busy: a weekly run works in the shop that would be replaced.
    """
    state = folder / STATE_FOLDER
    if replace and is_held(state):
        holder = holder_in(state)
        raise Busy(str(folder), "the shop is as it was", "a weekly run" if holder is None else holder.words)
    done = restore(archive, folder, book, report, replace=replace)
    return PutBack(done, _language_of_shop(done))


def would_put_back(archive: Path, folder: Path) -> WouldPutBack:
    """Say what a restore would do.

    Raises:
        InputError: it is no backup.
        Damaged: it is not whole.
    """
    looked = look(archive, folder)
    return WouldPutBack(looked, folder, _language_in(read_text(archive, looked.manifest.settings)))


def go_on(folder: Path, book: str | None) -> PutBack:
    """End a restore that was broken off; arguments and errors as for `serving.backup.restore.resume`."""
    done = resume(folder, book)
    return PutBack(done, _language_of_shop(done))


def _language_of_shop(done: Restored) -> Language:
    with suppress(OSError, UnicodeDecodeError):
        return _language_in((done.folder / done.settings).read_text(encoding="utf-8"))
    return ENGLISH


def _language_in(toml: str) -> Language:
    """Return the language of settings, also of such as this version cannot read."""
    with suppress(tomllib.TOMLDecodeError, LookupError, TypeError, ValueError):
        return language_named(tomllib.loads(toml)["shop"]["language"])
    return ENGLISH
