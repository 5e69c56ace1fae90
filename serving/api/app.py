"""The HTTP application: which path leads to which operation, and the pages around them.

`create_app` makes a Starlette application that knows nothing of BentoML; `serving/service.py` puts it into a Bento.
Each resource is a module with a list of operations; a new resource is a line in OPERATIONS.
"""

from __future__ import annotations

import asyncio
import base64
import re
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import date
from itertools import groupby

import anyio
import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from serving.api import customers, data, figures, lists, model, programme, reports, scores
from serving.api.auth import refuse_unless
from serving.api.endpoint import HEADERS, Endpoint, refused, request_id
from serving.api.metrics import CONTENT_TYPE
from serving.api.openapi import document
from serving.api.operation import Operation
from serving.api.request_body import JSON
from serving.api.state import ServerState

OPERATIONS: tuple[Operation, ...] = (
    *scores.OPERATIONS,
    *lists.OPERATIONS,
    *customers.OPERATIONS,
    *reports.OPERATIONS,
    *figures.OPERATIONS,
    *programme.OPERATIONS,
    *data.OPERATIONS,
    *model.OPERATIONS,
)
# BentoML's own start page loads a tag manager; this one shows the same viewer and talks to this server only. A browser
# that was given http://x:KEY@host/ refuses to ask for an address that is relative to it, so the key is taken off.
START_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Regulars</title>
<link rel="stylesheet" href="./static_content/swagger-ui.css">
<link rel="icon" href="data:,">
</head>
<body>
<div id="swagger-ui"></div>
<script src="./static_content/swagger-ui-bundle.js" charset="utf-8"></script>
<script>
const here = new URL("./docs.json", location.origin + location.pathname);
SwaggerUIBundle({ url: here.href, dom_id: "#swagger-ui", deepLinking: true, validatorUrl: null });
</script>
</body>
</html>
"""
VIEWER = "regulars.viewer"  # key of the scope under which the server puts the application with the viewer's files
BROWSER = {"WWW-Authenticate": 'Basic realm="regulars", charset="UTF-8"'}


def create_app(
    server: ServerState,
    on_ready: Callable[[], None] = lambda: None,
    on_start: Callable[[], None] = lambda: None,
    pages: Iterable[BaseRoute] = (),
    beside: tuple[Operation, ...] = (),
) -> Starlette:
    """Return the application; it opens the server's state when it starts and closes it when it ends.

    `on_start` is called when the server runs, `on_ready` once a model is loaded; `pages`, and the operations `beside`
    those of `/v1`, stand above this room, so they are handed in.

    >>> [route.path for route in create_app(ServerState()).routes][:2]
    ['/v1/scores', '/v1/score']
    """
    operations = (*OPERATIONS, *beside)
    routes = [
        Route(ways[0].route, Endpoint(server, path, {each.method: each for each in ways}))
        for path, group in groupby(operations, key=lambda each: each.path)
        for ways in [list(group)]
    ]
    around = [*_pages(server, operations), *pages]
    app = Starlette(routes=[*routes, *around], lifespan=lambda _: _opened(server, on_ready, on_start))
    app.router.redirect_slashes = False
    app.router.default = _UnknownPath(server, app.router.default)
    for route in routes:
        route.path_regex = re.compile(route.path_regex.pattern, re.DOTALL)  # an id may hold a line break
    app.state.server = server
    return app


def _pages(server: ServerState, operations: tuple[Operation, ...]) -> list[Route]:
    """Return the paths beside the operations: health for everybody, the rest for callers with a key."""
    documents = {"/v1/openapi.json": _openapi(OPERATIONS), "/docs.json": _openapi(operations)}
    pages = {"/": _start_page, **documents}
    return [
        *(Route(path, _Live()) for path in ("/livez", "/healthz")),
        Route("/readyz", _Ready(server)),
        Route("/metrics", Page(server, _metrics, whole=True)),
        *(Route(path, Page(server, page)) for path, page in pages.items()),
        Route("/static_content/{rest:path}", Page(server, _viewer)),
    ]


@asynccontextmanager
async def _opened(
    server: ServerState, on_ready: Callable[[], None], on_start: Callable[[], None]
) -> AsyncIterator[None]:
    on_start()
    # The server answers while it loads: what needs no model is served, the rest is told to come again.
    keeping = [asyncio.create_task(server.keep_open(on_ready)), asyncio.create_task(server.keep_keys())]
    try:
        yield
    finally:
        for task in keeping:
            task.cancel()
        await asyncio.gather(*keeping, return_exceptions=True)
        await anyio.to_thread.run_sync(server.close)


class _Live:
    """Answers that the process is alive."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await Response(b'{"live":true}', media_type=JSON)(scope, receive, send)


class _Ready:
    """Answers whether a model is loaded."""

    def __init__(self, server: ServerState) -> None:
        self.server = server

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        health = self.server.health()
        status = 200 if health["ready"] else 503
        await Response(msgspec.json.encode(health), status, media_type=JSON)(scope, receive, send)


class _UnknownPath:
    """Answers every path that is none of ours: a caller without a key does not learn which paths exist."""

    def __init__(self, server: ServerState, router: ASGIApp) -> None:
        self.endpoint, self.router = Endpoint(server, "/", {}), router

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await (self.endpoint if scope["type"] == "http" else self.router)(scope, receive, send)


class Page:
    """A path that is no operation: for programs with a key, and for browsers, which send the key as a password.

    Args:
        server: settings, book, model and keys.
        page: returns the answer.
        whole: it is about the whole shop, which a key of one owner may not see.
    """

    def __init__(
        self, server: ServerState, page: Callable[[ServerState, Request], ASGIApp], *, whole: bool = False
    ) -> None:
        self.server, self.page, self.whole = server, page, whole

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        try:
            key = self.server.keys.admit(_bearer(request.headers.get("authorization", "")))
            self.server.limit.take(key.id, time.monotonic())
            refuse_unless(key, tuple(key.roles), whole=self.whole)
            answer: ASGIApp = await anyio.to_thread.run_sync(self.page, self.server, request)
        except Exception as error:  # noqa: BLE001 — every error becomes a problem document
            answer = refused(error)
            if answer.status_code == 401:
                answer.headers.update(BROWSER)
        if isinstance(answer, Response):
            answer.headers.update({**HEADERS, "X-Request-Id": request_id(request)})
        await answer(scope, receive, send)


def _bearer(authorization: str) -> str:
    """Return a browser's Basic header, its key as the password, as the Bearer header of a program.

    Only pages take a key that way.

    >>> _bearer("Basic " + base64.b64encode(b"anyone:reg_0f3a_secret").decode())
    'Bearer reg_0f3a_secret'
    """
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "basic":
        return authorization
    try:
        return "Bearer " + base64.b64decode(token, validate=True).decode().partition(":")[2]
    except ValueError:  # no Base64, or no UTF-8 in it
        return authorization


def _start_page(_: ServerState, request: Request) -> ASGIApp:
    return HTMLResponse(START_PAGE)


def _openapi(operations: tuple[Operation, ...]) -> Callable[[ServerState, Request], ASGIApp]:
    return lambda _server, _request: Response(document(operations), media_type=JSON)


def _metrics(server: ServerState, request: Request) -> ASGIApp:
    day: date | None = None if server.settings is None else server.today
    version = None if server.champion is None else server.champion.version
    return Response(server.metrics.text(server.bands(), version, day, server.last_watch()), media_type=CONTENT_TYPE)


def _viewer(_: ServerState, request: Request) -> ASGIApp:
    found: ASGIApp = request.scope.get(VIEWER) or Response(status_code=404)
    return found
