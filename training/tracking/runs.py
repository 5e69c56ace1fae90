"""Runs in MLflow: what is done, from its first stage to its end, with what was measured and written on the way.

A run goes on as long as its work. One that fails is closed as FAILED, one that is stopped as KILLED; one whose process
was killed is closed by the next command. Runs may lie within runs: `parent_run` is for work of several commands, also
where one of them has a process of its own. Nothing that is recorded is about a person: no ids, no names, no user of the
machine.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING

from training.tracking.lost_models import refuse_lost
from training.tracking.plain_reading import read_rows
from training.tracking.process import is_gone, this_process
from training.tracking.records import (
    BACKTEST_EXPERIMENT,
    EXPERIMENT,
    HOW_TO_READ,
    KIND,
    MOST_CHARACTERS,
    NOTES,
    STAGE,
    TRAINING,
    WEEKLY,
    WEEKLY_EXPERIMENT,
    Record,
    metrics_of,
    write_record,
)
from training.tracking.stages import Stage, Stages
from training.tracking.store import MODEL, Store

if TYPE_CHECKING:
    from mlflow import MlflowClient

# MLflow would record the user and the machine: both are private.
ANONYMOUS = {"mlflow.user": "regulars", "mlflow.source.name": "regulars"}
PARENT_RUN = "REGULARS_PARENT_RUN"  # the environment variable that tells a process within which run it works
_PARENT_TAG = "mlflow.parentRunId"
_within: ContextVar[str | None] = ContextVar("the run that work of this thread lies within", default=None)


class Run:
    """A run that goes on.

    Args:
        store: where it is.
        run_id: of MLflow.
        experiment: under which it stands.
    """

    def __init__(self, store: Store, run_id: str, experiment: str) -> None:
        self._store, self.id, self._experiment = store, run_id, experiment

    @property
    def environment(self) -> dict[str, str]:
        """What a process has to find in its environment whose runs shall lie within this one."""
        return {PARENT_RUN: self.id}

    def write(self, record: Record) -> None:
        """Write parameters, metrics, data and files, and name the run."""
        with self._store.open() as client:
            write_record(client, self.id, record)

    def write_within(self, record: Record, kind: str, seconds: float) -> None:
        """Write a record to a run of its own within this one, which is over and took some seconds."""
        run = begin(self._store, record.name, self._experiment, kind, self.id, seconds)
        with _ended_with(self._store, run):
            run.write(record)

    def measured(self, metrics: Mapping[str, float]) -> None:
        """Write figures of the whole run."""
        with self._store.open() as client:
            client.log_batch(self.id, metrics_of(metrics, {}))

    def tag(self, tags: Mapping[str, str]) -> None:
        """Write short facts, none about a person."""
        from mlflow.entities import RunTag

        with self._store.open() as client:
            client.log_batch(self.id, tags=[RunTag(name, value[:MOST_CHARACTERS]) for name, value in tags.items()])

    @contextmanager
    def stage(self, name: str) -> Iterator[Run]:
        """Do a stage in a run of its own within this one; its seconds and memory stand in both."""
        stages = Stages()
        stages.tell = lambda stage: self.measured(stage.metrics)
        with _running(self._store, name, self._experiment, STAGE, self.id, None) as run, stages(name):
            yield run


class Runs:
    """The runs of a shop.

    Args:
        folder: of the shop, with `mlruns/` in it; nothing is created before the first record.
        address: of a tracking server or of another database; None for the file in the folder.
        name: of the registered model and of the experiment.
    """

    def __init__(self, folder: Path, address: str | None = None, name: str = MODEL) -> None:
        self.store = Store(folder, address, name)

    @contextmanager
    def run(
        self, name: str, experiment: str = EXPERIMENT, kind: str = TRAINING, *, stages: Stages | None = None
    ) -> Iterator[Run]:
        """Do work in a run, which ends with it; within `parent_run` it lies in that one.

        Args:
            name: of the run, until a record names it.
            experiment: under which it stands.
            kind: what is done.
            stages: of the work; it began when they were made, and each is written as soon as it is over.
        """
        with _running(self.store, name, experiment, kind, None, stages) as run:
            yield run

    def page(self, experiment: str = EXPERIMENT, kind: str = TRAINING) -> str:
        """Return the address of the runs of a kind on MLflow's pages, the candidates within them left out."""
        with self.store.open() as client:
            found = client.get_experiment_by_name(self.store.experiment_name(experiment))
        return self.store.page(found.experiment_id if found else "0", f"tags.{KIND}='{kind}'")

    def record(self, record: Record) -> str:
        """Begin a run, write a record to it, and return its id; the run goes on until `finish`."""
        run = begin(self.store, record.name, record.experiment, record.kind)
        with closing_failed(self.store, run.id):
            run.write(record)
        return run.id

    def finish(self, run_id: str) -> None:
        """Close a run."""
        with self.store.open() as client:
            client.set_terminated(run_id, "FINISHED")

    def close_killed(self, now_ms: float) -> int:
        """Close every run whose process is gone as KILLED, and return how many trainings there were.

        A process that was killed leaves its run RUNNING for ever. A run of another machine counts as gone after some
        days.

        Args:
            now_ms: the time now, in milliseconds since 1970.

        Raises:
            LostModels: the database is gone, or is empty, beside models.
        """
        if self.store.is_file:
            refuse_lost(self.store.database, self.store.artifacts)
            if not _has_running(self.store.database):
                return 0
        with self.store.open() as client:
            found = map(client.get_experiment_by_name, map(self.store.experiment_name, NOTES))
            ids = [each.experiment_id for each in found if each is not None]
            running = client.search_runs(ids, "attributes.status = 'RUNNING'") if ids else []
            gone = [run for run in running if is_gone(run.data.tags, run.info.start_time, now_ms)]
            for run in gone:
                client.set_terminated(run.info.run_id, "KILLED")
            return sum(run.data.tags.get(KIND, TRAINING) == TRAINING for run in gone)


@contextmanager
def parent_run(runs: Runs, name: str, resumed: str | None = None) -> Iterator[Run]:
    """Do the work of several commands within one run: those of this process, and of others with its `environment`.

    Args:
        runs: of the shop.
        name: of the run.
        resumed: the id of a run that was stopped, which goes on; None for a new one.
    """
    if resumed is None:
        with runs.run(name, WEEKLY_EXPERIMENT, WEEKLY) as run:
            yield run
        return
    _resume(runs.store, resumed)
    with _ended_with(runs.store, Run(runs.store, resumed, WEEKLY_EXPERIMENT)) as run:
        yield run


def begin(
    store: Store, name: str, experiment: str, kind: str, parent: str | None = None, seconds_ago: float = 0.0
) -> Run:
    """Begin a run; it says which process works on it.

    Args:
        store: where it is recorded.
        name: of the run.
        experiment: under which it stands.
        kind: what is done.
        parent: the id of the run in which it lies; None for the one that work of this thread or process lies within.
        seconds_ago: when its work began.
    """
    with store.open() as client:
        parent = parent or _parent(client)
        tags = {**ANONYMOUS, **this_process(), KIND: kind, **({_PARENT_TAG: parent} if parent else {})}
        note = NOTES[experiment] + (HOW_TO_READ if experiment in (EXPERIMENT, BACKTEST_EXPERIMENT) else "")
        # A run lies in the time of people, as the log of a server does: no figure depends on it.
        began = int((time.time() - seconds_ago) * 1000)
        made = client.create_run(store.experiment(client, experiment, note), began, tags, name)
        return Run(store, str(made.info.run_id), experiment)


@contextmanager
def closing_failed(store: Store, run_id: str) -> Iterator[None]:
    """Close a run where the block fails, as FAILED, or where it is stopped, as KILLED."""
    try:
        yield
    except BaseException as error:
        status = "FAILED" if isinstance(error, Exception) else "KILLED"
        with suppress(Exception), store.open() as client:  # the fault that ended the block is the one to tell
            client.set_terminated(run_id, status)
        raise


@contextmanager
def _running(
    store: Store, name: str, experiment: str, kind: str, parent: str | None, stages: Stages | None
) -> Iterator[Run]:
    run = begin(store, name, experiment, kind, parent, stages.seconds if stages else 0.0)
    if stages is not None:
        _follow(stages, run)
    with _ended_with(store, run):
        yield run


def _follow(stages: Stages, run: Run) -> None:
    """Write the stages to a run: those that are over now, the others when they are."""
    if stages.done:
        run.measured({name: value for stage in stages.done for name, value in stage.metrics.items()})

    def tell(stage: Stage) -> None:
        run.measured(stage.metrics)

    stages.tell = tell


@contextmanager
def _ended_with(store: Store, run: Run) -> Iterator[Run]:
    """End a run with the block; the work of the block lies within it."""
    before = _within.set(run.id)
    try:
        with closing_failed(store, run.id):
            yield run
            with store.open() as client:
                client.set_terminated(run.id, "FINISHED")
    finally:
        _within.reset(before)


def _parent(client: MlflowClient) -> str | None:
    """Return the run that work of this thread lies within, or that of the process; one of another store is none."""
    named = os.environ.get(PARENT_RUN)
    if (mine := _within.get()) is not None or not named:
        return mine
    from mlflow.exceptions import MlflowException

    try:
        return str(client.get_run(named).info.run_id)
    except MlflowException:
        return None


def _resume(store: Store, run_id: str) -> None:
    with store.open() as client:
        for name, value in this_process().items():
            client.set_tag(run_id, name, value)
        client.update_run(run_id, status="RUNNING")


def _has_running(database: Path) -> bool:
    """Say whether the file has a run that is not over, without MLflow, which takes seconds to begin.

    What cannot be read so is left to MLflow.
    """
    if not database.exists():
        return False
    try:
        return bool(read_rows(database, "SELECT 1 FROM runs WHERE status = 'RUNNING' LIMIT 1"))
    except sqlite3.Error:
        return True
