"""Reading a request: bounded in size, strict JSON, one struct out or one refusal."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from serving.api.problems import Refusal, wrong_fields

MAX_BODY_BYTES = 16 * 1024 * 1024
JSON = "application/json"

Message = TypeVar("Message", bound=msgspec.Struct)


async def read(request: Request, message: type[Message]) -> Message:
    """Return the body of a request as a message.

    Raises:
        Refusal: 400 no JSON, 413 too large, 415 another media type or an encoding, 422 a wrong field.
    """
    _check_headers(request)
    return parse(await _body(request), message)


def parse(body: bytes, message: type[Message]) -> Message:
    """Return JSON as a message; what JSON leaves open, such as a key twice, is refused.

    Raises:
        Refusal: 400 no JSON, 422 a wrong field.

    >>> from serving.api.messages import ScoresRequest
    >>> parse(b'{"customer_ids": ["007"]}', ScoresRequest).customer_ids
    ['007']
    """
    try:
        found = msgspec.json.decode(body, type=message)
        json.loads(body, object_pairs_hook=_once, parse_int=str, parse_float=str)
    except msgspec.ValidationError as error:
        raise wrong_fields(error) from None
    except msgspec.DecodeError as error:
        raise Refusal(400, "no-json", str(error)) from None
    except UnicodeDecodeError:
        raise Refusal(400, "no-json", "JSON is UTF-8; these bytes are not") from None
    except RecursionError:
        raise Refusal(400, "no-json", "JSON is nested too deeply") from None
    return found


def answer(content: msgspec.Struct, status: int = 200) -> Response:
    """Return a message as a JSON response."""
    return Response(msgspec.json.encode(content), status, media_type=JSON)


def _check_headers(request: Request) -> None:
    media_type = request.headers.get("content-type", JSON).split(";")[0].strip().lower()
    if media_type != JSON:
        raise Refusal(415, "media-type", f"the body is {JSON}, not {media_type}")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Refusal(415, "media-type", "the body comes without a content encoding")
    length = request.headers.get("content-length", "0")
    if length.isdigit() and int(length[:20]) > MAX_BODY_BYTES:
        raise _too_large()


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise _too_large()
    return bytes(body)


def _too_large() -> Refusal:
    # The rest of the body is not read, so the connection cannot be used again.
    size = f"{MAX_BODY_BYTES // 1024**2} MiB"
    return Refusal(413, "too-large", f"a body is at most {size}", headers={"Connection": "close"})


def _once(pairs: Sequence[tuple[str, object]]) -> None:
    if len({name for name, _ in pairs}) < len(pairs):
        raise Refusal(400, "no-json", "an object names a field twice")
