"""The state of a running server: settings, book, model and keys, opened and kept up to date in the background.

Each part may be missing for a while, and the others work on: without a book posted histories are scored, without a
model stored scores are answered, and without the registry the last good model serves.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Callable, Hashable, Iterable, Mapping
from datetime import date
from functools import cached_property
from http import HTTPStatus
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar, cast

import anyio

from features.errors import InputError, MachineFault, RegularsError, WrongBook
from serving.api.access_log import Access, write
from serving.api.auth import REFRESH_SECONDS, Keys, Ownership, RateLimit
from serving.api.fresh_scores import FreshScores
from serving.api.loaded_model import Champion, Champions
from serving.api.metrics import Metrics
from serving.api.problems import not_ready, refusal_of
from serving.book import Book, Run
from serving.book.connection import file_of
from serving.book.keys import Key
from serving.book.recognition.damage import damage_behind
from serving.book.recognition.known_book import never_had
from serving.book.runs import latest_bands, latest_probabilities
from serving.book.score_lookup import ScoreLookup
from serving.config import Settings, load_settings
from serving.customers import Customers
from serving.monitoring.last_watch import last_watch
from serving.outreach.plan.accounts import Accounts
from serving.shop import today
from serving.webhooks.delivery import DeliveryLoop
from training.models.trees import threads

CONFIG_VARIABLE = "REGULARS_CONFIG"
REOPEN_SECONDS = 5.0  # between two looks for a new model or a missing book
LOG_READERS = 4
KEPT_SECONDS = 60.0  # of an answer that is expensive to compute, so that it is not computed per request
KEPT_ANSWERS = 32
Part = TypeVar("Part")
LOG = logging.getLogger("regulars.serving")


class MinuteCache:
    """Answers of the last minute; whoever asks while one is being computed waits for it.

    >>> cache = MinuteCache()
    >>> cache.get("a", lambda: 1), cache.get("a", lambda: 2)
    (1, 1)
    """

    def __init__(self, kept_seconds: float = KEPT_SECONDS) -> None:
        self._kept_seconds = kept_seconds
        self._kept: dict[Hashable, tuple[float, Any]] = {}
        self._one_at_a_time = Lock()

    def get(self, question: Hashable, compute: Callable[[], Part]) -> Part:
        """Return the answer that the same question got within the last minute, or compute it."""
        with self._one_at_a_time:
            at, answer = self._kept.get(question, (float("-inf"), None))
            if time.monotonic() - at > self._kept_seconds:
                answer = compute()
                oldest = time.monotonic() - self._kept_seconds
                self._kept = {key: kept for key, kept in self._kept.items() if kept[0] >= oldest}
                if len(self._kept) < KEPT_ANSWERS:
                    self._kept[question] = (time.monotonic(), answer)
            return cast(Part, answer)


class ServerState:
    """Settings, book, champion and keys of one server process; any of them may not be there yet.

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
        self._wrong_book = False
        self._lookup: ScoreLookup | None = None
        self._fresh: FreshScores | None = None
        self._owners: Ownership | None = None
        self._delivery: DeliveryLoop | None = None
        self._file: tuple[Path, int] | None = None  # of a book in a file: path and inode
        if book is not None:
            self._use_book(book, settings)

    @property
    def ready(self) -> bool:
        """Whether a model is loaded, and the book is not known to be gone, empty or another one."""
        return self.champion is not None and not self._wrong_book

    @property
    def champion(self) -> Champion | None:
        """The model that answers."""
        return None if self.champions is None else self.champions.now

    @property
    def today(self) -> date:
        """The shop's date."""
        return today(self.need_settings())

    @cached_property
    def scoring(self) -> anyio.CapacityLimiter:
        """How many requests compute scores at once: one per core, the others wait."""
        return anyio.CapacityLimiter(threads())

    @cached_property
    def large(self) -> anyio.CapacityLimiter:
        """How many large bodies and files are worked on at once: two threads would only take turns."""
        return anyio.CapacityLimiter(1)

    @cached_property
    def log_reading(self) -> anyio.CapacityLimiter:
        """How many requests wait for figures of the whole log, in threads of their own: look-ups go on meanwhile."""
        return anyio.CapacityLimiter(LOG_READERS)

    def open(self) -> None:
        """Open what is not open yet, and look for a new champion.

        Raises:
            RegularsError: settings or book cannot be read; its message is one sentence.
        """
        if self.settings is None:
            self.settings = load_settings(Path(os.environ.get(CONFIG_VARIABLE, "regulars.toml")))
            self.limit = RateLimit(self.settings.serve.per_worker)
        if self.champions is None:
            self.champions = Champions(self.settings)
        try:
            self._open_book(self.settings)
            self._wrong_book = False
        except WrongBook:
            self._wrong_book = True
            self._let_go()
            raise
        finally:
            self.champions.refresh()

    async def keep_open(self, on_ready: Callable[[], None]) -> None:
        """Open what is missing every few seconds while the server runs; call `on_ready` once a model is loaded."""
        was_ready = False
        while True:
            await anyio.to_thread.run_sync(self._open_quietly)
            if self.ready and not was_ready:
                was_ready = True
                on_ready()
            if self._fresh is not None:
                self._fresh.drop_log_if_idle(time.monotonic())
            await asyncio.sleep(REOPEN_SECONDS)

    async def keep_keys(self) -> None:
        """Read the keys again every second; while the book is down, the keys read last stay valid."""
        while True:
            await anyio.to_thread.run_sync(self._close_moved_book)
            if self.book is not None:
                try:
                    await anyio.to_thread.run_sync(self.keys.refresh, self.book)
                except Exception as error:  # noqa: BLE001 — a database can fail in any way
                    LOG.debug("keys: %s", type(error).__name__)
            await asyncio.sleep(REFRESH_SECONDS)

    async def damage_behind(self, error: Exception) -> Exception:
        """Return the damage of the book behind an unexpected error, else the error; looked for once a minute."""
        if self.book is None or refusal_of(error).status != HTTPStatus.INTERNAL_SERVER_ERROR:
            return error
        engine = self.book.engine
        found = await anyio.to_thread.run_sync(self.counts.get, "damage", lambda: damage_behind(error, engine))
        return found or error

    def close(self) -> None:
        """Finish the webhook message that is being sent, record which keys were used, and close the book."""
        if self._delivery is not None:
            self._delivery.stop()
        if self._lookup is not None:
            self._lookup.close()
        self._close_moved_book()
        if self.book is not None:
            self.keys.end(self.book)
            self.book.close()

    def need_settings(self) -> Settings:
        """Return the settings, or refuse with 503."""
        return self._need(self.settings)

    def need_book(self) -> Book:
        """Return the book, or refuse with 503."""
        return self._need(self.book)

    def need_lookup(self) -> ScoreLookup:
        """Return the look-up of stored scores, or refuse with 503."""
        return self._need(self._lookup)

    def need_fresh(self) -> FreshScores:
        """Return the computation of fresh scores, or refuse with 503."""
        return self._need(self._fresh)

    def need_champion(self) -> Champion:
        """Return the model, or refuse with 503."""
        champion = self.champion
        if champion is None:
            trouble = None if self.champions is None else self.champions.trouble
            raise not_ready(trouble or self.trouble or "there is no model yet")
        return champion

    def seen_by(self, key: Key, customer_ids: Iterable[str]) -> list[str]:
        """Return the customers that a key may see, in the order given."""
        return self.seen_by_owner(key.owner, customer_ids)

    def seen_by_owner(self, owner: str | None, customer_ids: Iterable[str]) -> list[str]:
        """Return the customers that somebody sees, in the order given: of one owner alone, or everybody."""
        ids = list(customer_ids)
        if owner is None:
            return ids
        owners = self.owners_of(ids)
        return [customer_id for customer_id in ids if owners[customer_id] == owner]

    def owners_of(self, customer_ids: Iterable[str]) -> dict[str, str]:
        """Return whose accounts customers are today; NO_OWNER where nobody is named."""
        return self._need(self._owners).owner_of(customer_ids)

    def customers_today(self) -> Customers:
        """Return the customers file as it is now, or as it was read last."""
        return self._need(self._owners).customers()

    def accounts_today(self) -> Accounts | None:
        """Return who belongs to which account today; None where nobody can say."""
        return None if self._owners is None else self._owners.accounts()

    def staleness(self) -> dict[str, str]:
        """Return the header that says how old the customers file is that answers stand on; none where it is current."""
        behind = None if self._owners is None else self._owners.behind_seconds
        return {} if behind is None else {"X-Customers-Age": str(behind)}

    def answers_at_once(self, key: Key) -> bool:
        """Return whether a look-up takes microseconds: the book is a local file, and no owner restricts the key."""
        return key.owner is None and self.book is not None and self.book.engine.dialect.name == "sqlite"

    def drop_log(self) -> None:
        """Drop the shop's orders from memory: somebody was erased."""
        if self._fresh is not None:
            self._fresh.drop_log_if_idle(float("inf"))

    def bands(self) -> tuple[Run, dict[str, int]] | None:
        """Return the latest run and its customers by band, at most a minute old."""
        book = self.book
        return None if book is None else self.counts.get("bands", lambda: latest_bands(book))

    def probabilities(self) -> tuple[Run, list[float]] | None:
        """Return the latest run and its probabilities, at most a minute old."""
        book = self.book
        return None if book is None else self.counts.get("probabilities", lambda: latest_probabilities(book))

    def last_watch(self) -> Mapping[str, Any]:
        """Return the document of the last `regulars watch`, at most a minute old; empty where there was none."""
        settings = self.settings
        return {} if settings is None else self.counts.get("watch", lambda: last_watch(settings.state_folder).document)

    def note(self, access: Access, seconds: float) -> None:
        """Count and log one answer."""
        self.metrics.note(access.method, access.path, access.status, seconds)
        write(access, seconds)

    def health(self) -> dict[str, object]:
        """Return the answer of /readyz: whether a model serves, where it was read from, and what is wrong.

        Everybody may read it, so it holds no version and no name.
        """
        champion = self.champion
        troubles = (self.trouble, None if self.champions is None else self.champions.trouble)
        trouble = "; ".join(dict.fromkeys(each for each in troubles if each)) or None
        return {"ready": self.ready, "model": None if champion is None else champion.source, "trouble": trouble}

    def _need(self, part: Part | None) -> Part:
        if part is None:
            raise not_ready(self.trouble or "the book is not there yet")
        return part

    def _open_book(self, settings: Settings) -> None:
        if self.book is not None:
            self.book.recognise()
            return
        place = settings.book_place
        file = file_of(place)
        if file is not None and never_had(place, settings.state_folder):  # a server never makes one: it would be empty
            raise InputError(f"there is no book {file.name} beside regulars.toml; regulars keys create makes one")
        book = Book(place, settings.files.access(), settings.folder, known_in=settings.state_folder, made=False)
        self.keys.refresh(book)
        self.book, self._file = book, None if file is None else (file, file.stat().st_ino)
        self._use_book(book, settings)

    def _close_moved_book(self) -> None:
        """Close a book whose file was moved, emptied or replaced: what is written to it would be lost."""
        if self._file is None or self.book is None:
            return
        file, inode = self._file
        if file.exists() and (file.stat().st_ino, file.stat().st_size > 0) == (inode, True):
            return
        LOG.warning("the book was moved away, emptied or replaced; opening it again")
        self._let_go()

    def _let_go(self) -> None:
        """Close the book and all that works with it."""
        former, self.book, self._fresh, self._owners = self.book, None, None, None
        if self._lookup is not None:
            self._lookup.close()
        self._lookup, self.keys, self._file = None, Keys(), None
        if self._delivery is not None:
            self._delivery.stop()
            self._delivery = None
        if former is not None:
            former.close()

    def _use_book(self, book: Book, settings: Settings | None) -> None:
        self._lookup = ScoreLookup(book)
        if settings is not None:
            self._fresh, self._owners = FreshScores(settings, book), Ownership(settings, book)

    def _open_quietly(self) -> None:
        before = self.trouble
        try:
            self.open()
            self.trouble = None
            self._start_delivery()
        except (MachineFault, WrongBook) as error:
            self.trouble = error.in_public
            if self.trouble != before:
                LOG.warning("%s", error)
        except RegularsError as error:
            self.trouble = error.in_public
        except Exception as error:  # noqa: BLE001 — a database can fail in any way; the next round tries again
            self.trouble = "the book cannot be read at the moment"
            if self.trouble != before:
                LOG.warning("%s: %s", self.trouble, type(error).__name__)
        if self.trouble is not None and self.trouble != before:
            LOG.warning("not ready: %s", self.trouble)

    def _start_delivery(self) -> None:
        if self._delivery is None and self.book is not None:
            self._delivery = DeliveryLoop(self.book)
            self._delivery.start()
