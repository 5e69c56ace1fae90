"""One operation of the API = one small object: what it is called, who may, what goes in, what comes out, what runs.

A resource module lists its operations; the router, the checks of keys and fields and the OpenAPI document all read
them from there. A new endpoint is one object in one of these lists.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import anyio
import msgspec
from starlette import requests
from starlette.responses import Response
from starlette.types import ASGIApp

from serving.api.shared_messages import Request
from serving.book.keys import Key

if TYPE_CHECKING:
    from serving.api.state import ServerState

Method = Literal["GET", "POST", "DELETE"]
CSV = "text/csv"


class Nothing(Request, frozen=True):
    """The query of an operation that asks for nothing: a name in it was meant for another."""


@dataclass(frozen=True)
class Call:
    """One admitted request.

    Args:
        server: settings, book and model.
        key: who asks.
        request: headers and path.
        body: the request's message; None where the operation takes none.
        query: the query's message.
    """

    server: ServerState
    key: Key
    request: requests.Request
    body: Any = None
    query: Any = None

    def part(self, name: str) -> str:
        """Return a part of the path."""
        return str(self.request.path_params[name])


Answer = msgspec.Struct | Response | ASGIApp
Run = Callable[[Call], Awaitable[Answer]]


def in_thread(
    work: Callable[[Call], Answer], limit: Callable[[ServerState], anyio.CapacityLimiter] | None = None
) -> Run:
    """Return what runs work that waits for the book, aside from the requests that do not.

    Args:
        work: gives the answer.
        limit: how many at once; by default as many as there are threads.
    """

    async def run(call: Call) -> Answer:
        return await anyio.to_thread.run_sync(work, call, limiter=None if limit is None else limit(call.server))

    return run


@dataclass(frozen=True, eq=False)  # each is itself: it keys what is kept of it, such as the document
class Operation:
    """What one method of one path does.

    Args:
        name: operationId, unique.
        method: HTTP's.
        path: with `{parts}`.
        roles: any of which a key must have; `admin` always may.
        summary: a few words.
        run: gives the answer.
        gives: the answer's message.
        example: of the answer.
        description: some sentences more.
        takes: the body's message.
        sends: example of the body.
        asks: the query's message.
        parts: name → what a part of the path is.
        whole: concerns the whole shop: refused to an owner's key.
        needs: of the statuses beyond those that every operation may answer.
        csv: may be answered as CSV.
    """

    name: str
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
        """The path as the router takes it: a customer's id may hold a slash.

        >>> from serving.api.customers import OPERATIONS
        >>> OPERATIONS[0].route
        '/v1/customers/{customer_id:path}'
        """
        return self.path.replace("{customer_id}", "{customer_id:path}")
