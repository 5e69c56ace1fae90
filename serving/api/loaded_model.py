"""The model that answers requests: read from the registry, verified by its probe, and watched for a newer version.

A version that fails its probe is refused, and the one before serves on. Each verified champion is copied beside the
shop, so that a server can start while the registry is down.
"""

from __future__ import annotations

import json
import logging
import shutil
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

from features.atomic_write import whole
from features.errors import ModelNotFound, ModelRefused, RegularsError
from features.file_access import OWNER_ONLY
from serving.config import Settings
from training.bundle import Bundle
from training.tracking import Tracking

POINTER = "champion.json"
REGISTRY, COPY = "registry", "local copy"
REFUSED_AGAIN_SECONDS = 60.0
LOG = logging.getLogger("regulars.serving")


@dataclass(frozen=True)
class Champion:
    """The model that answers, its version in the registry, and where it was read from."""

    bundle: Bundle
    version: str
    source: str = REGISTRY


class Champions:
    """The model that serves now, and the registry's champion that should.

    Args:
        settings: of the shop.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.now: Champion | None = None
        self.trouble: str | None = None
        self._refused: tuple[str, float] | None = None

    def registry_champion(self, *, patiently: bool = True) -> Champion:
        """Return the registry's champion; the bundle is read only where the version is new.

        Args:
            patiently: do not read a refused version again within a minute.

        Raises:
            RegularsError: there is no champion, or it is refused; the model before it serves on.
        """
        tracking = self._settings.tracking()
        version = tracking.champion_version()
        if version is None:
            raise ModelNotFound("no model is registered as champion; run `regulars train` first")
        if self.now is not None and self.now.version == version and self.now.source == REGISTRY:
            self.trouble = None
            return self.now
        if patiently and self._is_refused(version):
            raise ModelRefused(self.trouble or f"version {version} was refused")
        return self._load(tracking, version)

    def refresh(self) -> None:
        """Take the registry's champion if it is new; if that fails, keep the model that serves, or take the copy."""
        try:
            self.registry_champion()
        except Exception as error:  # noqa: BLE001 — a registry can fail in any way
            self._note(error)
            if self.now is None:
                self.now = self._read_copy()

    def _load(self, tracking: Tracking, version: str) -> Champion:
        try:
            bundle = tracking.load_version(version)
            check_currency(bundle, self._settings)
        except RegularsError:
            self._refused = version, time.monotonic()
            raise
        self.now, self.trouble = Champion(bundle, version), None
        self._copy()
        LOG.info("model %s is loaded", version)
        return self.now

    def _is_refused(self, version: str) -> bool:
        if self._refused is None or self._refused[0] != version:
            return False
        return time.monotonic() - self._refused[1] < REFUSED_AGAIN_SECONDS

    def _note(self, error: Exception) -> None:
        """Keep what is wrong for the model's facts, and log each new trouble once, in full: it has no names."""
        if isinstance(error, RegularsError):
            trouble, said = error.in_public, str(error)
        else:
            trouble = "the model registry cannot be read at the moment"
            said = f"{trouble}: {type(error).__name__}: {error}"
        if trouble != self.trouble:
            LOG.warning("%s", said)
        self.trouble = trouble

    @property
    def _home(self) -> Path:
        return self._settings.state_folder

    def _copy(self) -> None:
        """Write a copy of the model, then point to it; a server that cannot write there works without a copy."""
        assert self.now is not None
        name = f"champion-{uuid.uuid4().hex[:12]}"
        try:
            OWNER_ONLY.make_folder(self._home)
            self.now.bundle.save(self._home / name)
            with whole(self._home / POINTER) as path:
                path.write_text(json.dumps({"version": self.now.version, "folder": name}), encoding="utf-8")
            for old in self._home.glob("champion-*"):
                if old.name != name:
                    shutil.rmtree(old, ignore_errors=True)
        except (OSError, RegularsError) as error:
            LOG.warning("no copy of the model can be kept: %s", error)

    def _read_copy(self) -> Champion | None:
        try:
            pointer = json.loads((self._home / POINTER).read_text(encoding="utf-8"))
            bundle = Bundle.load(self._home / str(pointer["folder"]))
            check_currency(bundle, self._settings)
            LOG.warning("model %s is served from the local copy", pointer["version"])
            return Champion(bundle, str(pointer["version"]), COPY)
        except Exception:  # noqa: BLE001 — a damaged copy can fail in any way, and then counts as missing
            return None


def check_currency(bundle: Bundle, settings: Settings) -> None:
    """Refuse a model whose amounts are in another currency.

    Raises:
        ModelRefused: it was trained in another currency.
    """
    trained, configured = bundle.money.currency, settings.shop.currency
    if trained != configured:
        raise ModelRefused(f"the model was trained in {trained}, regulars.toml says {configured}; run regulars train")
