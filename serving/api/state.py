"""What the endpoints work with: settings, book, model and keys, as far as they are there, and kept up to date.

Each may be missing for a while without taking the others along: without a book posted histories are scored, without a
model stored scores are answered, and without the registry the last good model serves.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import TypeVar

import anyio

from features.errors import InputError, RegularsError
from serving.api.access_log import Access, write
from serving.api.auth import REFRESH_SECONDS, Keys, RateLimit
from serving.api.fresh_scores import FreshScores
from serving.api.loaded_model import Champion, Champions
from serving.api.metrics import Metrics
from serving.api.minute_cache import MinuteCache
from serving.api.ownership import Ownership
from serving.api.problems import not_ready
from serving.book import Book, Run
from serving.book.connection import file_of
from serving.book.keys import Key
from serving.book.runs import latest_bands, latest_probabilities
from serving.book.score_lookup import Lookup
from serving.config import Settings, load_settings
from serving.shop import today
from serving.webhooks.delivery import Courier

CONFIG_VARIABLE = "REGULARS_CONFIG"
LOOK_SECONDS = 5.0
Part = TypeVar("Part")
LOG = logging.getLogger("regulars.serving")


class ServerState:
    """Settings, book, champion and keys of one server process.

    >>> ServerState().ready
    False
    """

    def __init__(
        self, settings: Settings | None = None, book: Book | None = None, champion: Champion | None = None
    ) -> None:
        self.settings, self.book = settings, book
        self.keys, self.metrics = Keys(), Metrics()
        self.reports, self.counts = MinuteCache(), MinuteCache()  # counts of the book do not wait for the whole log
        self.limit = RateLimit(settings.serve.per_worker if settings else 1.0)
        self.champions = None if settings is None else Champions(settings)
        if self.champions is not None and champion is not None:
            self.champions.now = champion
        self.trouble: str | None = "the server is starting"
        self._lookup: Lookup | None = None
        self._fresh: FreshScores | None = None
        self._owners: Ownership | None = None
        self._courier: Courier | None = None
        self._file: tuple[Path, int] | None = None  # of a book in a file: its path and the file's number
        self._scoring: anyio.CapacityLimiter | None = None
        self._figuring: anyio.CapacityLimiter | None = None
        if book is not None:
            self._furnish(book, settings)

    @property
    def ready(self) -> bool:
        """Whether a model is loaded."""
        return self.champion is not None

    @property
    def champion(self) -> Champion | None:
        """The model that answers."""
        return None if self.champions is None else self.champions.now

    @property
    def today(self) -> date:
        """The shop's date."""
        return today(self.need_settings())

    @property
    def scoring(self) -> anyio.CapacityLimiter:
        """How many histories are scored at once: one per core, the rest waits its turn."""
        if self._scoring is None:
            self._scoring = anyio.CapacityLimiter(max(1, len(os.sched_getaffinity(0))))
        return self._scoring

    @property
    def figuring(self) -> anyio.CapacityLimiter:
        """How many wait for figures of the whole log: those threads are not the ones that look scores up."""
        if self._figuring is None:
            self._figuring = anyio.CapacityLimiter(4)
        return self._figuring

    def open(self) -> None:
        """Open what is not open yet, and look for a new champion.

        Raises:
            RegularsError: settings or book cannot be read, in one sentence.
        """
        if self.settings is None:
            self.settings = load_settings(_config_path())
            self.limit = RateLimit(self.settings.serve.per_worker)
        if self.champions is None:
            self.champions = Champions(self.settings)
        try:
            self._open_book(self.settings)
        finally:
            self.champions.look_or_keep()

    async def keep_open(self, on_ready: Callable[[], None]) -> None:
        """Open, and look again every few seconds for as long as the server runs; `on_ready` is called once."""
        told = False
        while True:
            await anyio.to_thread.run_sync(self._open_quietly)
            if self.ready and not told:
                told = True
                on_ready()
            if self._fresh is not None:
                self._fresh.let_go_if_idle(time.monotonic())
            await asyncio.sleep(LOOK_SECONDS)

    async def keep_keys(self) -> None:
        """Read the keys again every second; while the book is down, those read last hold."""
        while True:
            await anyio.to_thread.run_sync(self._let_go_of_moved_book)
            if self.book is not None:
                try:
                    await anyio.to_thread.run_sync(self.keys.refresh, self.book)
                except Exception as error:  # noqa: BLE001 — a database can fail in any way
                    LOG.debug("keys: %s", type(error).__name__)
            await asyncio.sleep(REFRESH_SECONDS)

    def close(self) -> None:
        """Send what is being sent, and let go of the book."""
        if self._courier is not None:
            self._courier.stop()
        if self._lookup is not None:
            self._lookup.close()
        if self.book is not None:
            self.book.close()

    def need_settings(self) -> Settings:
        """Return the settings, or refuse with 503."""
        return self._need(self.settings)

    def need_book(self) -> Book:
        """Return the book, or refuse with 503."""
        return self._need(self.book)

    def need_lookup(self) -> Lookup:
        """Return what reads stored scores, or refuse with 503."""
        return self._need(self._lookup)

    def need_fresh(self) -> FreshScores:
        """Return what computes scores now, or refuse with 503."""
        return self._need(self._fresh)

    def need_champion(self) -> Champion:
        """Return the model, or refuse with 503."""
        champion = self.champion
        if champion is None:
            known = None if self.champions is None else self.champions.trouble
            raise not_ready(known or self.trouble or "there is no model yet")
        return champion

    def seen_by(self, key: Key, customer_ids: Iterable[str]) -> list[str]:
        """Return those customers that a key may see, in the order given."""
        ids = list(customer_ids)
        if key.owner is None:
            return ids
        owners = self._need(self._owners).owner_of(ids)
        return [customer_id for customer_id in ids if owners[customer_id] == key.owner]

    def answers_at_once(self, key: Key) -> bool:
        """Whether a look-up for this key takes microseconds: a local file, and no owner to ask for."""
        return key.owner is None and self.book is not None and self.book.engine.dialect.name == "sqlite"

    def forget_log(self) -> None:
        """Let go of what is in memory of the shop's orders: somebody was erased."""
        if self._fresh is not None:
            self._fresh.let_go_if_idle(float("inf"))

    def bands(self) -> tuple[Run, dict[str, int]] | None:
        """Return the latest run and its customers by band, at most a minute old."""
        book = self.book
        return None if book is None else self.counts.get("bands", lambda: latest_bands(book))

    def probabilities(self) -> tuple[Run, list[float]] | None:
        """Return the latest run and its probabilities, at most a minute old."""
        book = self.book
        return None if book is None else self.counts.get("probabilities", lambda: latest_probabilities(book))

    def note(self, access: Access, seconds: float) -> None:
        """Count and log one answer."""
        self.metrics.note(access.method, access.path, access.status, seconds)
        write(access, seconds)

    def health(self) -> dict[str, object]:
        """Return what /readyz says: whether a model serves and from where, and what is amiss. No versions, no names."""
        champion = self.champion
        troubles = (self.trouble, None if self.champions is None else self.champions.trouble)
        said = "; ".join(dict.fromkeys(each for each in troubles if each)) or None
        return {"ready": self.ready, "model": None if champion is None else champion.source, "trouble": said}

    def _need(self, part: Part | None) -> Part:
        if part is None:
            raise not_ready(self.trouble or "the book is not there yet")
        return part

    def _open_book(self, settings: Settings) -> None:
        if self.book is None:
            file = file_of_book(settings.book_place)
            book = Book(settings.book_place)
            self.keys.refresh(book)
            self.book, self._file = book, None if file is None else (file, file.stat().st_ino)
            self._furnish(book, settings)

    def _let_go_of_moved_book(self) -> None:
        """Let go of a book whose file is another one by now: what is written to it would be lost."""
        if self._file is None or self.book is None:
            return
        file, number = self._file
        if file.exists() and file.stat().st_ino == number:
            return
        LOG.warning("the book was moved away or replaced; opening it again")
        former, self.book, self._fresh, self._owners = self.book, None, None, None
        if self._lookup is not None:
            self._lookup.close()
        self._lookup, self.keys, self._file = None, Keys(), None
        if self._courier is not None:
            self._courier.stop()
            self._courier = None
        former.close()

    def _furnish(self, book: Book, settings: Settings | None) -> None:
        self._lookup = Lookup(book)
        if settings is not None:
            self._fresh, self._owners = FreshScores(settings, book), Ownership(settings, book)

    def _open_quietly(self) -> None:
        before = self.trouble
        try:
            self.open()
            self.trouble = None
            self._send()
        except RegularsError as error:
            self.trouble = str(error)
        except Exception as error:  # noqa: BLE001 — a database can fail in any way; the next round may find it well
            self.trouble = "the book cannot be read at the moment"
            if self.trouble != before:
                LOG.warning("%s: %s", self.trouble, type(error).__name__)
        if self.trouble is not None and self.trouble != before:
            LOG.warning("not ready: %s", self.trouble)

    def _send(self) -> None:
        if self._courier is None and self.book is not None:
            self._courier = Courier(self.book)
            self._courier.start()


def file_of_book(place: Path | str) -> Path | None:
    """Return the file of a book in a folder; None for one by URL. A server makes no book: it would be an empty one.

    Raises:
        InputError: there is no such file.
    """
    file = file_of(place)
    if file is not None and not file.exists():
        raise InputError(f"there is no book {file.name} beside regulars.toml; regulars keys create makes one")
    return file


def _config_path() -> Path:
    return Path(os.environ.get(CONFIG_VARIABLE, "regulars.toml"))
