"""One database: a shop with scored customers is made up, backed up, and restored."""

from __future__ import annotations

import os
import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np

from benchmarks.lists.runs import AS_OF, CURRENCY, MIB, Took, made_up_scores
from serving.backup.contents import Wanted
from serving.backup.restore import restore
from serving.backup.take import Source, take_backup
from serving.book import Book
from serving.book.runs import record_scores
from serving.config import BOOK_URL, load_settings

TOML = """[shop]
zone = "UTC"
currency = "EUR"
[orders]
file = "orders.csv"
[orders.columns]
customer_id = "customer_id"
ordered_at = "ordered_at"
amount = "amount"
"""


@dataclass(frozen=True)
class Measured:
    """One database: what each step took, the peak of memory, and how large book and backup are."""

    back_up: Took
    restore: Took
    peak_mib: float
    book_bytes: int
    packed_bytes: int


def measured(customers: int, runs: int, url: str | None) -> Measured:
    if url is not None:
        os.environ[BOOK_URL] = url
    with tempfile.TemporaryDirectory() as place:
        folder, archive, took = Path(place, "shop"), Path(place, "shop.zip"), list[Took]()
        _make(folder, customers, runs, url)
        settings = load_settings(folder / "regulars.toml")
        with _timed(took):
            taken = take_backup(Source(settings, folder / "regulars.toml", Wanted()), archive, _quiet)
        with _timed(took):
            restore(archive, Path(place, "again"), None, _quiet, replace=url is not None)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MIB
        return Measured(took[0], took[1], peak, taken.manifest.files["book.db"].size_bytes, taken.size_bytes)


def _make(folder: Path, customers: int, runs: int, url: str | None) -> None:
    folder.mkdir()
    (folder / "regulars.toml").write_text(TOML, encoding="utf-8")
    random = np.random.default_rng(1)
    ids = np.array([f"C{number:07}" for number in range(customers)], dtype=object)
    book = Book(url or folder)
    for number in range(runs):
        scores = made_up_scores(ids, random).assign(as_of=AS_OF + timedelta(7 * number))
        record_scores(book, scores, currency=CURRENCY, data_digest=f"made up {number}")
    book.close()


@contextmanager
def _timed(took: list[Took]) -> Iterator[None]:
    wall, cpu = time.perf_counter(), time.process_time()
    yield
    took.append(Took(time.perf_counter() - wall, time.process_time() - cpu))


def _quiet(_done: int, _total: int, _what: str) -> None:
    """Measure without a bar."""
