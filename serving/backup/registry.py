"""What MLflow's database says of models, and its paths made those of another folder."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from training.sqlite_url import sqlite_uri
from training.tracking import ARTIFACTS, CHAMPION
from training.tracking.store import DATABASE

# Where MLflow keeps addresses of artifacts; all of them are absolute.
ADDRESSES = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
)


@dataclass(frozen=True)
class Models:
    """The version that serves, and how many are registered."""

    champion: str | None = None
    versions: int = 0


def models_in(database: Path, name: str) -> Models:
    """Return what a registry knows of a shop's model; nothing where there is none.

    Args:
        database: a file of MLflow's, whether it exists or not.
        name: of the registered model.
    """
    if not database.exists():
        return Models()
    with closing(sqlite3.connect(sqlite_uri(database, "rw"), uri=True)) as registry:
        if not _has(registry, "registered_model_aliases", "alias"):
            return Models()
        served = registry.execute(
            "SELECT version FROM registered_model_aliases WHERE name = ? AND alias = ?", (name, CHAMPION)
        ).fetchone()
        (versions,) = registry.execute("SELECT count(*) FROM model_versions WHERE name = ?", (name,)).fetchone()
    return Models(None if served is None else str(served[0]), int(versions))


def move_registry(models: Path, to: Path) -> int:
    """Let the addresses in a registry be those of another folder, and return how many were others.

    MLflow keeps absolute addresses: a training in a shop that was moved would write its model into the former folder.

    Args:
        models: the folder with the registry's file.
        to: the folder that it will lie in.
    """
    database = models / DATABASE
    if not database.exists():
        return 0
    new = (to / ARTIFACTS).as_uri()
    with closing(sqlite3.connect(sqlite_uri(database, "rw"), uri=True)) as registry:
        former = _homes(registry)
        changed = 0
        for table, column in ADDRESSES:
            for old in former - {new}:
                if _has(registry, table, column):
                    changed += registry.execute(
                        f"UPDATE {table} SET {column} = ? || substr({column}, ?) "
                        f"WHERE {column} = ? OR substr({column}, 1, ?) = ?",
                        (new, len(old) + 1, old, len(old) + 1, f"{old}/"),
                    ).rowcount
        registry.commit()
    return changed


def _homes(registry: sqlite3.Connection) -> set[str]:
    """Return the folders of artifacts that experiments of ours were given."""
    if not _has(registry, "experiments", "artifact_location"):
        return set()
    found = registry.execute("SELECT DISTINCT artifact_location FROM experiments")
    return {str(place) for (place,) in found if str(place).endswith(f"/mlruns/{ARTIFACTS}")}


def _has(registry: sqlite3.Connection, table: str, column: str) -> bool:
    return column in {str(row[1]) for row in registry.execute(f"PRAGMA table_info({table})")}
