"""`regulars backup`: the whole shop at one moment, in one file that was read again before it got its name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from features.sources.kept.index import FOLDER as KEPT
from serving.backup.contents import Wanted
from serving.backup.manifest import MINUTE, Manifest, StoredBook
from serving.backup.take import Report, Source, Taken, take_backup
from serving.book.recognition.identity import in_words
from serving.config import Settings


@dataclass(frozen=True)
class BackedUp:
    """A backup that was made."""

    taken: Taken

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        document = self.taken.manifest.to_dict()
        return {"path": str(self.taken.path), "size_bytes": self.taken.size_bytes, "verified": True, **document}

    def lines(self) -> Iterator[str]:
        """Say it to a person."""
        manifest = self.taken.manifest
        yield f"{self.taken.path}: {in_megabytes(self.taken.size_bytes)}, read again and whole"
        yield from described(manifest)
        yield (
            "whoever has it reads what is known of customers: it is readable for this account alone; keys of the "
            "interface are in it as hashes"
        )
        for each in manifest.left_out:
            yield f"not in it: {each.what}: {each.why}"


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
    return BackedUp(take_backup(Source(settings, toml, wanted), out, report))


def described(manifest: Manifest) -> Iterator[str]:
    """Say what a backup holds."""
    yield f"made {manifest.made_at:{MINUTE}} by Regulars {manifest.versions.get('regulars', 'unknown')}"
    book = manifest.book
    if book is None:
        yield "book: the shop has none yet"
    else:
        yield f"book: of {book.kind}, version {book.revision}{_held(book)}"
    serving = "none serves" if manifest.champion is None else f"version {manifest.champion} serves"
    yield f"models: {manifest.models:,}, {serving}" if manifest.models else "models: none are registered in it"
    exports = sum(name.startswith(f"{KEPT}/") and not name.endswith(".toml") for name in manifest.files)
    yield f"files: {manifest.settings}, {exports:,} added exports, {len(manifest.files):,} files in all"


def _held(book: StoredBook) -> str:
    if book.written_at is None:
        return ", which a restore migrates"
    held = in_words(book.rows) or "nothing that the shop's files could not give again"
    return f", last written {book.written_at:{MINUTE}}; it holds {held}"


def in_megabytes(size_bytes: int) -> str:
    """Return a size as people say it.

    >>> in_megabytes(1_250_000), in_megabytes(12)
    ('1.2 MB', '0.0 MB')
    """
    return f"{size_bytes / 1e6:,.1f} MB"
