"""The steps of every request for a page: who asks, the form, the answer, the headers, a count and a log line.

Every error becomes a page here, in words. A log line holds the path as it is written here, never what stands in it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import parse_qsl

import anyio
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from features.language.messages import Message
from serving.api.access_log import Access
from serving.api.endpoint import forget, refused, request_id
from serving.api.problems import Refusal, refusal_of
from serving.api.state import ServerState
from serving.pages.cookies import set_cookie
from serving.pages.languages import language_of
from serving.pages.refusals import foreign, no_page, refusal
from serving.pages.visit import Parts, View, Visit
from serving.pages.visitors import FORM_COOKIE, are_open, comes_from_us, visitor_of

MOST_FORM_BYTES = 64 * 1024
MOST_FIELDS = 2_000
FORM_SECONDS = 30.0
UNREADABLE = Message("This form cannot be read.")
FORM_TYPE = "application/x-www-form-urlencoded"
# Nothing is loaded from elsewhere, no script or style stands in a page, and no page stands in another one.
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # without any referrer a browser names no origin of a form either
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


class PageEndpoint:
    """The ASGI application of one path.

    Args:
        server: settings, book and model.
        parts: what the pages keep beside them.
        path: as logs and metrics show it.
        views: by method.
    """

    def __init__(self, server: ServerState, parts: Parts, path: str, views: Mapping[str, View]) -> None:
        self.server, self.parts, self.path, self.views = server, parts, path, views

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        began, request = time.perf_counter(), Request(scope, receive)
        access = Access(request_id(request), str(scope["method"]), self.path)
        visit = Visit(self.server, self.parts, None, request, language=language_of(request, self.server.settings))
        try:
            answer = await self._answer(visit)
        except Exception as error:  # noqa: BLE001 — every error becomes a page
            found = await self.server.damage_behind(error)
            answer = await anyio.to_thread.run_sync(_problem, visit, found)
            forget(error)
        access.status = answer.status_code
        for name, value in {**HEADERS, "Cache-Control": "no-store", "X-Request-Id": access.request_id}.items():
            answer.headers.setdefault(name, value)
        try:
            await answer(scope, receive, send)
        finally:
            self.server.note(access, time.perf_counter() - began)

    async def _answer(self, visit: Visit) -> Response:
        method = "GET" if visit.request.method == "HEAD" else visit.request.method
        view = self.views.get(method)
        if view is None:
            allowed = {"Allow": ", ".join(sorted(self.views))}
            raise Refusal(405, "method-not-allowed", "This address does not take that.", headers=allowed)
        form = await _form(visit.request) if method == "POST" else {}
        return await anyio.to_thread.run_sync(_run, view, replace(visit, form=form))


def _run(view: View, visit: Visit) -> Response:
    if view.is_public:
        return view.run(_without_visitor(view, visit))
    settings = visit.server.need_settings().pages
    visitor = visitor_of(visit.server, visit.request)
    if visitor is None:
        return _closed(visit)
    visit = replace(visit, visitor=visitor)
    visit.server.limit.take(f"page {visitor.secret}", time.monotonic())
    if view.method == "POST":
        visitor.refuse_foreign(visit.request, visit.sent("form_token"), settings.origin)
    if view.whole and visitor.owner is not None:
        raise no_page()
    answer = view.run(visit)
    if visitor.is_new:
        set_cookie(answer, visit, FORM_COOKIE, visitor.secret)
    return answer


def _without_visitor(view: View, visit: Visit) -> Visit:
    settings = visit.server.settings
    if view.method == "POST" and not comes_from_us(visit.request, None if settings is None else settings.pages.origin):
        raise foreign()
    return visit


def _closed(visit: Visit) -> Response:
    """Return the page for whoever may not look: it says what to do, and nothing of the shop."""
    return visit.page("closed.html.jinja", {"are_open": are_open(visit.server)}, 401)


def _problem(visit: Visit, error: Exception) -> Response:
    refusal = refusal_of(error)
    if refusal.status >= 500:
        refused(error)  # which writes what the log may hold
    context = {"status": refusal.status, "detail": refusal.detail}
    found = visit.page("problem.html.jinja", context, refusal.status)
    found.headers.update(refusal.headers)
    return found


async def _form(request: Request) -> dict[str, str]:
    """Return the fields of a form; of a repeated one the values, one a line.

    Raises:
        Refusal: 408 too slow, 413 too large, 415 another media type.
    """
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != FORM_TYPE:
        raise refusal(415, "media-type", UNREADABLE)
    body = bytearray()
    try:
        async with asyncio.timeout(FORM_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > MOST_FORM_BYTES:
                    raise refusal(413, "too-large", UNREADABLE)
    except TimeoutError:
        raise refusal(408, "too-slow", UNREADABLE) from None
    return _fields(bytes(body))


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
