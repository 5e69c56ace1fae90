"""Every test of the book runs on SQLite and on a real PostgreSQL, which comes in a wheel and needs no rights."""

from __future__ import annotations

import functools
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from serving.book import Book
from serving.book.connection import FILE, engine_of
from serving.book.privacy.secret import VARIABLE
from serving.book.runs import record_scores
from serving.outreach.plan.outreach_list import OutreachList
from serving.outreach.plan.plan import plan
from serving.outreach.plan.policy import Policy
from serving.webhooks.outbox import publish_and_enqueue
from tests.serving.book.lent_database import Lend, lender
from tests.serving.conftest import build_scores, new_database
from tests.serving.read_back import list_on


@pytest.fixture(scope="session")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of an empty book."""
    folder = tmp_path_factory.mktemp("empty")
    Book(folder).close()
    return folder / FILE


@pytest.fixture(scope="session")
def empty_database(postgresql: str) -> Iterator[str]:
    """The name of a database that holds an empty book and is only copied."""
    with new_database(postgresql) as url:
        Book(url).close()
        yield str(engine_of(url).url.database)


@pytest.fixture(scope="session")
def lend_database(postgresql: str, empty_database: str) -> Iterator[Lend]:
    """Lend databases that hold an empty book."""
    with ExitStack() as made:
        yield lender(lambda: made.enter_context(new_database(postgresql, like=empty_database)))


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path | str]:
    """Where an empty book may be made: a folder, or the URL of a new database.

    For a test that asks for the book itself it is made already: its tables cost more than most tests.
    """
    is_made = "book" in request.fixturenames
    if request.param == "sqlite":
        if is_made:
            shutil.copy(request.getfixturevalue("empty_file"), tmp_path)
        yield tmp_path
        return
    monkeypatch.setenv(VARIABLE, "of-a-test-" * 4)  # a book by URL has no folder for it
    made = (
        request.getfixturevalue("lend_database")() if is_made else new_database(request.getfixturevalue("postgresql"))
    )
    with made as url:
        yield url


@pytest.fixture
def book(place: Path | str) -> Iterator[Book]:
    """An empty book."""
    opened = Book(place)
    yield opened
    opened.close()


@pytest.fixture
def count(place: Path | str) -> Callable[[str], int]:
    """Count the rows of a table, beside whatever is open."""

    def counted(table: str) -> int:
        engine = engine_of(place)
        with engine.connect() as connection:
            found = connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one()
        engine.dispose()
        return int(found)

    return counted


@functools.cache
def _planned(customers: int, as_of: date | None, **rules: Any) -> tuple[pd.DataFrame, OutreachList]:
    """Return the scores of customers "c0" … on a day, and their list; many tests publish the same one."""
    day = {} if as_of is None else {"as_of": as_of}
    scores = build_scores(*((f"c{n}", 0.9 - 0.001 * n, "30.00", day) for n in range(customers)))
    return scores, plan(scores, currency="EUR", policy=Policy(**rules))


@pytest.fixture
def publish(book: Book) -> Callable[..., OutreachList]:
    """Score customers "c0" … on a day, publish their list, and return it as the book holds it."""

    def published(customers: int = 3, as_of: date | None = None, **rules: Any) -> OutreachList:
        scores, made = _planned(customers, as_of, **{"holdout_share": 0.0} | rules)
        publish_and_enqueue(book, made, record_scores(book, scores, currency="EUR", data_digest="d"))
        found = list_on(book, made.as_of)
        assert found is not None
        return found

    return published
