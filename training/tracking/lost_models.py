"""Whether a shop has lost its registry: models lie there, and the database that says which of them serves knows none.

An empty `mlflow.db` beside models is not a new shop's. Nothing would serve, and the next training would let the first
model serve unjudged.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from features.errors import LostModels
from features.faults import faults_at
from training.tracking.plain_reading import read_rows
from training.tracking.store import UNCHANGED


def refuse_lost(database: Path, artifacts: Path) -> None:
    """Refuse a registry without any run beside models that were recorded.

    A training that was killed before its model was registered left its run: that is no loss.

    Args:
        database: of MLflow.
        artifacts: the folder with `models/`.

    Raises:
        LostModels: the database is gone, or is empty.
        MachineFault: it cannot be read.
    """
    if any((artifacts / "models").glob("*")) and not _knows_a_run(database):
        raise LostModels(str(database), "is empty" if database.exists() else "is gone")


def _knows_a_run(database: Path) -> bool:
    if not database.exists():
        return False
    try:
        with faults_at(database, UNCHANGED):
            return bool(read_rows(database, "SELECT 1 FROM runs LIMIT 1"))
    except sqlite3.OperationalError as error:
        return "no such table" not in str(error)  # what cannot be read for another reason is told by who reads it
