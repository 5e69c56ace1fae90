"""A warning of the list: owners whom the settings name and who look after nobody."""

from __future__ import annotations

from collections.abc import Iterator, Set

from features.errors import suggest
from serving.config import ListSettings
from serving.outreach.plan.owners import NO_OWNER


def unknown_owners(settings: ListSettings, owners: Set[str]) -> Iterator[str]:
    """Say which owners of the settings look after nobody: a misspelt name has neither capacity nor address.

    Args:
        settings: of the shop's lists.
        owners: who are known from the customers file, the list and the book.
    """
    known = {NO_OWNER, *owners, *settings.owners, *settings.owner_by_segment.values()}
    for setting in ("capacities", "addresses"):
        for name in getattr(settings, setting):
            if name not in known:
                yield f"[list] {setting} names {name}, who owns no account.{suggest(name, known)}"
