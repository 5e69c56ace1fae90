"""Where MLflow keeps what is recorded.

    <folder>/mlruns/mlflow.db       runs, metrics, registry
    <folder>/mlruns/artifacts/      bundles, plots, tables

Instead of these a shop may name a tracking server, which keeps both, or another database, which keeps what the file
`mlflow.db` would; the artifacts then lie in the folder still.
"""

from __future__ import annotations

import logging
import os
import re
import sqlite3
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from features.errors import Unreachable
from features.faults import faults_at
from features.shell import program, shell_line
from training.sqlite_url import sqlite_url

if TYPE_CHECKING:
    from mlflow import MlflowClient

MODEL = "regulars"
DATABASE, ARTIFACTS = "mlflow.db", "artifacts"
UNCHANGED = "what serves is as it was"
UI_ADDRESS = "http://127.0.0.1:5000"  # where `mlflow ui` listens
# What MLflow is told before it is imported, unless somebody has told it otherwise.
QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",  # it would ask a server that is down seven times, for minutes
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",  # where a command's JSON goes
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
}


class Store:
    """MLflow's database and artifacts, of one shop.

    Args:
        folder: of the shop, with `mlruns/` in it; nothing is created before the first record.
        address: of a tracking server or of another database; None for the file in the folder.
        name: of the registered model and of the experiment.
    """

    def __init__(self, folder: Path, address: str | None = None, name: str = MODEL) -> None:
        self.home = Path(folder).resolve() / "mlruns"
        self._address, self.model = address, name

    @property
    def is_file(self) -> bool:
        """Whether the database is the file in the folder."""
        return self._address is None

    @property
    def is_server(self) -> bool:
        """Whether a tracking server keeps everything."""
        return self._address is not None and urlsplit(self._address).scheme in ("http", "https")

    @property
    def database(self) -> Path:
        """The file of the database, whether it exists or not."""
        return self.home / DATABASE

    @property
    def artifacts(self) -> Path:
        """The folder of the artifacts, where no server keeps them."""
        return self.home / ARTIFACTS

    @property
    def uri(self) -> str:
        """The address that MLflow is given.

        >>> Store(Path("/shop"), "postgresql://db/mlflow").uri
        'postgresql+psycopg://db/mlflow'
        """
        address = self._address or sqlite_url(self.database)
        return re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", address)  # the driver that comes with Regulars

    @property
    def place(self) -> str:
        """The database or server as messages call it: without a password.

        >>> Store(Path("/shop"), "postgresql://ada:secret@db/mlflow").place
        'postgresql://db/mlflow'
        """
        if self._address is None:
            return str(self.database)
        parts = urlsplit(self._address)
        return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()

    @property
    def lost(self) -> str:
        """What is there where a shop that had models finds none, in words."""
        if not self.is_file:
            return "knows none"
        return "is empty" if self.database.exists() else "is gone"

    @property
    def ui_command(self) -> str:
        """How the runs are seen in a browser: a shell command, or the address of the server.

        >>> Store(Path("/shop"), "http://mlflow.shop.example").ui_command
        'http://mlflow.shop.example'
        """
        if self.is_server:
            return self.place
        where = self.uri if self.is_file else self.place
        return shell_line("env", "MLFLOW_DISABLE_TELEMETRY=true", program("mlflow"), "ui", "--backend-store-uri", where)

    def page(self, experiment_id: str, search: str) -> str:
        """Return the address of the runs of an experiment that a search finds.

        >>> Store(Path("/shop")).page("1", "tags.kind='training'").partition("#")[2]
        '/experiments/1/runs?workflowType=machine_learning&searchFilter=tags.kind%3D%27training%27'
        """
        base = self.place.rstrip("/") if self.is_server else UI_ADDRESS
        # Without the word the pages take every experiment for one of language models.
        return f"{base}/#/experiments/{experiment_id}/runs?workflowType=machine_learning&searchFilter={quote(search)}"

    @contextmanager
    def open(self) -> Iterator[MlflowClient]:
        """Yield a client; MLflow's own tracking and registry addresses are restored afterwards.

        Raises:
            MachineFault: the database, its disk or the server fails.
        """
        with faults_at(self.home):
            mlflow = quiet_mlflow()
            if not self.is_server:
                self.home.mkdir(parents=True, exist_ok=True)
        before = mlflow.get_tracking_uri(), mlflow.get_registry_uri()
        mlflow.set_tracking_uri(self.uri)
        mlflow.set_registry_uri(self.uri)
        try:
            with faults_at(self.place, UNCHANGED), self._answering():
                yield mlflow.MlflowClient(self.uri, self.uri)
        finally:
            mlflow.set_tracking_uri(before[0])
            mlflow.set_registry_uri(before[1])

    @contextmanager
    def _answering(self) -> Iterator[None]:
        """Say in our words that a server does not answer: MLflow's own is a page of the retries it made."""
        try:
            yield
        except quiet_mlflow().exceptions.MlflowException as error:
            if self.is_server and "API request to" in str(error) and "failed with exception" in str(error):
                raise Unreachable(self.place, UNCHANGED) from error
            raise

    def experiment_name(self, usual: str) -> str:
        """Return an experiment's name in this shop.

        >>> Store(Path("/shop"), name="north").experiment_name("regulars watch")
        'north watch'
        """
        return self.model + usual.removeprefix(MODEL)

    def experiment(self, client: MlflowClient, usual: str, note: str) -> str:
        """Return the id of an experiment, which is made if there is none.

        Args:
            client: of MLflow.
            usual: the experiment's name where the shop has named no other.
            note: what its page says first, Markdown.
        """
        name = self.experiment_name(usual)
        found = client.get_experiment_by_name(name)
        if found is not None:
            self._keep_here(found)
            return str(found.experiment_id)
        # By default MLflow would put artifacts below the current directory; a server knows its own place for them.
        where = None if self.is_server else self.artifacts.as_uri()
        # MLflow's pages would else ask whether this is about language models, and show traces first.
        tags = {"mlflow.note.content": note, "mlflow.experimentKind": "custom_model_development"}
        return str(client.create_experiment(name, artifact_location=where, tags=tags))

    def _keep_here(self, experiment: Any) -> None:
        """Let an experiment keep its artifacts in this folder: MLflow goes on writing where the folder was before.

        MLflow has no call for it.
        """
        where = self.artifacts.as_uri()
        if self.is_file and experiment.artifact_location != where:
            with closing(sqlite3.connect(self.database)) as database, database:
                query = "UPDATE experiments SET artifact_location = ? WHERE experiment_id = ?"
                database.execute(query, (where, int(experiment.experiment_id)))


def quiet_mlflow() -> Any:
    """Return MLflow with its telemetry off, and its log, its bars and its greetings silenced."""
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    import mlflow

    # MLflow 3.17 on SQLAlchemy 2.1: theirs to mend, nothing of ours loads that way
    warnings.filterwarnings("ignore", message="The ``noload`` loader strategy is deprecated")
    logging.getLogger("mlflow").setLevel(logging.ERROR)
    logging.getLogger("alembic").setLevel(logging.ERROR)
    return mlflow
