"""A desk with everything on it, and a client that talks to the application in this process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from serving.api.app import create_app
from serving.api.desk import Champion, Desk
from serving.book import Book
from serving.outreach.lists import plan
from serving.outreach.policy import Policy
from serving.scorer import score

Call = Callable[..., httpx.Response]


@pytest.fixture(scope="session")
def desk(shop: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """The small shop, scored and listed."""
    book = Book(tmp_path_factory.mktemp("book"))
    bundle = shop.bundles["lightgbm"]
    scores = score(shop.log, bundle, "7", shop.as_of)
    run_id = book.record_scores(scores, currency="EUR", data_digest=shop.log.digest())
    book.publish_list(plan(scores, currency="EUR", policy=Policy(capacity=20)), run_id)
    yield Desk(shop.settings, book, Champion(bundle, "7"))
    book.close()


def _calling(app: Starlette) -> Call:
    def call(method: str, path: str, **request: Any) -> httpx.Response:
        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://regulars") as client:
                return await client.request(method, path, **request)

        return asyncio.run(send())

    return call


@pytest.fixture(scope="session")
def calling() -> Callable[[Starlette], Call]:
    """Return what makes a caller of an application; a bug in the application is raised in the test."""
    return _calling


@pytest.fixture(scope="session")
def call(desk: Desk) -> Call:
    """Send a request to the application over the full desk."""
    return _calling(create_app(desk))


@pytest.fixture(scope="session")
def call_empty() -> Call:
    """Send a request to an application that has nothing yet."""
    return _calling(create_app(Desk()))
