"""The path at which BentoML's clients read what the typed methods take and give; it takes a key, as all does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from serving.api.app import Page
from serving.api.request_body import JSON
from serving.api.state import ServerState


def schema_route(server: ServerState, schema: Callable[[], Mapping[str, Any]]) -> Route:
    """Return the route of `/schema.json`.

    Args:
        server: whose keys may read it.
        schema: returns what BentoML says of the service; it is asked once.

    >>> schema_route(ServerState(), dict).path
    '/schema.json'
    """

    @cache
    def document() -> bytes:
        return msgspec.json.encode(schema())

    def show(_: ServerState, request: Request) -> ASGIApp:
        return Response(document(), media_type=JSON)

    return Route("/schema.json", Page(server, show))
