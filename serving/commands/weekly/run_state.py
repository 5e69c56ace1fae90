"""How far a run has come: a file that is written whole before and after every stage.

A stage that was begun and did not end is done again, or, where it left its result whole, that result is taken. The file
holds what stages said, paths and figures, and no customer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from features.atomic_write import whole
from features.file_access import Access
from serving.commands.weekly.said import Said, said_in

BEGUN, DONE = "begun", "done"


@dataclass(frozen=True)
class StageRecord:
    """One stage of a run.

    Args:
        state: begun or done.
        began_at: in UTC; of a stage that was done again, the first time.
        before: what had to be known before it began, so that one that was killed is told from one that was done.
        seconds: it took, in the process that ended it.
        said: what it found.
        recorded_as: its run of MLflow; '' = it has none.
    """

    state: str
    began_at: datetime
    before: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    said: Said = field(default_factory=Said)
    recorded_as: str = ""


@dataclass(frozen=True)
class RunState:
    """A run.

    Args:
        day: the shop's day on which it began.
        began_at: in UTC.
        files: exports to add, by path, and the digest of each.
        reads: fingerprint of settings, orders and customers that the stages after `check` worked from.
        train_first: whether a training comes before the scores; None = not decided yet.
        stages: name → record, in the order in which they began.
        ended_at: in UTC; None = it has not ended.
        times: how often it was begun or taken up.
        recorded_as: the run of MLflow within which its stages lie; '' = none was begun yet.
    """

    day: date
    began_at: datetime
    files: Mapping[str, str] = field(default_factory=dict)
    reads: str = ""
    train_first: bool | None = None
    stages: Mapping[str, StageRecord] = field(default_factory=dict)
    ended_at: datetime | None = None
    times: int = 1
    recorded_as: str = ""

    def is_done(self, name: str) -> bool:
        """Say whether a stage has ended."""
        return name in self.stages and self.stages[name].state == DONE

    def with_stage(self, name: str, record: StageRecord) -> RunState:
        """Return the same run with one stage's record."""
        return replace(self, stages={**self.stages, name: record})

    def only(self, *names: str) -> RunState:
        """Return the same run as if only these stages had been done."""
        kept = {name: each for name, each in self.stages.items() if name in names}
        return replace(self, stages=kept, reads="", train_first=None)


def read_state(file: Path) -> RunState | None:
    """Return the run that a file holds; None where there is none, or it is not whole.

    Args:
        file: of the run.
    """
    try:
        held = json.loads(file.read_text(encoding="utf-8"))
        stages = {str(name): _record(each) for name, each in held["stages"].items()}
        return RunState(
            date.fromisoformat(held["day"]),
            datetime.fromisoformat(held["began_at"]),
            dict(held["files"]),
            str(held["reads"]),
            held["train_first"],
            stages,
            None if held["ended_at"] is None else datetime.fromisoformat(held["ended_at"]),
            int(held["times"]),
            str(held["recorded_as"]),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def write_state(file: Path, state: RunState, access: Access) -> None:
    """Keep a run in place of the former one.

    Args:
        file: of the run.
        state: to be kept.
        access: who may read it.

    Raises:
        InputError: the file cannot be written.
    """
    stages = {name: {**vars(each), "said": each.said.to_dict()} for name, each in state.stages.items()}
    text = json.dumps({**vars(state), "stages": stages}, default=str_of, indent=1, ensure_ascii=False)
    with whole(file, access) as half:
        half.write_text(f"{text}\n", encoding="utf-8")


def str_of(value: Any) -> Any:
    """Return what JSON has no word for as a text: dates in ISO 8601, paths and decimals as they are written."""
    if isinstance(value, date):
        return value.isoformat()
    return value.item() if hasattr(value, "item") else str(value)


def _record(held: Mapping[str, Any]) -> StageRecord:
    began, before = datetime.fromisoformat(held["began_at"]), dict(held["before"])
    said, recorded = said_in(held["said"]), str(held["recorded_as"])
    return StageRecord(str(held["state"]), began, before, float(held["seconds"]), said, recorded)
