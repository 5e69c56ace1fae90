"""Writes the whole list as one JSON document, in the API's form: money as decimal strings, days in ISO 8601.

Like the answers of the API it says nothing of how a customer is reached.

The held-out are counted and not named: a name that is handed out is contacted sooner or later, and then nobody learns
what the list saves.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pandas as pd

from serving.outreach.exports.layout import LIST_NAMES
from serving.outreach.exports.safe_text import scrubbed
from serving.outreach.exports.ways import DIALLED, OWN_MAIL, REACH_NAMES
from serving.outreach.plan.outreach_list import OutreachList
from serving.outreach.plan.suppression import HELD_OUT
from serving.scores import records

_NAMES = tuple(name for name in LIST_NAMES if name not in REACH_NAMES)
_APART = frozenset({*LIST_NAMES, DIALLED, OWN_MAIL})
_FACTS = ("as_of", "horizon_days", "model_version", "currency", "rank_by", "capacity")
_ENCODE = msgspec.json.Encoder(decimal_format="string").encode


def write_document(outreach: OutreachList, path: Path) -> None:
    """Write the list as a JSON object: its facts, its groups, who was kept off and why, and who has left it."""
    facts = {name: as_json(getattr(outreach, name)) for name in _FACTS} | {"left_out": dict(outreach.left_out)}
    frames = {
        "entries": _ordered(outreach.entries),
        "new_customers": _ordered(outreach.newcomers),
        "winback": _ordered(outreach.winback),
        "reminders": _ordered(outreach.reminders),
        "shrinking": _ordered(outreach.shrinking),
        "suppressed": outreach.suppressed[outreach.suppressed["reason"] != HELD_OUT],
        "gone": outreach.gone,
    }
    with path.open("wb") as file:
        file.writelines(_parts(facts, frames))


def as_json(value: Any) -> Any:
    """Return a value as JSON can hold it: a list for sentences, text that UTF-8 can hold.

    >>> as_json(("a", "b")), as_json(None)
    (['a', 'b'], None)
    """
    if isinstance(value, list | tuple):
        return [as_json(one) for one in value]
    return scrubbed(value) if isinstance(value, str) else value


def json_rows(frame: pd.DataFrame, begin: int = 0) -> Iterator[bytes]:
    """Yield the rows of a frame as elements of a JSON array, each on a line of its own; `begin` rows came before."""
    for number, row in enumerate(records(frame), start=begin):
        yield (b",\n" if number else b"\n") + _ENCODE({column: as_json(value) for column, value in row.items()})


def _parts(facts: dict[str, Any], frames: dict[str, pd.DataFrame]) -> Iterator[bytes]:
    yield b"{"
    for name, fact in facts.items():
        yield _ENCODE(name) + b": " + _ENCODE(fact) + b",\n"
    for number, (name, frame) in enumerate(frames.items()):
        yield (b",\n" if number else b"") + _ENCODE(name) + b": ["
        yield from json_rows(frame)
        yield b"]"
    yield b"}\n"


def _ordered(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.reindex(columns=[*_NAMES, *(name for name in frame.columns if name not in _APART)])
