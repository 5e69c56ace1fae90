"""The copies of exports beside the former ones: which are new, what is left out, and how they are taken back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from features.file_access import Access
from features.sources.kept.erase import erase_rows
from features.sources.kept.index import INDEX, Kept, digest_of, write_index
from features.sources.mapping import OrdersMapping
from features.sources.people.forgotten import Forgotten
from serving.config import Settings


@dataclass
class Shortened:
    """Takes the rows of forgotten customers out of copies, and counts them.

    Args:
        orders: how they are read.
        forgotten: says which customers were forgotten; None = nobody was.
        access: who may read a copy.
        rows: that were taken out so far.
    """

    orders: OrdersMapping
    forgotten: Forgotten | None
    access: Access
    rows: int = 0

    def shorten(self, copy: Path) -> None:
        """Rewrite a copy without their rows."""
        if self.forgotten is not None:
            self.rows += erase_rows(copy, self.orders, self.forgotten, self.access)

    @property
    def notes(self) -> tuple[str, ...]:
        """What is said of it; nothing where there were none."""
        many = "1 row of a customer" if self.rows == 1 else f"{self.rows:,} rows of customers"
        return (f"{many} who was forgotten: not copied",) if self.rows else ()


def sorted_out(
    came: Sequence[tuple[Path, datetime]], known: Sequence[Kept], former: int
) -> tuple[dict[str, Kept], list[tuple[Path, datetime]]]:
    """Return the exports whose content is there already, and the others; those of before stay as they are.

    Args:
        came: each export and when it came, those of before first.
        known: the copies that the index names.
        former: how many are of before.
    """
    indexed = {each.digest: each for each in known}
    digests, there = dict(indexed), dict[str, Kept]()
    more: list[tuple[Path, datetime]] = []
    new = 0
    for place, (file, at) in enumerate(came):
        digest, is_former = digest_of(file), place < former
        if digest in (indexed if is_former else digests):
            there |= {} if is_former else {file.name: digests[digest]}
            continue
        digests[digest] = Kept(file.name, digest, file.name, at)
        more.append((file, at))
        new += not is_former
    return there, more if new else []


@contextmanager
def taken_back_on_error(folder: Path, known: Sequence[Kept], settings: Settings) -> Iterator[list[Kept]]:
    """Remove the copies that were made within the block, if it fails.

    Args:
        folder: of the copies.
        known: those that the index named before.
        settings: say who may read the index.
    """
    copies: list[Kept] = []
    try:
        yield copies
    except BaseException:
        for each in copies:
            (folder / each.name).unlink(missing_ok=True)
        if known:
            write_index(folder, known, settings.files.access())
        else:
            (folder / INDEX).unlink(missing_ok=True)
        with suppress(OSError):  # the folder holds former copies, or was never made
            folder.rmdir()
        raise


def last_number(known: Sequence[Kept]) -> int:
    """Return the number of the last copy; 0 where there is none.

    Args:
        known: the copies that the index names.
    """
    return max((int(each.name[:4]) for each in known), default=0)
