"""The steps of every request for a page: who asks, the form, the answer, the headers, a count and a log line.

Every error becomes a page here, in words. A log line holds the path as it is written here, never what stands in it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace

import anyio
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from serving.api.access_log import Access
from serving.api.endpoint import forget, refused, request_id
from serving.api.problems import Refusal, refusal_of
from serving.api.state import ServerState
from serving.pages.cookies import set_cookie
from serving.pages.forms import read_file_form, read_form
from serving.pages.languages import language_of
from serving.pages.refusals import foreign, no_page, told
from serving.pages.visit import Parts, View, Visit
from serving.pages.visitors import FORM_COOKIE, are_open, comes_from_us, visitor_of

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
        if view.takes_file:
            return await self._with_file(view, visit)
        form = await read_form(visit.request) if method == "POST" else {}
        return await anyio.to_thread.run_sync(_run, view, replace(visit, form=form))

    async def _with_file(self, view: View, visit: Visit) -> Response:
        """Read a file of somebody who may send one, and of nobody else; one at a time is worked on."""
        if await anyio.to_thread.run_sync(visitor_of, self.server, visit.request) is None:
            return _closed(visit)
        form, file = await read_file_form(visit.request)
        sent = replace(visit, form=form, file=file)
        return await anyio.to_thread.run_sync(_run, view, sent, limiter=self.server.large)


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
    context = {"status": refusal.status, "detail": told(refusal, visit.language)}
    found = visit.page("problem.html.jinja", context, refusal.status)
    found.headers.update(refusal.headers)
    return found
