"""Whether there is room for what commands write: a backup and a migration need as much as the shop has."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from features.sources.kept.index import FOLDER as KEPT
from serving.backup.contents import BOOK_FILES, MODELS
from serving.commands.doctor.finding import Examined, Finding

NAME = "disk"
LEAST_BYTES, ENOUGH_BYTES = 200_000_000, 1_000_000_000
TO_DO = "free space there: old backups, folders before-restore-…, lists and scores of former days"


def check_disk(examined: Examined) -> Iterator[Finding]:
    """Compare what is free with what the shop has."""
    free, shop = shutil.disk_usage(examined.folder).free, shop_bytes(examined.folder)
    words = f"{in_gigabytes(free)} are free, book, models and added exports have {in_gigabytes(shop)}"
    if free < max(LEAST_BYTES, shop):
        yield Finding(NAME, "problem", f"{words}: a backup or a migration does not fit", TO_DO)
    elif free < max(ENOUGH_BYTES, 2 * shop):
        yield Finding(NAME, "warning", f"{words}: a restore that keeps the former shop aside does not fit", TO_DO)
    else:
        yield Finding(NAME, "ok", words)


def shop_bytes(folder: Path) -> int:
    """Return how large book, models and added exports are."""
    files = [folder / name for name in BOOK_FILES]
    for room in (MODELS, KEPT):
        files += [Path(where, name) for where, _, names in os.walk(folder / room) for name in names]
    total = 0
    for file in files:
        with suppress(FileNotFoundError):
            total += file.stat().st_size
    return total


def in_gigabytes(size_bytes: int) -> str:
    """Return a size as people say it.

    >>> in_gigabytes(1_500_000_000)
    '1.5 GB'
    """
    return f"{size_bytes / 1e9:,.1f} GB"
