"""One operation of the API as one object: its path, who may call it, what goes in, what comes out and what runs.

Each resource module lists its operations. The router, the checks of keys and fields and the OpenAPI document read these
lists, so a new endpoint is one more object in one of them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import anyio
import msgspec
from starlette import requests
from starlette.responses import Response
from starlette.types import ASGIApp

from serving.api.shared_messages import Request
from serving.api.state import ServerState
from serving.book.keys import Key

Method = Literal["GET", "POST", "DELETE"]
CSV = "text/csv"


class Nothing(Request, frozen=True):
    """The query of an operation without parameters: any name in it is a mistake, and refused."""


@dataclass(frozen=True)
class Call:
    """One admitted request.

    Args:
        server: settings, book and model.
        key: whose request it is.
        request: for headers and path.
        body: the message in the body; None where the operation takes none.
        query: the message in the query.
    """

    server: ServerState
    key: Key
    request: requests.Request
    body: Any = None
    query: Any = None

    def part(self, name: str) -> str:
        """Return the value of a `{part}` of the path."""
        return str(self.request.path_params[name])


Answer = msgspec.Struct | Response | ASGIApp
Run = Callable[[Call], Awaitable[Answer]]


def in_thread(
    work: Callable[[Call], Answer], limit: Callable[[ServerState], anyio.CapacityLimiter] | None = None
) -> Run:
    """Run an operation in a thread: while it waits for the book, other requests go on.

    Args:
        work: computes the answer.
        limit: how many may run at once; by default as many as there are threads.
    """

    async def run(call: Call) -> Answer:
        return await anyio.to_thread.run_sync(work, call, limiter=None if limit is None else limit(call.server))

    return run


@dataclass(frozen=True, eq=False)  # compared by identity, so that the document can be cached by its operations
class Operation:
    """What one method of one path does.

    Args:
        name: the operationId, unique.
        tag: the group in the document, one of `serving.api.openapi.TAGS`.
        method: of HTTP.
        path: with `{parts}`.
        roles: a key needs one of them; `admin` always may.
        summary: a few words.
        run: computes the answer.
        gives: the answer's message.
        example: an example of the answer.
        description: a few sentences.
        takes: the body's message.
        sends: an example of the body.
        asks: the query's message.
        parts: each `{part}` of the path → what it is.
        whole: it concerns the whole shop, so a key of one owner is refused.
        needs: statuses beyond those that every operation may answer.
        csv: whether it can answer CSV.
    """

    name: str
    tag: str
    method: Method
    path: str
    roles: tuple[str, ...]
    summary: str
    run: Run
    gives: type[msgspec.Struct]
    example: Mapping[str, Any]
    description: str = ""
    takes: type[msgspec.Struct] | None = None
    sends: Mapping[str, Any] | None = None
    asks: type[msgspec.Struct] = Nothing
    parts: Mapping[str, str] = field(default_factory=dict)
    whole: bool = False
    needs: tuple[int, ...] = ()
    csv: bool = False

    @property
    def route(self) -> str:
        """The path as the router needs it: a customer's id may hold a slash.

        >>> from serving.api.customers import OPERATIONS
        >>> OPERATIONS[0].route
        '/v1/customers/{customer_id:path}'
        """
        return self.path.replace("{customer_id}", "{customer_id:path}")
