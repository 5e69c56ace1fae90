"""What tests of several packages share: tracking folders that have their schema already, and runs without pictures."""

from __future__ import annotations

import functools
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from tests.once import once
from tests.postgres import server_of_run
from tests.readme_shop import walk_the_readme
from training.tracking import Tracking
from training.tracking.store import quiet_mlflow

if TYPE_CHECKING:
    from ibis.backends import BaseBackend


@pytest.fixture(scope="session", autouse=True)
def _files_wait_for_no_disk() -> Iterator[None]:
    """A power cut in a test run loses nothing: a file that is written whole is not awaited on the disk."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.fsync", lambda _: None)
        yield


@sa.event.listens_for(sa.Engine, "connect")
def _databases_wait_for_no_disk(connection: object, _: object) -> None:
    """Nor is what the book, MLflow and Optuna write."""
    if isinstance(connection, sqlite3.Connection):
        with suppress(sqlite3.Error, UnicodeDecodeError):  # a database that is damaged on purpose
            connection.execute("PRAGMA synchronous = OFF")


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The URL of the PostgreSQL server of this test run."""
    with server_of_run() as url:
        yield url


@pytest.fixture(scope="session")
def spark_connection() -> Iterator[BaseBackend]:
    """A Spark of this machine, started once a process; commands find its session and use it."""
    pytest.importorskip("pyspark", reason="pip install 'pyspark>=4.0,<4.1' to run it")
    from features.engines.spark.masters import has_java
    from features.engines.spark.session import spark

    if not has_java():
        pytest.skip("no Java here")
    with spark("local[2]") as connection:
        yield connection


def _with_schema(folder: Path) -> None:
    with Tracking(folder).store.open() as client:
        client.search_experiments()


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose MLflow database has its schema; making one costs seconds, copying it none."""
    quiet_mlflow()  # tells it what has to be told before it is imported
    from mlflow.store.db import utils

    # MLflow reads all its migrations whenever it meets a database, to learn which is the last; once is enough.
    utils._get_latest_schema_revision = functools.cache(utils._get_latest_schema_revision)
    return once(tmp_path_factory, "template", _with_schema)


@pytest.fixture(scope="session")
def tracking_in(template: Path) -> Callable[[Path], Tracking]:
    """Make a tracking folder from the template."""

    def make(folder: Path) -> Tracking:
        shutil.copytree(template / "mlruns", folder / "mlruns")
        return Tracking(folder)

    return make


@pytest.fixture(scope="session")
def readme_shop(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which a newcomer has run the README's commands for an own shop: trained, and with a list."""
    return once(tmp_path_factory, "readme-shop", lambda folder: walk_the_readme(folder, template))


@pytest.fixture
def without_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Training records no pictures: half of what a small run costs, and looked at where a run is looked at."""
    for drawn in ("_figures", "_calibration"):
        monkeypatch.setattr(f"training.record.training_run.{drawn}", lambda *_: {})
