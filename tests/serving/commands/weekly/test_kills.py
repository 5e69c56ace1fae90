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
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from features.sources.kept.index import FOLDER, kept_in
from serving.commands.weekly.run_state import RunState, read_state
from serving.config import load_settings
from serving.monitoring.last_watch import last_watch
from serving.shop import OpenShop
from tests.once import once
from tests.serving.commands.weekly.killing import AFTER, BEFORE, PROMOTE, Moment, killed_week, unbroken_week, week_in
from training.tracking import Tracking

KILLS, KILLS_OF_A_SHOP = int(os.environ.get("REGULARS_KILLS", "50")), 5
A_WORD_SECONDS = 0.1  # what is kept and recorded at the end of a stage
STAGES = ("add", "check", "score", "list", "out", "watch", "train", "tidy")
LOOKED_LONG_AGO = "somebody who looked long ago"
LONG_AGO = ", ".join(f"('2020-01-0{day} 00:00:00.000000', '{LOOKED_LONG_AGO}', 'list')" for day in (1, 2))
# What stands finished within the week's run of MLflow: each stage, once, and what trained and watched.
RECORDED = (
    "SELECT DISTINCT r.name, r.status FROM runs r JOIN tags t ON t.run_uuid = r.run_uuid AND t.key = 'kind' "
    "WHERE r.status = 'FINISHED' AND t.value IN ('stage', 'weekly', 'training', 'watch') ORDER BY r.name"
)
# A training has a moment more: when a model is let serve.
MOMENTS = [
    *((stage, BEFORE) for stage in STAGES[:-2]),
    *(("train", moment) for moment in (PROMOTE, BEFORE)),
    *(("tidy", moment) for moment in (BEFORE, AFTER)),
]
MORE_MOMENTS = [
    *((stage, moment) for stage in STAGES[:-2] for moment in (BEFORE, AFTER)),
    *(("train", moment) for moment in (PROMOTE, BEFORE, AFTER)),
    *(("tidy", moment) for moment in (BEFORE, AFTER)),
]


@pytest.fixture(scope="session")
def whole_week(second_month: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop whose week has every stage: it also writes tables for other systems, and keeps no look for years."""

    def make(folder: Path) -> None:
        shutil.copytree(second_month, folder, dirs_exist_ok=True)
        with (folder / "regulars.toml").open("a", encoding="utf-8") as toml:
            toml.write('\n[out]\nurl = "duckdb://out.duckdb"\n\n[retention]\nviews_days = 365\n')
        with OpenShop(load_settings(folder / "regulars.toml")) as shop:
            assert shop.book.engine
        in_database(folder / "book.db", f"INSERT INTO views (at, who, what) VALUES {LONG_AGO}")

    return once(tmp_path_factory, "whole-week", make)


@pytest.mark.slow
def test_a_week_killed_at_every_boundary_ends_as_an_unbroken_one(whole_week: Path, tmp_path: Path) -> None:
    """When the work of each stage is done and nothing says so, amid a promotion, and at the very end."""
    killed_at(MOMENTS, whole_week, tmp_path)


@pytest.mark.slow
@pytest.mark.whole
def test_a_week_killed_on_both_sides_of_every_boundary_ends_as_an_unbroken_one(
    whole_week: Path, tmp_path: Path
) -> None:
    """And also when the end of each stage has just been kept."""
    killed_at(MORE_MOMENTS, whole_week, tmp_path)


def killed_at(moments: Sequence[Moment], whole_week: Path, tmp_path: Path) -> None:
    unbroken, broken = (Path(shutil.copytree(whole_week, tmp_path / name)) for name in ("unbroken", "broken"))
    unbroken_week(unbroken)
    for moment in moments:
        killed_week(broken, moment)
    unbroken_week(broken)
    assert found_in(broken) == found_in(unbroken)
    assert found_in(broken)["promoted"] is True
    assert found_in(broken)["looks"] == []
    assert said_by_listed(broken).equals(said_by_listed(unbroken))


@pytest.mark.slow
@pytest.mark.whole
def test_a_week_killed_at_many_moments_ends_as_an_unbroken_one(whole_week: Path, tmp_path: Path) -> None:
    """Wherever it is in each of its stages, some kills in each of many shops; then it goes on to its end."""
    chance, left = random.Random(7), KILLS
    unbroken = Path(shutil.copytree(whole_week, tmp_path / "unbroken"))
    unbroken_week(unbroken)
    seconds = {name: each.seconds for name, each in state_of(unbroken).stages.items()}
    expected = without_versions(found_in(unbroken))
    while left > 0:
        folder = Path(shutil.copytree(whole_week, tmp_path / f"broken-{left}"))
        for stage in sorted(chance.choices(STAGES, k=min(left, KILLS_OF_A_SHOP)), key=STAGES.index):
            left -= killed_in(folder, stage, chance.uniform(0.0, seconds[stage] + A_WORD_SECONDS))
            if state_of(folder).ended_at is not None:  # the next run would be another week
                break
        else:
            unbroken_week(folder)
        assert without_versions(found_in(folder)) == expected, left
        assert said_by_listed(folder).equals(said_by_listed(unbroken))
        shutil.rmtree(folder)


def state_of(folder: Path) -> RunState:
    """How far a week is; one that has not begun has done nothing."""
    return read_state(folder / ".regulars" / "weekly.json") or RunState(date.min, datetime.min)


def without_versions(found: dict[str, Any]) -> dict[str, Any]:
    """A training that was killed amid its registration leaves a number of a version unused; words name it."""
    serves = {name: value for name, value in found["serves"].items() if name != "version"}
    return {**found, "serves": serves, "words": [line for line in found["words"] if not line.startswith("version ")]}


def killed_in(folder: Path, stage: str, seconds: float) -> bool:
    """Kill a run so long after a stage has begun, the first one after the run has; False where it came to its end."""
    process = week_in(folder, None)
    while stage != STAGES[0] and stage not in state_of(folder).stages and process.is_alive():
        time.sleep(0.005)
    process.join(seconds)
    process.kill()
    process.join()
    assert process.exitcode in (0, -signal.SIGKILL)
    return process.exitcode != 0


def found_in(folder: Path) -> dict[str, Any]:
    """What a week has left in a shop, without times and drawn numbers."""
    state = state_of(folder)
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
        "written": {name: written_out(folder, name) for name in ("scores", "lists", "outcomes", "features")},
        "looks": rows(folder, "SELECT who FROM views"),
        "looks on the disk": any(LOOKED_LONG_AGO.encode() in file.read_bytes() for file in folder.glob("book.db*")),
    }


def written_out(folder: Path, name: str) -> list[str]:
    """Rows of a table for other systems, without the ids that are drawn."""
    with duckdb.connect(folder / "out.duckdb") as tables:
        found = tables.execute(f"SELECT * FROM regulars.{name}").df()
        return sorted(map(str, found.drop(columns="entry_id", errors="ignore").itertuples(index=False)))


def said_by_listed(folder: Path) -> pd.DataFrame:
    """The list's file, without the ids that are drawn."""
    return pd.read_csv(folder / "list" / "list.csv", dtype=str).drop(columns="entry_id")


def rows(folder: Path, query: str) -> list[str]:
    return sorted(map(str, in_database(folder / "book.db", query)))


def in_database(file: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(file)) as database, database:
        return database.execute(query).fetchall()
