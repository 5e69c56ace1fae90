"""The state of a full server, a client that calls the application in this process, and a server on a port."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from serving.api.app import create_app
from serving.api.auth import Keys, RateLimit
from serving.api.loaded_model import Champion
from serving.api.state import ServerState
from serving.book import Book
from serving.book.keys import Key, create_key, hashed
from serving.book.runs import record_scores
from serving.config import load_settings
from serving.outreach.plan.plan import plan
from serving.outreach.plan.policy import Policy
from serving.scorer import score
from serving.typed.operations import typed_operations
from serving.webhooks.outbox import publish_and_enqueue
from tests.loopback import served_on_a_port
from tests.serving.bento import typed_methods

Call = Callable[..., httpx.Response]


@pytest.fixture(scope="session")
def server(shop: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerState]:
    """The small shop, scored and listed."""
    book = Book(tmp_path_factory.mktemp("book"))
    bundle = shop.bundles["lightgbm"]
    scores = score(shop.log, bundle, "7", shop.as_of)
    run_id = record_scores(book, scores, currency="EUR", data_digest=shop.log.digest())
    publish_and_enqueue(book, plan(scores, currency="EUR", policy=Policy(capacity=20)), run_id)
    yield ServerState(shop.settings, book, Champion(bundle, "7"))
    book.close()


SECRET = "not-secret-in-a-test"
KEY = "Bearer reg_all_" + SECRET


def key_of(key_id: str = "all", *roles: str, owner: str | None = None, **other: Any) -> Key:
    """Return a key whose text is `reg_<id>_<SECRET>`; without roles it may do everything."""
    salt, made = "salt", datetime(2026, 1, 1)
    return Key(key_id, key_id, frozenset(roles or ["admin"]), owner, salt, hashed(salt, SECRET), made, **other)


def bearer(key_id: str) -> dict[str, str]:
    """Return the header that shows a key of `key_of`."""
    return {"Authorization": f"Bearer reg_{key_id}_{SECRET}"}


def calls(app: Starlette) -> Call:
    """Return a client of an application, by default with a key that may do everything."""

    def call(method: str, path: str, **request: Any) -> httpx.Response:
        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://regulars") as client:
                given = {"Authorization": KEY, **request.pop("headers", {})}
                headers = {name: value for name, value in given.items() if value is not None}
                return await client.request(method, path, headers=headers, **request)

        return asyncio.run(send())

    return call


def admitting(app: Starlette, *keys: Key) -> Starlette:
    """Return the application with these keys, or with one that may do everything, and no bound on how often."""
    app.state.server.keys = Keys(keys or [key_of()])
    app.state.server.limit = RateLimit(1e9)
    return app


@pytest.fixture(scope="session")
def calling() -> Callable[[Starlette], Call]:
    """Return a function that makes a client of an application; a bug in the application is raised in the test."""
    return lambda app: calls(admitting(app))


@pytest.fixture(scope="session")
def call(server: ServerState) -> Call:
    """Send a request to an application whose state is complete."""
    return calls(admitting(create_app(server)))


@pytest.fixture(scope="session")
def call_empty() -> Call:
    """Send a request to an application that has nothing yet."""
    return calls(admitting(create_app(ServerState())))


@dataclass(frozen=True)
class Live:
    """A server on a port of this machine: its address, a key that may do everything, and what it works with."""

    url: str
    key: str
    folder: Path
    server: ServerState


@contextmanager
def served(folder: Path) -> Iterator[Live]:
    """Serve the shop of a folder until the block ends, by the very application that BentoML runs."""
    settings = load_settings(folder / "regulars.toml")
    book = Book(settings.book_place)
    _, key = create_key(book, "live", ["admin"])
    server = ServerState(settings, book)
    server.limit = RateLimit(1e9)
    server.keys.refresh(book)
    app = create_app(server, beside=typed_operations(typed_methods()))
    with served_on_a_port(app, ready=lambda: server.ready, lifespan="on") as address:
        yield Live(address, key, folder, server)


@pytest.fixture(scope="module")
def live(listed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A server over a copy of the small shop, which tests may change."""
    folder = tmp_path_factory.mktemp("live") / "shop"
    shutil.copytree(listed, folder)
    with served(folder) as running:
        yield running
