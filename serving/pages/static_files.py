"""The style, the script and the icon: our own files, each under an address that changes with its content."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import Response

from serving.pages.refusals import no_page

TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
FOR_EVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class StaticFile:
    """One file: its content, its media type, and what its content is known by."""

    content: bytes
    media_type: str
    digest: str


@cache
def _files() -> dict[str, StaticFile]:
    found = {}
    for each in files("serving.pages").joinpath("static").iterdir():
        kind = each.name.rpartition(".")[2]
        if kind in TYPES:
            content = each.read_bytes()
            found[each.name] = StaticFile(content, TYPES[kind], sha256(content).hexdigest()[:16])
    return found


def address_of(name: str) -> str:
    """Return the path of a file below the pages.

    >>> address_of("style.css").startswith("static/")
    True
    """
    return f"static/{_files()[name].digest}/{name}"


def static_file(request: Request) -> Response:
    """Answer a file, or that the browser has it already.

    Raises:
        Refusal: 404.
    """
    found = _files().get(request.path_params["name"])
    if found is None:
        raise no_page()
    current = request.path_params["digest"] == found.digest
    headers = {"ETag": f'"{found.digest}"', "Cache-Control": FOR_EVER if current else "no-cache"}
    if f'"{found.digest}"' in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(found.content, media_type=found.media_type, headers=headers)
