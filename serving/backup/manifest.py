"""What a backup says of itself: when and by what it was made, what is in it with digests and counts, what is not."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from importlib.metadata import version
from typing import Any

from features.errors import Damaged, InputError
from serving.backup.left_out import LeftOut, left_out_of

FILE, FORMAT = "manifest.json", 1
LIBRARIES = ("bentoml", "mlflow", "sqlalchemy", "lightgbm", "scikit-learn")
MINUTE = "%Y-%m-%d %H:%M UTC"


@dataclass(frozen=True)
class Stored:
    """A file in a backup: its SHA-256 and its size in bytes."""

    sha256: str
    size_bytes: int


@dataclass(frozen=True)
class StoredBook:
    """The book in a backup.

    Args:
        kind: of the database that it was read from, sqlite or postgresql; in the backup it is a file of SQLite.
        revision: of its schema.
        id: its identity; None where its schema is older than this version's.
        writes: how many writes it had seen.
        written_at: when it was last written, in UTC.
        rows: table → rows, of what cannot be made again from the shop's files.
    """

    kind: str
    revision: str
    id: str | None = None
    writes: int = 0
    written_at: datetime | None = None
    rows: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Manifest:
    """What a backup says of itself.

    Args:
        made_at: when, in UTC.
        settings: the path of the settings in the backup.
        files: path → what is known of each file.
        book: None where the shop had none.
        champion: the version that serves; None where none does.
        models: registered versions.
        left_out: what the backup does not hold.
        versions: of Regulars, Python and the libraries that made it.
    """

    made_at: datetime
    settings: str
    files: Mapping[str, Stored]
    book: StoredBook | None
    champion: str | None
    models: int
    left_out: Sequence[LeftOut]
    versions: Mapping[str, str] = field(default_factory=lambda: versions_here())

    def to_json(self) -> str:
        """Return it as the text that lies in the archive."""
        return json.dumps(self.to_dict(), indent=1, default=str)

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        times = {"made_at": self.made_at.isoformat()}
        book = None if self.book is None else asdict(self.book)
        if book is not None and self.book is not None and self.book.written_at is not None:
            book["written_at"] = self.book.written_at.isoformat()
        return {"format": FORMAT, **asdict(self), **times, "book": book}

    @classmethod
    def from_json(cls, text: str, archive: str) -> Manifest:
        """Read it from the archive.

        Raises:
            InputError: a newer Regulars wrote it.
            Damaged: it is not whole.
        """
        try:
            found = json.loads(text)
            if found["format"] > FORMAT:
                raise InputError(
                    f"{archive} was written by a newer Regulars ({found['versions']['regulars']}): install it"
                )
            return _manifest(found)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            if isinstance(error, InputError):
                raise
            raise Damaged(archive, "the shop is as it was", remedy="take another backup") from None


def versions_here() -> dict[str, str]:
    """Return the versions of Regulars, Python and the libraries that a model and a registry hang on."""
    return {"regulars": version("regulars"), "python": platform.python_version()} | {
        name: version(name) for name in LIBRARIES
    }


def _manifest(found: dict[str, Any]) -> Manifest:
    book, files = found["book"], found["files"]
    return Manifest(
        made_at=datetime.fromisoformat(found["made_at"]),
        settings=str(found["settings"]),
        files={str(name): Stored(str(each["sha256"]), int(each["size_bytes"])) for name, each in files.items()},
        book=None if book is None else StoredBook(**{**book, "written_at": _moment(book["written_at"])}),
        champion=found["champion"],
        models=int(found["models"]),
        left_out=tuple(map(left_out_of, found["left_out"])),
        versions=dict(found["versions"]),
    )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
