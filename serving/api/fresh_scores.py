"""Scores computed on request, from the order source and what was posted since, by the code that scores the batch.

Reading a shop takes seconds, so its log stays in memory until a file or the posted data change. The log of a large shop
takes more memory than an idle server should hold, so it is dropped after ten minutes without a request. Nothing is
recorded: the book holds runs, and a run scores everyone.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain
from pathlib import Path
from threading import Lock
from typing import Any

import pandas as pd
import pyarrow as pa

from features.clock import day_numbers
from features.engines.windows import population
from features.errors import RegularsError
from features.log import Log
from features.sources.opening.paths import files_of
from serving.book import Book
from serving.book.posted_log import posted_version
from serving.book.privacy.tombstones import forgotten_version
from serving.config import Settings
from serving.scorer import less_of, score
from serving.scores import SCORE_COLUMNS, Score, plain_values, without_money
from serving.shop import OpenShop, check_agrees, chosen_day
from training.bundle import Bundle
from training.explain import common_reasons

IDLE_SECONDS = 600.0
DATABASE_SECONDS = 3600.0  # so often orders that live in a database are read again


@dataclass(frozen=True)
class Version:
    """What a log was read from; with another version it must be read again.

    Args:
        files: path, inode, size in bytes and time of the last change in nanoseconds of each file; of a database its
            source and the hour in which it was read.
        posted: as `serving.book.posted_log.posted_version` gives it.
        forgotten: as `serving.book.privacy.tombstones.forgotten_version` gives it.
    """

    files: tuple[tuple[str, int, int, int], ...]
    posted: tuple[int, datetime | None]
    forgotten: tuple[int, int]


class FreshScores:
    """Scores of single customers, computed on request; several threads may ask at once.

    Args:
        settings: of the shop.
        book: its book, open.
        idle_seconds: after so long without a request the log is dropped.
    """

    def __init__(self, settings: Settings, book: Book, *, idle_seconds: float = IDLE_SECONDS) -> None:
        self._settings, self._book, self._idle_seconds = settings, book, idle_seconds
        self._reading = Lock()
        self._cached: tuple[Version, Log] | None = None
        self._asked_at_seconds = time.monotonic()
        self._told_of_all: tuple[tuple[str, str, date], frozenset[str], pd.DataFrame] | None = None

    def scores(
        self, customer_ids: Iterable[str], bundle: Bundle, version: str, as_of: date | None = None
    ) -> list[Score]:
        """Score customers from what is known now, with reasons, as a run of the same day would.

        Args:
            customer_ids: as the order source has them.
            bundle: the model.
            version: of the registered model.
            as_of: the day of the scores; None = the day after the last order.

        Returns:
            One score for each customer of the population, sorted by customer. Who has no order in the model's active
            days, or none at all, is left out.

        Raises:
            InputError: files that cannot be used, a day before the first order, or a model of another question.
        """
        check_agrees(self._settings, bundle, version)
        log = self._log()
        day = chosen_day(log, as_of)
        asked = log.only(customer_ids)
        if not _anybody_active(asked, day, bundle.definition.active_days):
            return []
        common, less = self._of_all(log, bundle, version, day)
        scores = score(asked, bundle, version, day, reasons="all", common=common, buys_less=less)
        return scores_of(scores if log.has_money else without_money(scores), bundle.money.currency)

    def log_of(self, customer_id: str) -> Log:
        """Return what the orders and events say of one customer; nothing where they do not know them.

        Raises:
            InputError: files that cannot be used.
        """
        return self._log().only([customer_id])

    def whole_log(self) -> Log:
        """Return the log of everybody; let go of it soon, for two of them do not fit into memory.

        Raises:
            InputError: files that cannot be used.
        """
        return self._log()

    def drop_log_if_idle(self, now_seconds: float) -> bool:
        """Drop a log that nobody asked for lately, without waiting; return whether one was dropped.

        Args:
            now_seconds: on the clock of `time.monotonic`.
        """
        if not self._reading.acquire(blocking=False):  # it is being read, so it is not idle
            return False
        try:
            if self._cached is None or now_seconds - self._asked_at_seconds < self._idle_seconds:
                return False
            self._cached = None
        finally:
            self._reading.release()
        pa.default_memory_pool().release_unused()
        return True

    def version(self) -> Version:
        """Return what the log would be read from now: with another version, what was counted from it is out of date."""
        orders, events = self._settings.orders, self._settings.events
        customers = self._settings.customers if self._settings.features.use else None
        beside = [mapping.file for mapping in (events, customers) if mapping is not None]
        places = [*(() if orders.database else orders.paths), *beside]
        identities = tuple(map(_identity, chain.from_iterable(map(_files, places))))
        if orders.database is not None:  # nobody tells when a database changes
            identities += ((orders.source_name, int(time.monotonic() // DATABASE_SECONDS), 0, 0),)
        with self._book.reading() as connection:
            forgotten = forgotten_version(connection)
        return Version(identities, posted_version(self._book), forgotten)

    def _of_all(self, log: Log, bundle: Bundle, version: str, day: date) -> tuple[frozenset[str], pd.DataFrame]:
        """Return what is true of nearly everybody, and who buys less: looked for once in each log, model and day."""
        key = (log.digest(), version, day)
        known = self._told_of_all
        if known is None or known[0] != key:
            known = key, common_reasons(log, bundle, day), less_of(log, bundle, day)
            self._told_of_all = known
        return known[1:]

    def _log(self) -> Log:
        with self._reading:  # requests that come meanwhile wait and find the log read
            # The version is taken before reading: what changes in between is read again next time.
            now = self.version()
            if self._cached is None or self._cached[0] != now:
                self._cached = None  # never two logs in memory
                self._cached = now, OpenShop(self._settings, book=self._book).log
            self._asked_at_seconds = time.monotonic()
            return self._cached[1]


def scores_of(frame: pd.DataFrame, currency: str) -> list[Score]:
    """Return a frame of scores as the objects that the book returns.

    Args:
        frame: in SCORE_COLUMNS.
        currency: of its money, ISO 4217.
    """
    columns = {column.name: _values(frame[column.name], column.type) for column in SCORE_COLUMNS}
    rows = zip(*columns.values(), strict=True)
    return [Score(**dict(zip(columns, row, strict=True)), currency=currency) for row in rows]


def _values(values: pd.Series, kind: str) -> list[Any]:
    if kind == "texts":
        return [None if value is None else tuple(value) for value in values]
    return plain_values(values.astype(float)) if kind == "number" else plain_values(values)


def _anybody_active(log: Log, day: date, active_days: int) -> bool:
    if not log.n_customers:
        return False
    return len(population(log, day_numbers([day]), active_days).customer) > 0


def _files(place: Path) -> list[Path]:
    try:
        return files_of([place])
    except RegularsError:  # reading it will say what is wrong
        return [place]


def _identity(file: Path) -> tuple[str, int, int, int]:
    try:
        found = file.stat()
    except OSError:  # reading the file will say what is wrong
        return str(file), 0, 0, 0
    return str(file), found.st_ino, found.st_size, found.st_mtime_ns
