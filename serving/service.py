"""The BentoML service: a thin shell around the HTTP application of `serving/api/`.

`regulars serve` starts it; so do `bentoml serve serving.service:Regulars` and a built Bento. Only what BentoML needs to
know is here.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache

import bentoml
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from serving.worker_environment import WORKER_ENVIRONMENT, WORKERS_VARIABLE

SWITCH_SECONDS = 0.001


def settle_heap() -> None:
    """Keep the garbage collector off everything loaded so far: its rounds would make the slowest answers."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 50)


def take_turns() -> None:
    """Let a waiting thread have the interpreter after a millisecond, not five: health is answered beside long work."""
    sys.setswitchinterval(SWITCH_SECONDS)


@cache
def application() -> Starlette:
    """Return the application of this process, made on first use.

    BentoML also imports this module in the process that watches the workers. That process answers no requests and
    should not spend the seconds that the imports take.
    """
    from serving.api.access_log import log_to_stderr
    from serving.api.app import create_app
    from serving.api.state import ServerState
    from serving.pages.app import page_routes

    take_turns()
    server = ServerState()
    return create_app(server, on_ready=settle_heap, on_start=log_to_stderr, pages=page_routes(server))


@asynccontextmanager
async def running(_: Starlette) -> AsyncIterator[None]:
    """Open the application when the server starts, and close it when the server ends."""
    app = application()
    async with app.router.lifespan_context(app):
        yield


class OurPathsOnly:
    """Middleware that hands every request to our application: BentoML's own paths would need no key.

    Our application asks BentoML's only for the files of the document viewer.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.bentoml_app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http":
            scope["regulars.viewer"] = self.bentoml_app
            await application().router(scope, receive, send)
            return
        if scope["type"] == "lifespan":
            self._skip_middlewares(scope["app"])
        await self.bentoml_app(scope, receive, send)

    def _skip_middlewares(self, server: Starlette) -> None:
        """Skip BentoML's own middlewares, which cost a third of a look-up.

        One of them sets a timer per request and never cancels it: an hour's requests would stay in memory.
        """
        server.middleware_stack = self


# The mounted application only opens and closes ours with the server; no request reaches it. Our own metrics count what
# BentoML's would, by path and at less cost, and long answers are limited where they are computed.
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


Regulars.add_asgi_middleware(OurPathsOnly)  # type: ignore[attr-defined]  # the decorator returns a Service
