"""Runs in MLflow: how they begin and end, what lies within what, and what becomes of those that were killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from training.tracking import Record, Stages, Tracking, parent_run
from training.tracking.process import ANOTHER_MACHINE_DAYS, PROCESS, is_gone, this_process

NOTHING: dict[str, Any] = {}
RECORD = Record("a run", NOTHING, NOTHING, NOTHING, "digest", NOTHING, {"facts": {}}, {})
DAY_MS = 86_400_000


def statuses(tracking: Tracking) -> dict[str, str]:
    with tracking.store.open() as client:
        found = client.get_experiment_by_name("regulars")
        return {run.info.run_id: run.info.status for run in client.search_runs([found.experiment_id])}


def test_a_killed_training_is_closed_and_a_running_one_is_not(
    tracking_in: Callable[[Path], Tracking], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The killed one's process did exist, on this machine, and was ended by the system."""
    tracking = tracking_in(tmp_path)
    asleep = [sys.executable, "-c", "import time; print(flush=True); time.sleep(60)"]
    with subprocess.Popen(asleep, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        with monkeypatch.context() as patched:
            patched.setattr(os, "getpid", lambda: other.pid)
            killed = tracking.record(RECORD)
        running = tracking.record(RECORD)
        assert tracking.close_killed(0) == 0
        other.send_signal(signal.SIGKILL)
        other.wait()
    assert tracking.close_killed(0) == 1
    assert statuses(tracking) == {killed: "KILLED", running: "RUNNING"}
    assert tracking.close_killed(0) == 0


def test_a_recording_that_fails_is_closed_as_failed(
    tracking_in: Callable[[Path], Tracking], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk leaves no run that is running for ever."""
    from features.errors import DiskFull

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    tracking = tracking_in(tmp_path)
    monkeypatch.setattr("training.tracking.records._log_files", full)
    with pytest.raises(DiskFull, match=r"mlflow\.db; what serves is as it was"):
        tracking.record(RECORD)
    assert set(statuses(tracking).values()) == {"FAILED"}


def test_another_machines_run_counts_as_gone_after_days() -> None:
    """Nobody here can see its processes."""
    theirs = {PROCESS: this_process()[PROCESS].partition(", on ")[0] + ", on another"}
    assert not is_gone(theirs, 0, ANOTHER_MACHINE_DAYS * DAY_MS)
    assert is_gone(theirs, 0, ANOTHER_MACHINE_DAYS * DAY_MS + 1)
    assert is_gone({}, 0, ANOTHER_MACHINE_DAYS * DAY_MS + 1)


def test_the_tags_name_no_machine() -> None:
    import platform

    assert platform.node() not in str(this_process())


def run_of(tracking: Tracking, run_id: str) -> Any:
    with tracking.store.open() as client:
        return client.get_run(run_id)


def test_a_run_begins_with_its_work_and_tells_each_stage(
    tracking_in: Callable[[Path], Tracking], tmp_path: Path
) -> None:
    """The reading was over before there was a run, and is part of it."""
    tracking, stages = tracking_in(tmp_path), Stages()
    with stages("read"):
        time.sleep(0.3)
    with tracking.run("training", stages=stages) as run:
        began = run_of(tracking, run.id)
        assert began.info.status == "RUNNING"
        with stages("backtest"):
            held = np.ones(30_000_000)
        assert held.nbytes > 200_000_000
    over = run_of(tracking, run.id)
    assert over.info.status == "FINISHED"
    assert over.info.end_time - over.info.start_time > 300
    measured = over.data.metrics
    assert 0.3 <= measured["stage/read_seconds"] < 30
    assert measured["stage/backtest_peak_mib"] - measured["stage/read_peak_mib"] > 200


@pytest.mark.parametrize(("trouble", "status"), [(ValueError, "FAILED"), (KeyboardInterrupt, "KILLED")])
def test_a_run_whose_work_fails_or_is_stopped_says_so(
    tracking_in: Callable[[Path], Tracking], tmp_path: Path, trouble: type[BaseException], status: str
) -> None:
    tracking = tracking_in(tmp_path)
    with pytest.raises(trouble), tracking.run("training"):
        raise trouble
    assert set(statuses(tracking).values()) == {status}


OTHER_PROCESS = """
import sys; from pathlib import Path; from training.tracking import Tracking
with Tracking(Path(sys.argv[1])).run("of another process"): pass
"""


def test_runs_of_several_commands_lie_within_one_also_those_of_another_process(
    tracking_in: Callable[[Path], Tracking], tmp_path: Path
) -> None:
    tracking = tracking_in(tmp_path)
    with parent_run(tracking, "week 49") as week:
        with week.stage("train") as stage, tracking.run("training") as training:
            pass
        environment = {**os.environ, **week.environment}
        subprocess.run([sys.executable, "-c", OTHER_PROCESS, str(tmp_path)], env=environment, check=True)
    with tracking.run("later") as later:
        pass
    parent = {run: run_of(tracking, run).data.tags.get("mlflow.parentRunId") for run in (stage.id, training.id)}
    assert parent == {stage.id: week.id, training.id: stage.id}
    with tracking.store.open() as client:
        regulars = client.get_experiment_by_name("regulars").experiment_id
        (other,) = client.search_runs([regulars], "attributes.run_name = 'of another process'")
    assert other.data.tags["mlflow.parentRunId"] == week.id
    assert "mlflow.parentRunId" not in run_of(tracking, later.id).data.tags
    assert run_of(tracking, week.id).data.metrics["stage/train_seconds"] < 60


def test_a_parent_that_was_killed_goes_on(tracking_in: Callable[[Path], Tracking], tmp_path: Path) -> None:
    tracking = tracking_in(tmp_path)
    with pytest.raises(KeyboardInterrupt), parent_run(tracking, "week 49") as week:
        raise KeyboardInterrupt
    assert run_of(tracking, week.id).info.status == "KILLED"
    with parent_run(tracking, "week 49", resumed=week.id) as again:
        assert again.id == week.id
        assert run_of(tracking, week.id).info.status == "RUNNING"
    assert run_of(tracking, week.id).info.status == "FINISHED"


def test_a_parent_of_another_store_is_none(
    tracking_in: Callable[[Path], Tracking], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracking = tracking_in(tmp_path)
    monkeypatch.setenv("REGULARS_PARENT_RUN", "0" * 32)
    with tracking.run("training") as run:
        pass
    assert "mlflow.parentRunId" not in run_of(tracking, run.id).data.tags
