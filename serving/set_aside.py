"""Writes down the rows of the orders that were set aside, beside `regulars.toml`, for whoever mends them."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from features.atomic_write import whole
from features.errors import Violation
from serving.config import Settings

COLUMNS = ("file", "line", "column", "value", "rule", "remedy")


def write_set_aside(settings: Settings, rows: Sequence[Violation]) -> Path | None:
    """Write the rows that were set aside, one line per broken rule; return the file, None where there are none.

    Args:
        settings: of the shop; a file of the last reading goes where no row is set aside any more.
        rows: each with its line, its cell and the rule that it breaks.

    Raises:
        InputError: the file cannot be written.
    """
    path = set_aside_file(settings)
    if not rows:
        path.unlink(missing_ok=True)
        return None
    with whole(path, settings.files.access()) as half, half.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows([getattr(row, name) for name in COLUMNS] for row in rows)
    return path


def set_aside_file(settings: Settings) -> Path:
    """Return where the rows of a shop's orders are named that were set aside."""
    return settings.folder / f"{settings.orders.source_name}.set-aside.csv"
