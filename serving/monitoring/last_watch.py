"""What the last watch found, kept beside what else the shop knows: for the next one, for pages and for `/metrics`.

The file holds figures, names of columns, owners and playbooks, and no customer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from features.atomic_write import whole
from features.file_access import Access
from serving.monitoring.schema import Layout

FILE = "last-watch.json"


@dataclass(frozen=True)
class LastWatch:
    """The last watch.

    Args:
        document: as `Watch.to_dict` gave it; empty where there was none.
        layout: what the files looked like.
    """

    document: Mapping[str, Any] = field(default_factory=dict)
    layout: Layout = field(default_factory=dict)

    @property
    def alarm_keys(self) -> frozenset[str]:
        """What tells its alarms from others."""
        return frozenset(f"{alarm['kind']}:{alarm['subject']}" for alarm in self.document.get("alarms", ()))


def last_watch(folder: Path) -> LastWatch:
    """Return the last watch of a shop; an empty one where there was none, or the file is not whole.

    Args:
        folder: where the shop keeps what it knows.
    """
    try:
        found = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return LastWatch(dict(found["document"]), {str(part): list(names) for part, names in found["layout"].items()})
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return LastWatch()


def remember_watch(folder: Path, watch: LastWatch, access: Access) -> None:
    """Keep a watch in place of the last one.

    Args:
        folder: where the shop keeps what it knows.
        watch: to be kept.
        access: who may read it.

    Raises:
        InputError: the folder cannot be written to.
    """
    content = {"document": watch.document, "layout": {part: list(names) for part, names in watch.layout.items()}}
    with whole(folder / FILE, access) as half:
        half.write_text(json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
