"""MLflow: the record of every training run, and the registry that says which version serves.

    <folder>/mlruns/mlflow.db       runs, metrics, registry
    <folder>/mlruns/artifacts/      bundles, plots, tables

One registered model, `regulars`, with two aliases: `champion` serves, `challenger` is the latest that was trained.
Only the alias decides which version serves, and it moves in one call. The tags of a version hold the result of its
gate, the version that it replaced (`replaced`), and whether it has served (`served`). Nothing that is recorded is about
a person: no ids, no names, no user of the machine.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version as installed
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from features.errors import ModelNotFound, ModelRefused
from features.faults import faults_at, machine_fault
from features.file_access import BY_UMASK
from features.shell import shell_line
from training.bundle import FILE as BUNDLE_FILE
from training.bundle import Bundle
from training.lost_models import refuse_lost
from training.models.fitted import write_json
from training.plots.canvas import write_figures
from training.pyfunc import AS_OF, COLUMNS
from training.run_process import is_gone, this_process
from training.sqlite_url import sqlite_uri, sqlite_url

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from mlflow import MlflowClient

MODEL = EXPERIMENT = "regulars"
WATCH_EXPERIMENT = "regulars watch"  # apart, so that the runs of training are seen first
CHAMPION, CHALLENGER = "champion", "challenger"
REPLACED, SERVED = "replaced", "served"
# MLflow would record the user and the machine: both are private.
ANONYMOUS = {"mlflow.user": "regulars", "mlflow.source.name": "regulars"}
LIBRARIES = ("numpy", "pandas", "lightgbm", "scikit-learn")
UNCHANGED = "what serves is as it was"
# MLflow's words for what is not there; an alias or a version that cannot be one is not there either.
NOT_THERE = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")
DATABASE, ARTIFACTS = "mlflow.db", "artifacts"


@dataclass(frozen=True, eq=False)
class Record:
    """The record of a run of training or of watching, besides its bundles.

    Args:
        name: of the run, as a list of runs shows it.
        params: settings of the run and the choice.
        metrics: name → values, one per test date, oldest first; a single value is of the whole run.
        data: row counts and dates of the log.
        data_digest: fingerprint of the log.
        figures: by file name, without suffix.
        documents: JSON documents, by file name, without suffix.
        tags: short facts, none about a person.
        experiment: under which it stands.
    """

    name: str
    params: Mapping[str, Any]
    metrics: Mapping[str, Sequence[float]]
    data: Mapping[str, Any]
    data_digest: str
    figures: Mapping[str, Figure]
    documents: Mapping[str, Mapping[str, Any]]
    tags: Mapping[str, str]
    experiment: str = EXPERIMENT


class Tracking:
    """The MLflow database and artifacts of a shop.

    Args:
        folder: of the shop, with `mlruns/` in it; nothing is created before the first record.
    """

    def __init__(self, folder: Path) -> None:
        self._home = Path(folder).resolve() / "mlruns"

    @property
    def database(self) -> Path:
        """The file of the database, whether it exists or not."""
        return self._home / DATABASE

    @property
    def uri(self) -> str:
        """The address of the tracking database."""
        return sqlite_url(self._home / DATABASE)

    @property
    def ui_command(self) -> str:
        """The shell command that shows the runs in a browser."""
        return shell_line("mlflow", "ui", "--backend-store-uri", self.uri)

    def record(self, record: Record) -> str:
        """Write a run and return its id; it says which process writes it, until `finish`."""
        with self._open() as client:
            tags = {**ANONYMOUS, **record.tags, **this_process()}
            run = client.create_run(self._experiment(client, record.experiment), tags=tags, run_name=record.name)
            run_id = str(run.info.run_id)
            with self.failing(run_id):
                _log_values(client, run_id, record)
                _log_data(client, run_id, record)
                _log_files(client, run_id, record)
            return run_id

    def register(
        self, run_id: str, bundle: Bundle, aliases: Sequence[str], tags: Mapping[str, str] | None = None
    ) -> str:
        """Store a bundle with a run, register it as a new version under the given aliases, and return the version."""
        with self._open() as client, tempfile.TemporaryDirectory() as scratch:
            bundle.save(Path(scratch) / "bundle")
            model_uri = _log_model(run_id, bundle, Path(scratch) / "bundle")
            version = _new_version(client, model_uri, run_id, bundle, tags or {})
            for alias in aliases:
                client.set_registered_model_alias(MODEL, alias, version)
            return version

    def finish(self, run_id: str) -> None:
        """Close a run."""
        with self._open() as client:
            client.set_terminated(run_id, "FINISHED")

    @contextmanager
    def failing(self, run_id: str) -> Iterator[None]:
        """Close a run as FAILED where the block fails: it would be RUNNING for ever."""
        try:
            yield
        except BaseException:
            with suppress(Exception), self._open() as client:  # the fault that ended the block is the one to tell
                client.set_terminated(run_id, "FAILED")
            raise

    def close_killed(self, now_ms: float) -> int:
        """Close every run whose process is gone as KILLED, and return how many there were.

        A process that was killed while it recorded leaves its run RUNNING for ever. A run of another machine counts as
        gone after some days.

        Args:
            now_ms: the time now, in milliseconds since 1970.

        Raises:
            LostModels: the database is gone, or is empty, beside models.
        """
        refuse_lost(self._home / DATABASE, self._home / ARTIFACTS)
        if not (self._home / DATABASE).exists():
            return 0
        with self._open() as client:
            found = map(client.get_experiment_by_name, (EXPERIMENT, WATCH_EXPERIMENT))
            ids = [each.experiment_id for each in found if each is not None]
            running = client.search_runs(ids, "attributes.status = 'RUNNING'") if ids else []
            gone = [run.info.run_id for run in running if is_gone(run.data.tags, run.info.start_time, now_ms)]
            for run_id in gone:
                client.set_terminated(run_id, "KILLED")
            return len(gone)

    def promote(self, version: str) -> str | None:
        """Let a version serve, and return the one that served before.

        The tags are written first and have no effect by themselves: a run that is stopped in between leaves the
        former champion serving.
        """
        former = self.champion_version()
        if former != version:
            with self._open() as client:
                client.set_model_version_tag(MODEL, version, REPLACED, former or "")
            self._move(former, version)
        return former

    def roll_back(self, version: str) -> str | None:
        """Let a version serve again that has served before, and return the one that served until now."""
        former = self.champion_version()
        if former != version:
            self._move(former, version)
        return former

    def _move(self, former: str | None, version: str) -> None:
        with self._open() as client:
            if former is not None:
                client.set_model_version_tag(MODEL, former, SERVED, "yes")
            client.set_registered_model_alias(MODEL, CHAMPION, version)

    def version_tags(self, version: str) -> dict[str, str] | None:
        """Return the tags of a version; None where there is no such version."""
        if not (self._home / DATABASE).exists():
            return None
        with self._open() as client:
            try:
                return dict(client.get_model_version(MODEL, version).tags)
            except _mlflow().exceptions.MlflowException as error:
                _pass_none_there(error)
                return None

    def set_aside(self, ending: str) -> str:
        """Move the whole folder away, so that the next training begins anew; returns its new name, "" without one."""
        if not self._home.exists():
            return ""
        moved = self._home.with_name(f"{self._home.name}-{ending}")
        with faults_at(self._home, UNCHANGED):
            self._home.rename(moved)
        return moved.name

    def champion_version(self) -> str | None:
        """Return the version that serves, or None; quick enough to ask every few seconds.

        Raises:
            LostModels: the database is gone, or is empty, beside models.
        """
        return self._version(CHAMPION)

    def challenger_version(self) -> str | None:
        """Return the version that was trained last, or None."""
        return self._version(CHALLENGER)

    def champion(self) -> tuple[Bundle, str]:
        """Return the bundle that serves, verified, and its version.

        Raises:
            ModelNotFound: nothing is registered yet.
            ModelRefused: the bundle is corrupt, gone, or fails its probe.
        """
        return self.load(CHAMPION)

    def load(self, alias: str) -> tuple[Bundle, str]:
        """Return the bundle under an alias, verified, and its version.

        Raises:
            ModelNotFound: nothing is registered under the alias.
            ModelRefused: the bundle is corrupt, gone, or fails its probe.
        """
        version = self._version(alias)
        if version is None:
            raise ModelNotFound(f"no model is registered as {alias} in {self._home}; run `regulars train` first")
        return self.load_version(version), version

    def load_version(self, version: str) -> Bundle:
        """Return a registered version's bundle, verified.

        Raises:
            ModelNotFound: there is no such version, or no more.
            ModelRefused: the bundle is corrupt, gone, or fails its probe.
        """
        found = self._read("SELECT storage_location FROM model_versions WHERE name = ? AND version = ?", MODEL, version)
        source = str(found[0][0]) if found else self._source_of(version)
        return Bundle.load(_bundle_folder(self._home / ARTIFACTS, source, version))

    def _source_of(self, version: str) -> str:
        with self._open() as client:
            try:
                return str(client.get_model_version_download_uri(MODEL, version))
            except _mlflow().exceptions.MlflowException as error:
                _pass_none_there(error)
                raise ModelNotFound(f"version {version} is not in the registry at {self._home}") from None

    def _version(self, alias: str) -> str | None:
        refuse_lost(self._home / DATABASE, self._home / ARTIFACTS)
        if not (self._home / DATABASE).exists():
            return None
        found = self._read("SELECT version FROM registered_model_aliases WHERE name = ? AND alias = ?", MODEL, alias)
        if found is not None:
            return str(found[0][0]) if found else None
        with self._open() as client:
            try:
                return str(client.get_model_version_by_alias(MODEL, alias).version)
            except _mlflow().exceptions.MlflowException as error:
                _pass_none_there(error)
                return None

    def _read(self, query: str, *values: str) -> list[tuple[Any, ...]] | None:
        """Return rows of the registry's own tables; None where they cannot be read and MLflow has to be asked.

        A server reads them every few seconds and never writes: MLflow would cost it four seconds of start and 30 MB.
        """
        try:
            with closing(sqlite3.connect(sqlite_uri(self._home / DATABASE, "ro"), uri=True)) as registry:
                return registry.execute(query, values).fetchall()
        except sqlite3.Error as error:
            fault = machine_fault(error, self._home / DATABASE, UNCHANGED)
            if fault is not None:
                raise fault from None
            return None

    def _experiment(self, client: MlflowClient, name: str) -> str:
        found = client.get_experiment_by_name(name)
        if found is not None:
            return str(found.experiment_id)
        # By default MLflow would put artifacts below the current directory.
        return str(client.create_experiment(name, artifact_location=(self._home / ARTIFACTS).as_uri()))

    @contextmanager
    def _open(self) -> Iterator[MlflowClient]:
        """Yield a client; MLflow's own tracking and registry addresses are restored afterwards."""
        with faults_at(self._home):
            mlflow = _mlflow()
            self._home.mkdir(parents=True, exist_ok=True)
        before = mlflow.get_tracking_uri(), mlflow.get_registry_uri()
        mlflow.set_tracking_uri(self.uri)
        mlflow.set_registry_uri(self.uri)
        try:
            with faults_at(self._home / DATABASE, UNCHANGED):
                yield mlflow.MlflowClient(self.uri, self.uri)
        finally:
            mlflow.set_tracking_uri(before[0])
            mlflow.set_registry_uri(before[1])


def _pass_none_there(error: Any) -> None:
    """Let pass that there is no such thing; a registry that cannot be read is not one without a champion."""
    if error.error_code not in NOT_THERE:
        raise error


def _mlflow() -> Any:
    """Return MLflow with its telemetry off and its own log silenced."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    import mlflow

    # MLflow 3.17 on SQLAlchemy 2.1: theirs to mend, nothing of ours loads that way
    warnings.filterwarnings("ignore", message="The ``noload`` loader strategy is deprecated")
    logging.getLogger("mlflow").setLevel(logging.ERROR)
    logging.getLogger("alembic").setLevel(logging.ERROR)
    return mlflow


def _log_values(client: MlflowClient, run_id: str, record: Record) -> None:
    from mlflow.entities import Metric, Param

    metrics = [
        Metric(name, value, 0, step)
        for name, values in record.metrics.items()
        for step, value in enumerate(values)
        if value == value
    ]
    client.log_batch(run_id, metrics, [Param(name, str(value)) for name, value in record.params.items()])


def _log_files(client: MlflowClient, run_id: str, record: Record) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        write_figures(record.figures, Path(scratch), BY_UMASK)
        for name, document in record.documents.items():
            write_json(Path(scratch) / f"{name}.json", dict(document))
        client.log_artifacts(run_id, scratch)


def _log_data(client: MlflowClient, run_id: str, record: Record) -> None:
    """Record the fingerprint alone: handing MLflow the rows would profile them for minutes, and store samples."""
    from mlflow.data.code_dataset_source import CodeDatasetSource
    from mlflow.data.meta_dataset import MetaDataset
    from mlflow.entities import DatasetInput, InputTag

    # mypy sees an abstract class where MLflow documents a constructor
    dataset = MetaDataset(CodeDatasetSource({}), name="orders", digest=record.data_digest[:32])  # type: ignore[abstract]
    context = [InputTag("mlflow.data.context", "training" if record.experiment == EXPERIMENT else "watching")]
    client.log_inputs(run_id, [DatasetInput(dataset._to_mlflow_entity(), context)])
    for name, value in record.data.items():
        client.set_tag(run_id, f"data.{name}", str(value))


def _log_model(run_id: str, bundle: Bundle, folder: Path) -> str:
    mlflow = _mlflow()
    example = pd.DataFrame([["1001", "0042", "2024-01-05T10:30:00", 12.5]], columns=list(COLUMNS))
    with mlflow.start_run(run_id=run_id), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # MLflow's hints about its own defaults
        logged = mlflow.pyfunc.log_model(
            name=f"{bundle.candidate}_bundle",
            loader_module="training.pyfunc",
            data_path=str(folder),
            signature=_signature(),
            input_example=(example, {AS_OF: "2024-01-20"}),
            pip_requirements=[f"{name}=={installed(name)}" for name in LIBRARIES],
        )
    return str(logged.model_uri)


def _signature() -> Any:
    """Return the signature: orders and a date in, probabilities out; there is no column for a feature."""
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, ParamSchema, ParamSpec, Schema, TensorSpec

    kinds = {"amount": "double"}
    optional = "order_id"
    inputs: list[ColSpec | TensorSpec] = [
        ColSpec(kinds.get(name, "string"), name, required=name != optional) for name in COLUMNS
    ]
    outputs: list[ColSpec | TensorSpec] = [ColSpec("string", "customer_id"), ColSpec("double", "probability")]
    return ModelSignature(Schema(inputs), Schema(outputs), ParamSchema([ParamSpec(AS_OF, "string", "")]))


def _new_version(
    client: MlflowClient, model_uri: str, run_id: str, bundle: Bundle, more_tags: Mapping[str, str]
) -> str:
    from mlflow.exceptions import MlflowException

    try:
        client.get_registered_model(MODEL)
    except MlflowException:
        client.create_registered_model(MODEL, description="Probability that a regular customer stops buying.")
    tags = {
        "candidate": bundle.candidate,
        "horizon_days": str(bundle.definition.horizon_days),
        "active_days": str(bundle.definition.active_days),
        "trained_until": bundle.trained_until.isoformat(),
        **more_tags,
    }
    model_id = model_uri.rsplit("/", 1)[-1]
    client.set_logged_model_tags(model_id, ANONYMOUS)
    made = client.create_model_version(
        MODEL, model_uri, run_id=run_id, tags=tags, description=bundle.why, model_id=model_id
    )
    return str(made.version)


def _bundle_folder(artifacts: Path, source: str, version: str) -> Path:
    """Return the folder of a version's bundle; MLflow keeps absolute paths, which a moved shop folder makes wrong."""
    inside = source.rsplit(f"/{ARTIFACTS}/models/", 1)[-1]
    folders = [path.parent for path in (artifacts / "models" / inside).rglob(BUNDLE_FILE)]
    if len(folders) != 1:
        raise ModelRefused(f"version {version} of {MODEL} has no bundle under {artifacts}; run regulars train")
    return folders[0]
