"""The shop's playbooks, read again when their file has changed."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from serving.outreach.playbooks.playbooks import Playbooks, load_playbooks
from serving.pages.visit import Visit


def playbooks_of(visit: Visit) -> Playbooks:
    """Return the playbooks in force."""
    place = visit.server.need_settings().list.playbooks
    return _read(place, place.stat().st_mtime_ns if place is not None else 0)


@lru_cache(maxsize=2)
def _read(place: Path | None, changed_at_ns: int) -> Playbooks:
    return load_playbooks(place)
