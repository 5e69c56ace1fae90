"""The BentoML service: a thin door.

`regulars serve` starts it, `bentoml serve serving.service:Regulars` and a built Bento do too. What each path answers
is in `serving/api/`; here is what BentoML needs to know, and nothing else.
"""

from __future__ import annotations

import gc
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache

import bentoml
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from serving.worker_environment import WORKER_ENVIRONMENT, WORKERS_VARIABLE


def settle_heap() -> None:
    """Take what is loaded out of the garbage collector's rounds: they are the slowest answers otherwise."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 50)


@cache
def application() -> Starlette:
    """Return the application of this process, made when it is first asked for.

    BentoML imports this module in the process that watches the workers too, before it starts them; what answers
    requests takes seconds to import, and that process answers none.
    """
    from serving.api.access_log import log_to_stderr
    from serving.api.app import create_app
    from serving.api.state import ServerState

    return create_app(ServerState(), on_ready=settle_heap, on_start=log_to_stderr)


@asynccontextmanager
async def running(_: Starlette) -> AsyncIterator[None]:
    """Open the application with the server, and close it with it."""
    app = application()
    async with app.router.lifespan_context(app):
        yield


class FrontDoor:
    """Hands every request to our application: BentoML's own paths would be open to whoever has no key.

    What is behind serves the files of the viewer, which the application asks for.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.behind = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http":
            scope["regulars.viewer"] = self.behind
            await application().router(scope, receive, send)
            return
        if scope["type"] == "lifespan":
            self._come_first(scope["app"])
        await self.behind(scope, receive, send)

    def _come_first(self, server: Starlette) -> None:
        """Take BentoML's own middlewares out of the way, which cost a third of a look-up.

        One of them sets a timer per request and never takes it back: an hour's requests would stay in memory.
        """
        server.middleware_stack = self


# What is mounted is opened and closed with the server; requests do not get that far. Our own metrics count what
# BentoML's would, by path and without the cost, and answers that take long are bounded where they are computed.
@bentoml.service(
    workers=int(os.environ.get(WORKERS_VARIABLE, "1")),
    traffic={"timeout": 3600},
    http={"host": "127.0.0.1", "port": 3000},
    logging={"access": {"enabled": False}},
    metrics={"enabled": False},
    tracing={"excluded_urls": ".*"},
    envs=[{"name": name, "value": value} for name, value in WORKER_ENVIRONMENT.items()],
)
@bentoml.asgi_app(Starlette(lifespan=running), path="/regulars")
class Regulars:
    """Scores, lists, reports and model facts over HTTP; ready once a model is loaded."""


Regulars.add_asgi_middleware(FrontDoor)  # type: ignore[attr-defined]  # the decorator returns a Service
