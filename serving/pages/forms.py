"""Reads the forms that a page sends: their fields, and the one file that some of them carry."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from features.language.messages import Message
from serving.pages.refusals import refusal

MOST_FORM_BYTES, MOST_FILE_MB = 64 * 1024, 10
MOST_FIELDS = 2_000
FORM_SECONDS, FILE_SECONDS = 30.0, 120.0
UNREADABLE = Message("This form cannot be read.")
TOO_LARGE = Message("A file of more than {count} MB is not taken here. Send it in parts.", {"count": MOST_FILE_MB})
FORM_TYPE, FILE_FORM_TYPE = "application/x-www-form-urlencoded", "multipart/form-data"


@dataclass(frozen=True, repr=False)
class SentFile:
    """A file that a form carries.

    Args:
        name: as the visitor's machine calls it.
        content: all of it.
    """

    name: str
    content: bytes


async def read_form(request: Request) -> dict[str, str]:
    """Return the fields of a form; of a repeated one the values, one a line.

    Raises:
        Refusal: 408 too slow, 413 too large, 415 another media type.
    """
    _refuse_other(request, FORM_TYPE)
    body = bytearray()
    try:
        async with asyncio.timeout(FORM_SECONDS):
            async for chunk in _bounded(request, MOST_FORM_BYTES, UNREADABLE):
                body += chunk
    except TimeoutError:
        raise refusal(408, "too-slow", UNREADABLE) from None
    return _fields(bytes(body))


async def read_file_form(request: Request) -> tuple[Mapping[str, str], SentFile | None]:
    """Return the fields of a form and the file that it carries; None where none was chosen.

    Raises:
        Refusal: 400 no such form, 408 too slow, 413 too large, 415 another media type.
    """
    _refuse_other(request, FILE_FORM_TYPE)
    stream = _bounded(request, MOST_FILE_MB * 1_000_000 + MOST_FORM_BYTES, TOO_LARGE)
    parser = MultiPartParser(request.headers, stream, max_files=1, max_fields=8, max_part_size=MOST_FORM_BYTES)
    try:
        async with asyncio.timeout(FILE_SECONDS):
            sent = await parser.parse()
    except MultiPartException:
        raise refusal(400, "form", UNREADABLE) from None
    except TimeoutError:
        raise refusal(408, "too-slow", UNREADABLE) from None
    found = {name: value for name, value in sent.multi_items() if isinstance(value, str)}
    files = [value for value in sent.values() if isinstance(value, UploadFile)]
    file = SentFile(files[0].filename or "", await files[0].read()) if files else None
    await sent.close()
    return found, file if file is not None and file.content else None


def _refuse_other(request: Request, media_type: str) -> None:
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != media_type:
        raise refusal(415, "media-type", UNREADABLE)


async def _bounded(request: Request, most_bytes: int, told: Message) -> AsyncGenerator[bytes, None]:
    """Yield the body in parts, and refuse it once it is too long."""
    length = 0
    async for chunk in request.stream():
        length += len(chunk)
        if length > most_bytes:
            raise refusal(413, "too-large", told)
        yield chunk


def _fields(body: bytes) -> dict[str, str]:
    r"""Return the fields of an encoded form.

    >>> _fields(b"a=1&b=x&b=y%20z")
    {'a': '1', 'b': 'x\ny z'}
    """
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
    except ValueError:
        raise refusal(400, "form", UNREADABLE) from None
    found: dict[str, str] = {}
    for name, value in pairs:
        found[name] = f"{found[name]}\n{value}" if name in found else value
    return found
