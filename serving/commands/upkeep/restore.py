"""`regulars restore`: a shop back from its backup, and what is missing, was carried over and has to be done."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from features.errors import Busy
from serving.backup.restore import Looked, Report, Restored, look, restore, resume
from serving.commands.upkeep.backup import described
from serving.commands.weekly.lock import holder_in, is_held
from serving.config.settings import STATE_FOLDER


@dataclass(frozen=True)
class PutBack:
    """A shop that was put back."""

    restored: Restored

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
        found = self.restored
        yield f"{found.folder} is restored, its book is {found.book}"
        if found.manifest is not None:
            yield from described(found.manifest)
        if found.missing:
            yield f"the shop had come further than the backup; missing since: {found.missing}"
        yield from self._carried()
        yield from found.notes
        if found.kept_as:
            yield f"what was there before is kept in {found.kept_as}: delete it once you have seen that all is well"

    def _carried(self) -> Iterator[str]:
        carried = self.restored.carried
        if carried.erased:
            yield f"{carried.erased:,} customers of the backup were erased since, and are erased again"
        if carried.revoked:
            yield f"{carried.revoked:,} keys of the backup were revoked since, and are revoked again"


@dataclass(frozen=True)
class WouldPutBack:
    """What a restore would do."""

    looked: Looked
    folder: Path

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        way = list(self.looked.in_the_way)
        return {"folder": str(self.folder), "backup": self.looked.manifest.to_dict(), "in_the_way": way}

    def lines(self) -> Iterator[str]:
        """Say it to a person."""
        yield "the backup is whole; nothing was changed"
        yield from described(self.looked.manifest)
        for each in self.looked.manifest.left_out:
            yield f"not in it: {each.what}: {each.why}"
        if self.looked.in_the_way:
            yield f"in {self.folder} these would be kept aside, with --replace: {', '.join(self.looked.in_the_way)}"
        else:
            yield f"nothing lies in the way in {self.folder}"


def put_back(archive: Path, folder: Path, book: str | None, report: Report, *, replace: bool) -> PutBack:
    """Restore a shop; arguments and errors as for `serving.backup.restore.restore`.

    Raises:
        Busy: a weekly run works in the shop that would be replaced.
    """
    state = folder / STATE_FOLDER
    if replace and is_held(state):
        holder = holder_in(state)
        raise Busy(str(folder), "the shop is as it was", "a weekly run" if holder is None else holder.words)
    return PutBack(restore(archive, folder, book, report, replace=replace))


def would_put_back(archive: Path, folder: Path) -> WouldPutBack:
    """Say what a restore would do.

    Raises:
        InputError: it is no backup.
        Damaged: it is not whole.
    """
    return WouldPutBack(look(archive, folder), folder)


def go_on(folder: Path, book: str | None) -> PutBack:
    """End a restore that was broken off; arguments and errors as for `serving.backup.restore.resume`."""
    return PutBack(resume(folder, book))
