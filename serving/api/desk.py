"""What the endpoints work with: the settings, the book and the model, as far as they are there.

The server is ready once a model is loaded. Until then the desk asks the registry again every few seconds, quietly,
and answers what needs no model.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import anyio

from features.errors import ModelRefused, RegularsError
from serving.api.problems import not_ready
from serving.book import Book
from serving.config import Settings, load_settings
from training.bundle import Bundle
from training.tracking import Tracking

CONFIG_VARIABLE = "REGULARS_CONFIG"
RETRY_SECONDS = 5.0
LOG = logging.getLogger("regulars.serving")


@dataclass(frozen=True)
class Champion:
    """The model that answers, and its version in the registry."""

    bundle: Bundle
    version: str


class Desk:
    """Settings, book and champion of one server.

    >>> Desk().ready
    False
    """

    def __init__(
        self, settings: Settings | None = None, book: Book | None = None, champion: Champion | None = None
    ) -> None:
        self.settings, self.book, self.champion = settings, book, champion
        self.trouble = "the server is starting"
        self._logged = ""
        self._scoring: anyio.CapacityLimiter | None = None

    @property
    def ready(self) -> bool:
        """Whether a model is loaded."""
        return self.champion is not None

    @property
    def scoring(self) -> anyio.CapacityLimiter:
        """How many histories are scored at once: one per core, the rest waits its turn."""
        if self._scoring is None:
            self._scoring = anyio.CapacityLimiter(max(1, len(os.sched_getaffinity(0))))
        return self._scoring

    def open(self) -> None:
        """Load what is not there yet; the champion is verified by its probe.

        Raises:
            RegularsError: what is missing or refused, in one sentence.
        """
        if self.settings is None:
            self.settings = load_settings(_config_path())
        if self.book is None:
            self.book = Book(self.settings.book_place)
        if self.champion is None:
            bundle, version = Tracking(self.settings.folder).champion()
            _check_currency(bundle, self.settings)
            self.champion = Champion(bundle, version)

    async def keep_opening(self, on_ready: Callable[[], None]) -> None:
        """Open, and again every few seconds until a model is there; each new trouble is logged once."""
        while not self.ready:
            try:
                await anyio.to_thread.run_sync(self.open)
            except RegularsError as error:
                self._note(str(error), str(error))
            except Exception as error:  # noqa: BLE001 — a registry can fail in any way; the next round may find it well
                self._note("the model or the book cannot be read at the moment", f"{type(error).__name__}: {error}")
            if not self.ready:
                await asyncio.sleep(RETRY_SECONDS)
        assert self.champion is not None
        LOG.info("model %s is loaded", self.champion.version)
        on_ready()

    def close(self) -> None:
        """Let go of the book."""
        if self.book is not None:
            self.book.close()

    def need_settings(self) -> Settings:
        """Return the settings, or refuse with 503."""
        if self.settings is None:
            raise not_ready(self.trouble)
        return self.settings

    def need_book(self) -> Book:
        """Return the book, or refuse with 503."""
        if self.book is None:
            raise not_ready(self.trouble)
        return self.book

    def need_champion(self) -> Champion:
        """Return the model, or refuse with 503."""
        if self.champion is None:
            raise not_ready(self.trouble)
        return self.champion

    def _note(self, told: str, logged: str) -> None:
        """Tell callers what is missing; the log hears each new trouble once, in full."""
        self.trouble = told
        if logged != self._logged:
            LOG.warning("not ready: %s", logged)
        self._logged = logged


def _check_currency(bundle: Bundle, settings: Settings) -> None:
    trained, configured = bundle.money.currency, settings.shop.currency
    if trained != configured:
        raise ModelRefused(f"the model was trained in {trained}, regulars.toml says {configured}; train again")


def _config_path() -> Path:
    return Path(os.environ.get(CONFIG_VARIABLE, "regulars.toml"))
