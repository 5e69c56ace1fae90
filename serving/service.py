"""The BentoML service: a thin shell around the HTTP application of `serving/api/`.

`regulars serve` starts it; so do `bentoml serve serving.service:Regulars` and a built Bento. Only what BentoML needs to
know is here: how it runs, and the methods that its clients call.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from functools import cache
from typing import Annotated, Any

import bentoml
from pydantic import Field
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from serving.stopping import stop_without
from serving.typed.message import ApiMessage, shows
from serving.worker_environment import SUPERVISOR_VARIABLE, WORKER_ENVIRONMENT, WORKERS_VARIABLE

SWITCH_SECONDS = 0.001
NONE: Any = Field(default_factory=list)
Scores = Annotated[Any, ApiMessage("serving.api.scores", "ScoresAnswer")]
SingleScore = Annotated[Any, ApiMessage("serving.api.scores", "SingleScoreAnswer")]
CurrentList = Annotated[Any, ApiMessage("serving.api.lists", "ListAnswer")]


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
    from serving.typed.operations import typed_operations
    from serving.typed.schema_route import schema_route

    take_turns()
    server = ServerState()
    service: Any = bentoml.get_current_service()  # the instance that BentoML made of the class below
    methods = {name: getattr(service, name).local for name in service.bento_service.apis}
    around = [*page_routes(server), schema_route(server, service.bento_service.schema)]
    return create_app(server, settle_heap, log_to_stderr, around, typed_operations(methods))


@asynccontextmanager
async def running(_: Starlette) -> AsyncIterator[None]:
    """Open the application when the server starts, and close it when the server ends."""
    stop_without(int(os.environ.get(SUPERVISOR_VARIABLE) or os.getppid()))
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


async def answered(method: str, **asked: Any) -> Any:
    """Answer a typed method with what the API answers to the same question."""
    from serving.typed.operations import answer

    return await answer(method, asked)


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

    @shows(ApiMessage("serving.api.scores", "ScoresRequest"))
    @bentoml.api
    async def scores(self, customer_ids: list[str], fresh: bool = False, language: str | None = None) -> Scores:
        """Return the scores of the last run, or fresh ones, and the ids without a score."""
        return await answered("scores", customer_ids=customer_ids, fresh=fresh, language=language)

    @shows(ApiMessage("serving.api.scores", "PostedHistory"))
    @bentoml.api
    async def score_history(
        self,
        orders: list[dict[str, Any]],
        events: list[dict[str, Any]] = NONE,
        customer_id: str | None = None,
        as_of: date | None = None,
        language: str | None = None,
    ) -> SingleScore:
        """Return the score of the history that comes with the request; nothing is stored."""
        history = {"orders": orders, "events": events, "customer_id": customer_id}
        return await answered("score_history", **history, as_of=as_of, language=language)

    @shows(ApiMessage("serving.api.lists", "ListQuery"))
    @bentoml.api
    async def current_list(
        self,
        owner: str | None = None,
        state: str | None = None,
        band: str | None = None,
        playbook: str | None = None,
        kind: str | None = None,
        limit: int = 1_000,
        cursor: str | None = None,
        language: str | None = None,
    ) -> CurrentList:
        """Return the list published last: whom to contact, in which order, with what to do and what to say."""
        filters = {"owner": owner, "state": state, "band": band, "playbook": playbook, "kind": kind}
        return await answered("current_list", **filters, limit=limit, cursor=cursor, language=language)


Regulars.add_asgi_middleware(OurPathsOnly)  # type: ignore[attr-defined]  # the decorator returns a Service
