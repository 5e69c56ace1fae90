"""What a shop remembers of its last backup: when it was made and where it was written."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from features.atomic_write import whole
from features.errors import RegularsError
from features.file_access import Access

FILE = "last-backup.json"


@dataclass(frozen=True)
class LastBackup:
    """When a backup was made, in UTC, and its file."""

    made_at: datetime
    path: Path


def last_backup(state_folder: Path) -> LastBackup | None:
    """Return what is remembered; None where nothing is, or nothing that can be read."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        found = json.loads((state_folder / FILE).read_text(encoding="utf-8"))
        return LastBackup(datetime.fromisoformat(found["made_at"]), Path(found["path"]))
    return None


def remember_backup(state_folder: Path, last: LastBackup, access: Access) -> None:
    """Write down when and where; a backup is none the worse where that cannot be written."""
    content = {"made_at": last.made_at.isoformat(), "path": str(last.path.resolve())}
    with suppress(RegularsError), whole(state_folder / FILE, access) as half:
        half.write_text(json.dumps(content) + "\n", encoding="utf-8")
