"""A weekly run in a process of its own that is killed: by itself at a chosen moment, or from outside at any.

The processes are forked from one that has imported everything and has no threads yet: a run costs what its stages cost.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any
from unittest import mock

from serving.commands.weekly import running
from serving.commands.weekly.run_state import DONE, RunState
from serving.commands.weekly.weekly import run_week
from serving.config import load_settings
from training.tracking import Tracking

PRELOADED = ["tests.serving.commands.weekly.warm", "tests.serving.commands.weekly.killing"]
AS_LONG_AS_IT_TAKES_SECONDS = 300
# Where a run kills itself: a stage and a moment of it. What follows `promote` within a training is `done`.
BEFORE, AFTER, PROMOTE = "before its end is kept", "after its end is kept", "before a model is let serve"
Moment = tuple[str, str]


def week_in(folder: Path, moment: Moment | None) -> ForkServerProcess:
    """Start a run of the week in a process of its own, which kills itself at a moment."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    process = context.Process(target=_week, args=(folder, moment))
    process.start()
    return process


def killed_week(folder: Path, moment: Moment) -> None:
    """Run the week until it kills itself."""
    process = week_in(folder, moment)
    process.join(AS_LONG_AS_IT_TAKES_SECONDS)
    assert process.exitcode == -signal.SIGKILL, moment


def unbroken_week(folder: Path) -> None:
    """Run the week to its end, in a process like those that are killed."""
    process = week_in(folder, None)
    process.join(AS_LONG_AS_IT_TAKES_SECONDS)
    assert process.exitcode == 0


def _week(folder: Path, moment: Moment | None) -> None:
    os.chdir(folder)
    settings = load_settings(folder / "regulars.toml")
    with mock.patch.object(running, "write_state", _killing(running.write_state, moment)):
        if moment is not None and moment[1] == PROMOTE:
            mock.patch.object(Tracking, "promote", side_effect=kill).start()
        run_week(folder / "regulars.toml", settings, [folder / "later.csv"])


def _killing(write: Callable[..., None], moment: Moment | None) -> Callable[..., None]:
    """Return what keeps how far a run is, and kills before or after the end of a stage is kept for the first time."""
    known: set[str] = set()

    def wrote(file: Path, state: RunState, access: Any) -> None:
        ended = {name for name, each in state.stages.items() if each.state == DONE}
        is_it = moment is not None and moment[0] in ended - known
        if is_it and moment is not None and moment[1] == BEFORE:
            kill()
        write(file, state, access)
        if is_it and moment is not None and moment[1] == AFTER:
            kill()
        known.update(ended)

    return wrote


def kill(*_: object) -> None:
    """End this process as kill -9 does."""
    os.kill(os.getpid(), signal.SIGKILL)
