"""Whether there is room for what commands write: a backup and a migration need as much as the shop has."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from features.language.messages import sentence
from features.language.typed_values import Digits
from features.sources.kept.index import FOLDER as KEPT
from serving.backup.contents import BOOK_FILES, MODELS
from serving.commands.doctor.finding import Examined, Finding

NAME = "disk"
LEAST_BYTES, ENOUGH_BYTES = 200_000_000, 1_000_000_000
TO_DO = sentence("free space there: old backups, folders before-restore-…, lists and scores of former days")


def check_disk(examined: Examined) -> Iterator[Finding]:
    """Compare what is free with what the shop has."""
    free, shop = shutil.disk_usage(examined.folder).free, shop_bytes(examined.folder)
    sizes = {"free": Digits(in_gigabytes(free)), "size": Digits(in_gigabytes(shop))}
    if free < max(LEAST_BYTES, shop):
        words = sentence(
            "{free} GB are free, book, models and added exports have {size} GB: a backup or a migration does not fit",
            **sizes,
        )
        yield Finding(NAME, "problem", words, TO_DO)
    elif free < max(ENOUGH_BYTES, 2 * shop):
        words = sentence(
            "{free} GB are free, book, models and added exports have {size} GB: a restore that keeps the former shop "
            "aside does not fit",
            **sizes,
        )
        yield Finding(NAME, "warning", words, TO_DO)
    else:
        words = sentence("{free} GB are free, book, models and added exports have {size} GB", **sizes)
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
    """Return a size in gigabytes.

    >>> in_gigabytes(1_500_000_000)
    '1.5'
    """
    return f"{size_bytes / 1e9:,.1f}"
