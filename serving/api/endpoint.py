"""The steps every request takes: an id, the key, strict reading, the answer, a count and a log line.

The order matters: a caller without a key learns nothing, not even which paths exist; a body is read only once the key
may do what it asks for; and every error becomes a problem document here and nowhere else. A new endpoint is nothing
here: it is an `Operation` in the module of its resource.
"""

from __future__ import annotations

import logging
import re
import secrets
import time
import traceback
from collections.abc import Mapping
from dataclasses import replace

import anyio
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from serving.api.access_log import Access
from serving.api.auth import refuse_unless
from serving.api.json_rows import AT_ONCE_BYTES, let_go, parse
from serving.api.operation import Answer, Call, Operation
from serving.api.problems import Refusal, refusal_of
from serving.api.request_body import encoded, read_body, read_query
from serving.api.state import ServerState

REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")
LOG = logging.getLogger("regulars.serving")
# Answers are about people: no proxy may keep them, no browser may guess their type.
HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class Endpoint:
    """The ASGI application of one path.

    Args:
        server: settings, book, model and keys.
        path: as logs and metrics show it, with `{parts}` and never their values.
        operations: by method; none = the path does not exist, which only a caller with a key is told.
    """

    def __init__(self, server: ServerState, path: str, operations: Mapping[str, Operation]) -> None:
        self.server, self.path, self.operations = server, path, operations

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        began, request = time.perf_counter(), Request(scope, receive)
        access = Access(request_id(request), str(scope["method"]), self.path)
        try:
            answer = await self._answer(request, access)
        except Exception as error:  # noqa: BLE001 — every error becomes a problem document
            answer = refused(await self.server.damage_behind(error))
            forget(error)
        if isinstance(answer, Response):
            access.status = answer.status_code
            answer.headers.update({**HEADERS, "X-Request-Id": access.request_id, **self.server.staleness()})
        try:
            await answer(scope, receive, send)  # type: ignore[operator]
        finally:
            self.server.note(access, time.perf_counter() - began)

    async def _answer(self, request: Request, access: Access) -> Answer:
        key = self.server.keys.admit(request.headers.get("authorization", ""))
        access.key_id = key.id
        self.server.limit.take(key.id, time.monotonic())
        operation = self._operation(access.method)
        refuse_unless(key, operation.roles, whole=operation.whole)
        call = Call(self.server, key, request, query=read_query(request, operation.asks))
        found = await (operation.run(call) if operation.takes is None else self._with_body(call, operation))
        return encoded(found) if not callable(found) else found

    async def _with_body(self, call: Call, operation: Operation) -> Answer:
        assert operation.takes is not None
        body = await read_body(call.request)
        if len(body) <= AT_ONCE_BYTES:
            return await operation.run(replace(call, body=parse(body, operation.takes)))
        async with self.server.large:
            message = await anyio.to_thread.run_sync(parse, body, operation.takes)
            del body
            try:
                return await operation.run(replace(call, body=message))
            except Exception as error:
                # Freeing what the frames hold takes a while; this frame is not among them, for it goes on.
                inner = None if error.__traceback__ is None else error.__traceback__.tb_next
                await anyio.to_thread.run_sync(forget, error.with_traceback(inner))
                raise
            finally:
                await anyio.to_thread.run_sync(let_go, message)

    def _operation(self, method: str) -> Operation:
        if not self.operations:
            raise Refusal(404, "not-found", "there is no such path; see /v1/openapi.json")
        if method not in self.operations:
            allowed = {"Allow": ", ".join(sorted(self.operations))}
            raise Refusal(405, "method-not-allowed", f"this path takes {allowed['Allow']}", headers=allowed)
        return self.operations[method]


def request_id(request: Request) -> str:
    """Return the id that the caller sent along, or a new one."""
    given = request.headers.get("x-request-id", "")
    return given if REQUEST_ID.fullmatch(given) else secrets.token_hex(8)


def forget(error: BaseException | None) -> None:
    """Empty the frames that an error came through: in a circle with it they would hold a body until a collection."""
    while error is not None:
        traceback.clear_frames(error.__traceback__)
        error = error.__cause__ or error.__context__


def refused(error: Exception) -> Response:
    """Return the answer to an error; an unexpected one is logged, without its message."""
    refusal = refusal_of(error)
    if refusal.status == 500:
        # Where it happened and its type. The message may hold what the caller sent.
        where = "".join(traceback.format_tb(error.__traceback__))
        LOG.error("unexpected %s\n%s", type(error).__name__, where)
    elif refusal.status == 503 and not isinstance(error, Refusal):
        LOG.warning("%s: %s", refusal.detail, type(error).__name__)
    elif isinstance(error, ClientDisconnect):
        LOG.debug("a caller left early")
    return refusal.response()
