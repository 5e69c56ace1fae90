"""`regulars backup`: the whole shop at one moment, in one file that was read again before it got its name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from features.language.languages import ENGLISH, Language
from features.language.messages import Sentence, message_in, sentence
from features.language.minute import minute
from features.language.typed_values import Digits
from features.sources.kept.index import FOLDER as KEPT
from serving.backup.contents import Wanted
from serving.backup.manifest import Manifest, StoredBook
from serving.backup.take import Report, Source, Taken, take_backup
from serving.book.recognition.identity import in_words
from serving.commands.result import spoken
from serving.config import Settings


@dataclass(frozen=True)
class BackedUp:
    """A backup that was made, and the language of the terminal, the shop's."""

    taken: Taken
    language: Language = ENGLISH

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        document = self.taken.manifest.to_dict()
        return {"path": str(self.taken.path), "size_bytes": self.taken.size_bytes, "verified": True, **document}

    def lines(self) -> Iterator[str]:
        """Say it to a person."""
        return spoken(self._said(), self.language)

    def _said(self) -> Iterator[Sentence]:
        size = in_megabytes(self.taken.size_bytes)
        yield sentence("{file}: {size} MB, read again and whole", file=str(self.taken.path), size=size)
        yield from described(self.taken.manifest)
        yield sentence(
            "whoever has it reads what is known of customers: it is readable for this account alone; keys of the "
            "interface are in it as hashes"
        )
        yield from not_in_it(self.taken.manifest)


def back_up(settings: Settings, toml: Path, out: Path, wanted: Wanted, report: Report) -> BackedUp:
    """Make a backup of a shop, also while it is served.

    Args:
        settings: of the shop.
        toml: their file.
        out: the archive, ending in .zip, or a folder for it.
        wanted: what somebody wants beside what is always in it.
        report: is told each step.

    Raises:
        InputError: there are no settings.
        WrongBook: the book is gone, empty or another one.
        MachineFault: something cannot be read or written, or is damaged.
    """
    return BackedUp(take_backup(Source(settings, toml, wanted), out, report), settings.language)


def described(manifest: Manifest) -> Iterator[Sentence]:
    """Say what a backup holds."""
    version = manifest.versions.get("regulars", "–")
    yield sentence("made {then} by Regulars {version}", then=minute(manifest.made_at), version=version)
    yield sentence("book: the shop has none yet") if manifest.book is None else _book(manifest.book)
    yield _models(manifest)
    yield sentence(
        "files: {all}, settings in {toml}, added exports: {some}",
        all=len(manifest.files),
        toml=manifest.settings,
        some=sum(name.startswith(f"{KEPT}/") and not name.endswith(".toml") for name in manifest.files),
    )


def _book(book: StoredBook) -> Sentence:
    if book.written_at is None:
        return sentence(
            "book: of {storage}, version {version}, which a restore migrates", storage=book.kind, version=book.revision
        )
    return sentence(
        "book: of {storage}, version {version}, last written {then}; it holds {it}",
        storage=book.kind,
        version=book.revision,
        then=minute(book.written_at),
        it=message_in(in_words(book.rows) or sentence("nothing that the shop's files could not give again")),
    )


def _models(manifest: Manifest) -> Sentence:
    if not manifest.models:
        return sentence("models: none are registered in it")
    if manifest.champion is None:
        return sentence("models: {count}, none serves", count=manifest.models)
    return sentence("models: {count}, version {version} serves", count=manifest.models, version=manifest.champion)


def not_in_it(manifest: Manifest) -> Iterator[Sentence]:
    """Say what a backup does not hold, and what to do about each."""
    for each in manifest.left_out:
        yield sentence("not in it: {what}: {why}", what=message_in(each.what), why=message_in(each.why))


def in_megabytes(size_bytes: int) -> Digits:
    """Return a size in MB, as people say it.

    >>> in_megabytes(1_250_000).digits, in_megabytes(12).digits
    ('1.2', '0.0')
    """
    return Digits(f"{size_bytes / 1e6:,.1f}")
