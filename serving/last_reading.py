"""What a shop remembers of its last good reading, so that a share that jumps is asked about.

The file lies beside the book's, in the folder for what the shop knows. It holds shares of rules and no row of anybody.
A reading under other settings of [orders] is not compared: the shop itself has changed what is read.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from features.atomic_write import whole
from features.errors import RegularsError
from features.questions import Question
from features.sources.balance.jumps import FormerReading, Shares, jumps
from features.sources.balance.sheet import BalanceSheet
from features.sources.mapping import OrdersMapping
from serving.config import FILE_NAME, Settings

FILE = "last-reading.json"
# Where the orders lie, and what is asked about them: the rows are read alike whatever stands there.
NO_WAY_OF_READING = frozenset(
    {*("file", "files", "url", "table", "query", "lines", "payments", "persons", "merge")}
    | {*("accept", "contacts", "most_left_out", "on_broken")}
)


def asked_of_jumps(settings: Settings, sheet: BalanceSheet) -> tuple[Question, ...]:
    """Return a question for each rule whose share jumped against the last good reading.

    Args:
        settings: of the shop.
        sheet: of this reading, of all rows of the orders.
    """
    before = _former(settings)
    return () if before is None else jumps(sheet, before, settings.orders.accept)


def remember_reading(settings: Settings, sheet: BalanceSheet) -> None:
    """Remember a reading that raised no question; a folder that cannot be written keeps the former one.

    An orders file that is read from Python, without a regulars.toml, is no shop that remembers.

    Args:
        settings: of the shop.
        sheet: of all rows of the orders.
    """
    if not (settings.folder / FILE_NAME).exists():
        return
    document = {"settings": _digest(settings.orders), **asdict(FormerReading.of(sheet))}
    text = json.dumps(document, indent=1, sort_keys=True) + "\n"
    with suppress(RegularsError):
        if _read(_file(settings)) != document:
            with whole(_file(settings), settings.files.access()) as half:
                half.write_text(text, encoding="utf-8")


def _file(settings: Settings) -> Path:
    return settings.state_folder / FILE


def _former(settings: Settings) -> FormerReading | None:
    found = _read(_file(settings))
    with suppress(KeyError, TypeError, AttributeError):  # written by hand: it counts as nothing
        if found["settings"] == _digest(settings.orders):
            shares = {rule: Shares(float(each["rows"]), float(each["money"])) for rule, each in found["shares"].items()}
            return FormerReading(int(found["rows"]), shares, float(found.get("mean_minor", 0)))
    return None


def _read(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def _digest(orders: OrdersMapping) -> str:
    """Return what tells one way of reading from another."""
    ways = {each.name: getattr(orders, each.name) for each in fields(orders) if each.name not in NO_WAY_OF_READING}
    return hashlib.sha256(repr(ways).encode()).hexdigest()
