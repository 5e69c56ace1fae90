"""The HTTP interface: which path is answered by what.

`create_app` gives a Starlette application that knows nothing of BentoML; `serving/service.py` mounts it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from serving.api.desk import Desk
from serving.api.lists import CurrentList
from serving.api.model import Model
from serving.api.openapi import document
from serving.api.problems import HANDLERS
from serving.api.reading import JSON
from serving.api.scores import SingleScore, StoredScores

# BentoML's own start page calls a tag manager; this one shows the same viewer and talks to this server only.
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
SwaggerUIBundle({ url: "./docs.json", dom_id: "#swagger-ui", deepLinking: true, validatorUrl: null });
</script>
</body>
</html>
"""


def create_app(desk: Desk, on_ready: Callable[[], None] = lambda: None) -> Starlette:
    """Return the application over a desk, which it opens when it starts and closes when it ends.

    `on_ready` is called once, when a model is loaded.

    >>> [route.path for route in create_app(Desk()).routes][:2]
    ['/v1/scores', '/v1/score']
    """
    app = Starlette(
        routes=[
            Route("/v1/scores", StoredScores),
            Route("/v1/score", SingleScore),
            Route("/v1/lists/current", CurrentList),
            Route("/v1/model", Model),
            Route("/v1/openapi.json", OpenApi),
            Route("/docs.json", OpenApi),
            Route("/", StartPage),
            Route("/v1/{rest:path}", NoSuchPath),
        ],
        exception_handlers=dict[Any, Any](HANDLERS),
        lifespan=lambda _: _opened(desk, on_ready),
    )
    app.router.redirect_slashes = False
    app.state.desk = desk
    return app


@asynccontextmanager
async def _opened(desk: Desk, on_ready: Callable[[], None]) -> AsyncIterator[None]:
    # The server answers while it loads: what needs no model is served, the rest is asked to come again.
    opening = asyncio.create_task(desk.keep_opening(on_ready))
    try:
        yield
    finally:
        opening.cancel()
        desk.close()


class OpenApi(HTTPEndpoint):
    """The OpenAPI document."""

    async def get(self, _: Request) -> Response:
        """Answer the document that the messages generate."""
        return Response(document(), media_type=JSON)


class StartPage(HTTPEndpoint):
    """The page at the root: every operation, to read and to try."""

    async def get(self, _: Request) -> Response:
        """Answer the page."""
        return HTMLResponse(START_PAGE)


class NoSuchPath(HTTPEndpoint):
    """Whatever else is asked for below /v1."""

    async def dispatch(self) -> None:
        """Refuse, whatever the method."""
        raise HTTPException(404, f"there is no {self.scope['path']}; see /v1/openapi.json")
