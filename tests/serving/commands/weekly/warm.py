"""Read once by the process that killed runs are forked from: all that a run would read and wait for each time anew.

As in `tests/conftest.py`: MLflow's latest schema is looked up once, and nothing waits for a disk.
"""

from __future__ import annotations

import functools
import os
import sqlite3

import ibis.backends.duckdb  # noqa: F401
import lightgbm  # noqa: F401
import matplotlib.figure  # noqa: F401
import sklearn.linear_model  # noqa: F401
import sqlalchemy as sa

import serving.commands.weekly.weekly  # noqa: F401
import training.train  # noqa: F401
from training.tracking.store import quiet_mlflow

quiet_mlflow()  # tells it what has to be told before it is imported

from mlflow.store.db import utils  # noqa: E402

utils._get_latest_schema_revision = functools.cache(utils._get_latest_schema_revision)
utils._get_latest_schema_revision()
os.fsync = lambda _: None  # type: ignore[assignment]


@sa.event.listens_for(sa.Engine, "connect")
def _wait_for_no_disk(connection: object, _: object) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA synchronous = OFF")
