"""A shop with a model and four lists, of which three have ended; and its pages."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest

from features.clock import day_number
from features.log import Log
from serving.api.app import create_app
from serving.api.state import ServerState
from serving.book import Book
from serving.book.runs import record_scores
from serving.book.snapshot import snapshot_on
from serving.config import load_settings
from serving.outreach.plan.plan import plan
from serving.outreach.plan.policy import Policy
from serving.pages.app import page_routes
from serving.webhooks.outbox import publish_and_enqueue
from tests.once import once
from tests.serving.conftest import SmallShop, build_scores
from tests.serving.pages.conftest import Browser, Site

FIRST = date(2022, 12, 5)
OVERLAPPING, LAST_ENDED, NOT_ENDED = FIRST + timedelta(days=7), date(2023, 2, 6), date(2023, 5, 1)


def publish(book: Book, customers: list[str], day: date) -> None:
    """Publish a list of a day with a holdout; the scores are made up, and differ from list to list."""
    rows = [(who, 0.04 + 0.9 * ((n + day.day) % 19) / 19, "9.00", {"as_of": day}) for n, who in enumerate(customers)]
    scores = build_scores(*rows)
    people = pd.DataFrame({"customer_id": customers}).assign(name=None, owner="Eleni", segment=None, consent=None)
    policy, known = Policy(holdout_share=0.1, cooldown_days=0), snapshot_on(book, day)
    made = plan(scores, people.astype(object), currency="EUR", policy=policy, snapshot=known)
    publish_and_enqueue(book, made, record_scores(book, scores, currency="EUR", data_digest=str(day)))


def known_on(log: Log, day: date) -> list[str]:
    """Return whoever had ordered before a day."""
    orders = log.streams["orders"]
    return sorted({str(log.customer_ids[who]) for who in orders.customer[orders.day < day_number(day)]})


@pytest.fixture(scope="session")
def made(registered: Path, shop: SmallShop, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the shop."""

    def make(folder: Path) -> None:
        shutil.copytree(registered, folder, dirs_exist_ok=True)
        with closing(Book(folder, known_in=load_settings(folder / "regulars.toml").state_folder)) as book:
            for day in (FIRST, OVERLAPPING, LAST_ENDED, NOT_ENDED):
                publish(book, known_on(shop.log, day), day)

    return once(tmp_path_factory, "reports", make)


@pytest.fixture(scope="module")
def running(made: Path) -> Iterator[Site]:
    """Its server; the figures that it keeps are counted once for all tests of a file."""
    server = ServerState(load_settings(made / "regulars.toml"))
    server.open()
    assert server.book is not None
    yield Site(server, server.book, create_app(server, pages=page_routes(server)), 0, {}, NOT_ENDED)
    server.close()


@pytest.fixture
def admin(running: Site) -> Browser:
    """A browser of somebody who sees everybody's accounts."""
    return running.let_in(None, "Maria")
