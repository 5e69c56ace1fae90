"""The model that answers: taken from the registry, verified by its probe, watched, and kept for a bad day.

What serves changes only for something better known: a version that fails its probe is refused, and the one before
serves on. Each verified champion is copied beside the shop, so that a server starts while the registry is down.
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
from serving.config import Settings
from training.bundle import Bundle
from training.tracking import Tracking

FOLDER = ".regulars"
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
    """What serves now, and what should.

    Args:
        settings: of the shop.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.now: Champion | None = None
        self.trouble: str | None = None
        self._refused: tuple[str, float] | None = None

    def look(self, *, patiently: bool = True) -> Champion:
        """Return the registry's champion, read anew only where it is another one.

        Args:
            patiently: a version that was refused is not read again within the minute.

        Raises:
            RegularsError: there is none, or it is refused; what served before serves on.
        """
        tracking = Tracking(self._settings.folder)
        version = tracking.champion_version()
        if version is None:
            raise ModelNotFound("no model is registered as champion; run `regulars train` first")
        if self.now is not None and self.now.version == version and self.now.source == REGISTRY:
            self.trouble = None
            return self.now
        if patiently and self._is_refused(version):
            raise ModelRefused(self.trouble or f"version {version} was refused")
        return self._taken(tracking, version)

    def look_or_keep(self) -> None:
        """Take the registry's champion where there is a new one; whatever fails, keep what serves, or the copy."""
        try:
            self.look()
        except Exception as error:  # noqa: BLE001 — a registry can fail in any way
            self._note(error)
            if self.now is None:
                self.now = self._copied()

    def _taken(self, tracking: Tracking, version: str) -> Champion:
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
        """Tell what is wrong; the log hears each new trouble once, in full."""
        ours = isinstance(error, RegularsError)
        told = str(error) if ours else "the model registry cannot be read at the moment"
        if told != self.trouble:
            LOG.warning("%s", told if ours else f"{told}: {type(error).__name__}: {error}")
        self.trouble = told

    @property
    def _home(self) -> Path:
        return self._settings.folder / FOLDER

    def _copy(self) -> None:
        """Keep a copy of what serves: written beside, then pointed to; a server without a place for it does without."""
        assert self.now is not None
        name = f"champion-{uuid.uuid4().hex[:12]}"
        try:
            self._home.mkdir(exist_ok=True)
            self.now.bundle.save(self._home / name)
            with whole(self._home / POINTER) as path:
                path.write_text(json.dumps({"version": self.now.version, "folder": name}), encoding="utf-8")
            for old in self._home.glob("champion-*"):
                if old.name != name:
                    shutil.rmtree(old, ignore_errors=True)
        except OSError as error:
            LOG.warning("no copy of the model can be kept: %s", error.strerror or type(error).__name__)

    def _copied(self) -> Champion | None:
        try:
            pointer = json.loads((self._home / POINTER).read_text(encoding="utf-8"))
            bundle = Bundle.load(self._home / str(pointer["folder"]))
            check_currency(bundle, self._settings)
            LOG.warning("model %s is served from the local copy", pointer["version"])
            return Champion(bundle, str(pointer["version"]), COPY)
        except Exception:  # noqa: BLE001 — a damaged copy can fail in any way, and is then none
            return None


def check_currency(bundle: Bundle, settings: Settings) -> None:
    """Refuse a model whose amounts mean something else.

    Raises:
        ModelRefused: it was trained in another currency.
    """
    trained, configured = bundle.money.currency, settings.shop.currency
    if trained != configured:
        raise ModelRefused(f"the model was trained in {trained}, regulars.toml says {configured}; train again")
