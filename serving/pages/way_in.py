"""The way in and out: a personal link becomes a session, once; and a session ends.

A link is opened by a button and not by looking at its page: programs that look at every link of a mail would use it up.
"""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from serving.book.visits.links import link_holds
from serving.book.visits.sessions import begin_session, end_session
from serving.pages.cookies import set_cookie
from serving.pages.visit import View, Visit
from serving.pages.visitors import SESSION_COOKIE

DAY_SECONDS = 86_400


def door(visit: Visit) -> Response:
    """Show the button that uses a link."""
    holds = link_holds(visit.server.need_book(), visit.part("link"))
    return visit.page("enter.html.jinja", {"holds": holds, "link": visit.part("link")}, 200 if holds else 410)


def enter(visit: Visit) -> Response:
    """Use a link and begin a session: with a new secret, whatever the browser had before."""
    book, days = visit.server.need_book(), visit.server.need_settings().pages.session_days
    secret = begin_session(book, visit.part("link"), days, visit.request.cookies.get(SESSION_COOKIE))
    if secret is None:
        return visit.page("enter.html.jinja", {"holds": False, "link": ""}, 410)
    answer = visit.to("")
    set_cookie(answer, visit, SESSION_COOKIE, secret, days * DAY_SECONDS)
    return answer


def leave(visit: Visit) -> Response:
    """End the session."""
    if visit.who.way == "link":
        end_session(visit.server.need_book(), visit.who.secret)
    answer = visit.page("left.html.jinja", {"visitor": None})
    set_cookie(answer, visit, SESSION_COOKIE, "", 0)
    return answer


def to_the_list(visit: Visit) -> Response:
    """Lead from the address without its last slash to the list."""
    return RedirectResponse(visit.root, 307)


VIEWS = (
    View("GET", "enter/{link}", door, is_public=True),
    View("POST", "enter/{link}", enter, is_public=True),
    View("POST", "leave", leave),
)
