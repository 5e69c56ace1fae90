"""Reads a request's body and query: bounded in size and time, one media type, into one message or one refusal."""

from __future__ import annotations

import asyncio
from typing import TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from serving.api.problems import Refusal, wrong_fields

MAX_BODY_BYTES = 16 * 1024 * 1024
BODY_SECONDS = 30.0  # for a whole body; a caller who sends slower holds a connection, never a thread
CLOSE = {"Connection": "close"}
JSON = "application/json"

Message = TypeVar("Message", bound=msgspec.Struct)


async def read_body(request: Request) -> bytearray:
    """Return the body of a request.

    Raises:
        Refusal: 408 too slow, 413 too large, 415 another media type or an encoding.
    """
    _check_headers(request)
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await _body(request)
    except TimeoutError:
        raise Refusal(408, "too-slow", f"the body did not come within {BODY_SECONDS:.0f} s", headers=CLOSE) from None


def read_query(request: Request, message: type[Message]) -> Message:
    """Return the query of a request as a message.

    Raises:
        Refusal: 422 an unknown or repeated name, or a value that does not fit.
    """
    pairs = request.query_params.multi_items()
    try:
        if len(dict(pairs)) < len(pairs):
            raise msgspec.ValidationError("a name stands twice in the query")
        found = msgspec.convert(dict(pairs), message, strict=False)
        for name, _ in pairs:
            if getattr(found, name) is None:  # msgspec's lax mode reads the word "null" as None
                raise msgspec.ValidationError(f"write a value, or leave it out - at `$.{name}`")
        return found
    except msgspec.ValidationError as error:
        raise wrong_fields(error, message) from None


def encoded(content: msgspec.Struct) -> Response:
    """Return a message as a JSON response."""
    return Response(msgspec.json.encode(content), media_type=JSON)


def _check_headers(request: Request) -> None:
    media_type = request.headers.get("content-type", JSON).split(";")[0].strip().lower()
    if media_type != JSON:
        raise Refusal(415, "media-type", f"the body is {JSON}, not {media_type}")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Refusal(415, "media-type", "the body comes without a content encoding")
    length = request.headers.get("content-length", "0")
    if length.isdigit() and int(length[:20]) > MAX_BODY_BYTES:
        raise _too_large()


async def _body(request: Request) -> bytearray:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise _too_large()
    return body


def _too_large() -> Refusal:
    # The rest of the body is not read, so the connection cannot be used again.
    size = f"{MAX_BODY_BYTES // 1024**2} MiB"
    return Refusal(413, "too-large", f"a body is at most {size}", headers=CLOSE)
