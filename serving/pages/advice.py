"""The shop's playbooks, read again when their file has changed."""

from __future__ import annotations

from serving.outreach.playbooks.playbooks import Playbooks, playbooks_in_force
from serving.pages.visit import Visit


def playbooks_of(visit: Visit) -> Playbooks:
    """Return the playbooks in force."""
    return playbooks_in_force(visit.server.need_settings().list.playbooks)
