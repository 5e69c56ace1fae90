"""Kill -9 at every boundary of a stage and at random moments: the run ends as one that was never broken."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from features.sources.kept.index import FOLDER, kept_in
from serving.commands.weekly.run_state import read_state
from serving.monitoring.last_watch import last_watch
from tests.serving.commands.weekly.killing import AFTER, BEFORE, PROMOTE, Moment, killed_week, unbroken_week, week_in
from training.tracking import Tracking

KILLS, KILLS_OF_A_SHOP = int(os.environ.get("REGULARS_KILLS", "50")), 5
STAGES = ("add", "check", "score", "list", "watch", "train")
# What stands finished within the week's run of MLflow: each stage, once, and what trained and watched.
RECORDED = (
    "SELECT DISTINCT r.name, r.status FROM runs r JOIN tags t ON t.run_uuid = r.run_uuid AND t.key = 'kind' "
    "WHERE r.status = 'FINISHED' AND t.value IN ('stage', 'weekly', 'training', 'watch') ORDER BY r.name"
)
MOMENTS = [
    *((stage, BEFORE) for stage in STAGES[:-1]),
    *(("train", moment) for moment in (PROMOTE, BEFORE, AFTER)),
]
MORE_MOMENTS = [
    *((stage, moment) for stage in STAGES[:-1] for moment in (BEFORE, AFTER)),
    *(("train", moment) for moment in (PROMOTE, BEFORE, AFTER)),
]


@pytest.mark.slow
def test_a_week_killed_at_every_boundary_ends_as_an_unbroken_one(second_month: Path, tmp_path: Path) -> None:
    """When the work of each stage is done and nothing says so, amid a promotion, and at the very end."""
    killed_at(MOMENTS, second_month, tmp_path)


@pytest.mark.slow
@pytest.mark.whole
def test_a_week_killed_on_both_sides_of_every_boundary_ends_as_an_unbroken_one(
    second_month: Path, tmp_path: Path
) -> None:
    """And also when the end of each stage has just been kept."""
    killed_at(MORE_MOMENTS, second_month, tmp_path)


def killed_at(moments: Sequence[Moment], second_month: Path, tmp_path: Path) -> None:
    unbroken, broken = (Path(shutil.copytree(second_month, tmp_path / name)) for name in ("unbroken", "broken"))
    unbroken_week(unbroken)
    for moment in moments:
        killed_week(broken, moment)
    unbroken_week(broken)
    assert found_in(broken) == found_in(unbroken)
    assert found_in(broken)["promoted"] is True
    assert said_by_listed(broken).equals(said_by_listed(unbroken))


@pytest.mark.slow
@pytest.mark.whole
def test_a_week_killed_at_many_moments_ends_as_an_unbroken_one(second_month: Path, tmp_path: Path) -> None:
    """Wherever it is, some kills in each of many shops, so that they meet every stage; then it goes on to its end."""
    chance, left = random.Random(7), KILLS
    unbroken = Path(shutil.copytree(second_month, tmp_path / "unbroken"))
    began = time.monotonic()
    unbroken_week(unbroken)
    longest_seconds = 2 * (time.monotonic() - began) / KILLS_OF_A_SHOP
    expected = without_versions(found_in(unbroken))
    while left > 0:
        folder = Path(shutil.copytree(second_month, tmp_path / f"broken-{left}"))
        for _ in range(min(left, KILLS_OF_A_SHOP)):
            left -= killed_after(folder, chance.uniform(0.0, longest_seconds))
            if has_ended(folder):  # the next run would be another week
                break
        else:
            unbroken_week(folder)
        assert without_versions(found_in(folder)) == expected, left
        assert said_by_listed(folder).equals(said_by_listed(unbroken))
        shutil.rmtree(folder)


def has_ended(folder: Path) -> bool:
    state = read_state(folder / ".regulars" / "weekly.json")
    return state is not None and state.ended_at is not None


def without_versions(found: dict[str, Any]) -> dict[str, Any]:
    """A training that was killed amid its registration leaves a number of a version unused; words name it."""
    serves = {name: value for name, value in found["serves"].items() if name != "version"}
    return {**found, "serves": serves, "words": [line for line in found["words"] if not line.startswith("version ")]}


def killed_after(folder: Path, seconds: float) -> bool:
    """Kill a run after so long; False where it had come to its end."""
    process = week_in(folder, None)
    process.join(seconds)
    process.kill()
    process.join()
    assert process.exitcode in (0, -signal.SIGKILL)
    return process.exitcode != 0


def found_in(folder: Path) -> dict[str, Any]:
    """What a week has left in a shop, without times and drawn numbers."""
    state = read_state(folder / ".regulars" / "weekly.json")
    assert state is not None
    assert state.ended_at is not None
    tracking = Tracking(folder)
    bundle, version = tracking.champion()
    runs = in_database(folder / "mlruns" / "mlflow.db", "SELECT status, count(*) FROM runs GROUP BY status")
    return {
        "stages": list(state.stages),
        "words": [str(line).replace(str(folder), "") for each in state.stages.values() for line in each.said.lines],
        "promoted": state.stages["train"].said.document["promoted"],
        "serves": {"version": version, "candidate": bundle.candidate, "until": bundle.trained_until},
        "model": json.dumps(bundle.importance, sort_keys=True),
        "running": dict(runs).get("RUNNING", 0),
        "recorded": in_database(folder / "mlruns" / "mlflow.db", RECORDED),
        "kept": [(each.name, each.original) for each in kept_in(folder / FOLDER)],
        "scores": rows(folder, "SELECT run_id, customer_id, probability FROM scores"),
        "entries": rows(folder, "SELECT list_id, customer_id, playbook, position FROM entries"),
        "arms": rows(folder, "SELECT account_id, arm FROM arms"),
        "served": rows(folder, "SELECT from_version IS NULL, forced FROM audit WHERE action = 'promote'"),
        "watch": last_watch(folder / ".regulars").document["words"],
    }


def said_by_listed(folder: Path) -> pd.DataFrame:
    """The list's file, without the ids that are drawn."""
    return pd.read_csv(folder / "list" / "list.csv", dtype=str).drop(columns="entry_id")


def rows(folder: Path, query: str) -> list[str]:
    return sorted(map(str, in_database(folder / "book.db", query)))


def in_database(file: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(file)) as database:
        return database.execute(query).fetchall()
