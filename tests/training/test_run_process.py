"""A training that was killed while it recorded: the next start closes its run, and no other process's."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from training.run_process import ANOTHER_MACHINE_DAYS, MACHINE, is_gone, this_process
from training.tracking import Record, Tracking

NOTHING: dict[str, Any] = {}
RECORD = Record("a run", NOTHING, NOTHING, NOTHING, "digest", NOTHING, NOTHING, {})
DAY_MS = 86_400_000


def statuses(tracking: Tracking) -> dict[str, str]:
    with tracking._open() as client:
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
    monkeypatch.setattr("training.tracking._log_files", full)
    with pytest.raises(DiskFull, match=r"mlflow\.db; what serves is as it was"):
        tracking.record(RECORD)
    assert set(statuses(tracking).values()) == {"FAILED"}


def test_another_machines_run_counts_as_gone_after_days() -> None:
    """Nobody here can see its processes."""
    theirs = {**this_process(), MACHINE: "another"}
    assert not is_gone(theirs, 0, ANOTHER_MACHINE_DAYS * DAY_MS)
    assert is_gone(theirs, 0, ANOTHER_MACHINE_DAYS * DAY_MS + 1)
    assert is_gone({}, 0, ANOTHER_MACHINE_DAYS * DAY_MS + 1)


def test_the_tags_name_no_machine() -> None:
    import platform

    assert platform.node() not in str(this_process())
