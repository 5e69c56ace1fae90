"""Refuses a shop in which a restore was broken off half-way: a part of it is of another moment than the rest."""

from __future__ import annotations

from pathlib import Path

from features.errors import ConfigError

RESTORING, JOURNAL = ".restoring", "journal.json"


def refuse_broken_restore(folder: Path) -> None:
    """Refuse a folder whose restore has begun to put files in their place and has not ended.

    Raises:
        ConfigError: names the command that ends it.
    """
    if (folder / RESTORING / JOURNAL).exists():
        raise ConfigError(
            "a restore of this shop was broken off half-way; nothing is lost: end it with `regulars restore --resume`"
        )
