"""The registry: which version of the model serves, which versions there are, and their bundles.

One registered model, `regulars` unless the shop names another, has two aliases: `champion` serves, `challenger` is the
latest that was trained. Only the alias decides which version serves, and it moves in one call. The tags of a version
hold the result of its gate, the version that it replaced (`replaced`), and whether it has served (`served`).
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from features.errors import ModelNotFound
from features.faults import faults_at, machine_fault
from training.bundle import Bundle
from training.tracking.lost_models import refuse_lost
from training.tracking.models import NOT_DESCRIBED, Described, bundle_folder, log_model, new_version
from training.tracking.plain_reading import read_rows
from training.tracking.runs import Runs
from training.tracking.store import UNCHANGED, quiet_mlflow

CHAMPION, CHALLENGER = "champion", "challenger"
REPLACED, SERVED = "replaced", "served"
# MLflow's words for what is not there; an alias or a version that cannot be one is not there either.
NOT_THERE = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")


class Tracking(Runs):
    """The runs of a shop, and its registry.

    Args:
        folder: of the shop, with `mlruns/` in it; nothing is created before the first record.
        address: of a tracking server or of another database; None for the file in the folder.
        name: of the registered model and of the experiment.
    """

    def register(
        self,
        run_id: str,
        bundle: Bundle,
        aliases: Sequence[str],
        tags: Mapping[str, str] | None = None,
        said: Described = NOT_DESCRIBED,
    ) -> str:
        """Store a bundle with a run, register it as a new version under the given aliases, and return the version."""
        with self.store.open() as client:
            model_id = log_model(client, run_id, bundle, said)
            version = new_version(client, self.store.model, model_id, run_id, bundle, said, tags or {})
            for alias in aliases:
                client.set_registered_model_alias(self.store.model, alias, version)
            return version

    def promote(self, version: str) -> str | None:
        """Let a version serve, and return the one that served before.

        The tags are written first and have no effect by themselves: a run that is stopped in between leaves the
        former champion serving.
        """
        former = self.champion_version()
        if former != version:
            with self.store.open() as client:
                client.set_model_version_tag(self.store.model, version, REPLACED, former or "")
            self._move(former, version)
        return former

    def roll_back(self, version: str) -> str | None:
        """Let a version serve again that has served before, and return the one that served until now."""
        former = self.champion_version()
        if former != version:
            self._move(former, version)
        return former

    def _move(self, former: str | None, version: str) -> None:
        with self.store.open() as client:
            if former is not None:
                client.set_model_version_tag(self.store.model, former, SERVED, "yes")
            client.set_registered_model_alias(self.store.model, CHAMPION, version)

    def version_tags(self, version: str) -> dict[str, str] | None:
        """Return the tags of a version; None where there is no such version."""
        if self._is_new():
            return None
        with self.store.open() as client:
            try:
                return dict(client.get_model_version(self.store.model, version).tags)
            except quiet_mlflow().exceptions.MlflowException as error:
                _pass_none_there(error)
                return None

    def run_of(self, version: str) -> str | None:
        """Return the id of the run that made a version; None where there is no such version."""
        if self._is_new():
            return None
        with self.store.open() as client:
            try:
                return str(client.get_model_version(self.store.model, version).run_id)
            except quiet_mlflow().exceptions.MlflowException as error:
                _pass_none_there(error)
                return None

    def set_aside(self, ending: str) -> str:
        """Move the whole folder away, so that the next training begins anew; returns its new name, "" without one."""
        home = self.store.home
        if not home.exists():
            return ""
        moved = home.with_name(f"{home.name}-{ending}")
        with faults_at(home, UNCHANGED):
            home.rename(moved)
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
            where = self.store.home if self.store.is_file else self.store.place
            raise ModelNotFound(f"no model is registered as {alias} in {where}; run `regulars train` first")
        return self.load_version(version), version

    def load_version(self, version: str) -> Bundle:
        """Return a registered version's bundle, verified.

        Raises:
            ModelNotFound: there is no such version, or no more.
            ModelRefused: the bundle is corrupt, gone, or fails its probe.
        """
        if self.store.is_server:
            return self._downloaded(version)
        found = self._read("SELECT storage_location FROM model_versions WHERE name = ? AND version = ?", version)
        source = str(found[0][0]) if found else self._source_of(version)
        return Bundle.load(bundle_folder(self.store.artifacts, source, version))

    def _downloaded(self, version: str) -> Bundle:
        source = self._source_of(version)
        with tempfile.TemporaryDirectory() as scratch:
            with self.store.open():
                quiet_mlflow().artifacts.download_artifacts(source, dst_path=scratch)
            return Bundle.load(bundle_folder(Path(scratch), scratch, version))

    def _source_of(self, version: str) -> str:
        with self.store.open() as client:
            try:
                return str(client.get_model_version_download_uri(self.store.model, version))
            except quiet_mlflow().exceptions.MlflowException as error:
                _pass_none_there(error)
                raise ModelNotFound(f"version {version} is not in the registry at {self.store.place}") from None

    def _is_new(self) -> bool:
        """Say whether nothing was ever recorded in the shop's own file."""
        return self.store.is_file and not self.store.database.exists()

    def _version(self, alias: str) -> str | None:
        if self.store.is_file:
            refuse_lost(self.store.database, self.store.artifacts)
        if self._is_new():
            return None
        found = self._read("SELECT version FROM registered_model_aliases WHERE name = ? AND alias = ?", alias)
        if found is not None:
            return str(found[0][0]) if found else None
        with self.store.open() as client:
            try:
                return str(client.get_model_version_by_alias(self.store.model, alias).version)
            except quiet_mlflow().exceptions.MlflowException as error:
                _pass_none_there(error)
                return None

    def _read(self, query: str, which: str) -> list[tuple[Any, ...]] | None:
        """Return rows of the registry's own tables about the shop's model; None where MLflow has to be asked.

        A server reads them every few seconds and never writes: MLflow would cost it four seconds of start and 30 MB.
        """
        if not self.store.is_file:
            return None
        try:
            return read_rows(self.store.database, query, (self.store.model, which))
        except sqlite3.Error as error:
            fault = machine_fault(error, self.store.database, UNCHANGED)
            if fault is not None:
                raise fault from None
            return None


def _pass_none_there(error: Any) -> None:
    """Let pass that there is no such thing; a registry that cannot be read is not one without a champion."""
    if error.error_code not in NOT_THERE:
        raise error
