"""What a shop knows of its book: its id and how far it had come, in a small file beside regulars.toml.

The file is written after each write of the book. It may lag behind the book (a kill in between), and is never ahead of
it: a book that has come less far than the file says is an older copy.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from features.atomic_write import whole
from features.errors import Damaged, RegularsError
from features.faults import faults_at
from features.file_access import OWNER_ONLY, Access
from serving.book.connection import file_of
from serving.book.recognition.identity import Identity, in_words

FILE = "book.json"
OUT_OF_DAMAGE = "put its backup back, or delete it, see with `regulars book` that the right book is there,"
NOTED_EVERY_SECONDS = 1.0  # counting takes a moment in a large book
LOG = logging.getLogger("regulars.book")


@dataclass(frozen=True)
class Known:
    """What the shop knows: the id, how many writes the book had seen, when the last of them was, and rows per table."""

    id: str
    writes: int
    written_at: datetime
    rows: Mapping[str, int] = field(default_factory=dict)

    def missing(self, rows: Mapping[str, int]) -> str:
        """Say in words what a book lacks of what the shop knows."""
        return in_words({name: count - rows.get(name, 0) for name, count in self.rows.items()})


class KnownBook:
    """The file in which a shop remembers its book.

    Args:
        folder: the shop's folder for what it knows.
        access: who may read the file.
    """

    def __init__(self, folder: Path, access: Access = OWNER_ONLY) -> None:
        self.file, self._access = folder / FILE, access
        self._noted, self._trouble = float("-inf"), ""

    @property
    def is_due(self) -> bool:
        """Whether it was noted long enough ago: in a burst of writes not each of them is."""
        return time.monotonic() - self._noted > NOTED_EVERY_SECONDS

    def read(self) -> Known | None:
        """Return what the shop knows; None where it never had a book.

        Raises:
            MachineFault: the file is there and cannot be read, or is not whole.
        """
        try:
            with faults_at(self.file):
                found = json.loads(self.file.read_text(encoding="utf-8"))
            at, rows = datetime.fromisoformat(found["written_at"]), dict(found["rows"])
            return Known(str(found["id"]), int(found["writes"]), at, rows)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (ValueError, KeyError, TypeError):
            raise Damaged(str(self.file), remedy=OUT_OF_DAMAGE) from None

    def note(self, identity: Identity, rows: Mapping[str, int]) -> None:
        """Write down how far the book has come; where that cannot be written the log says so, once."""
        at = identity.written_at.isoformat()
        content = {"id": identity.id, "writes": identity.writes, "written_at": at, "rows": dict(rows)}
        self._noted = time.monotonic()
        try:
            with whole(self.file, self._access) as half:
                half.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
            self._trouble = ""
        except RegularsError as error:
            if str(error) != self._trouble:
                LOG.warning("the shop cannot note how far its book has come: %s", error)
            self._trouble = str(error)


def never_had(place: Path | str, folder: Path) -> bool:
    """Whether a shop never had a book: there is no file, and it knows of none.

    Args:
        place: of the book; one by URL is asked, whatever it holds.
        folder: the shop's folder for what it knows.
    """
    file = file_of(place)
    return file is not None and not file.exists() and KnownBook(folder).read() is None
