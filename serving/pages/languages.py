"""The language of the pages: the visitor's own choice, then the browser's, then the shop's."""

from __future__ import annotations

import re

from starlette.requests import Request
from starlette.responses import Response

from serving.pages.cookies import set_cookie
from serving.pages.local_language import Language, language_accepted, language_named
from serving.pages.visit import View, Visit

LANGUAGE_COOKIE = "regulars_language"
YEAR_SECONDS = 365 * 86_400
_BELOW_THE_PAGES = re.compile(r"[A-Za-z0-9_.~%/-]*")


def language_of(request: Request) -> Language:
    """Return the language that a browser is answered in."""
    try:
        return language_named(request.cookies.get(LANGUAGE_COOKIE, ""))
    except ValueError:
        return language_accepted(request.headers.get("accept-language"))


def choose(visit: Visit) -> Response:
    """Keep the visitor's choice, and show the same page again."""
    back = visit.sent("back")
    answer = visit.to(back if _BELOW_THE_PAGES.fullmatch(back) else "")
    try:
        code = language_named(visit.sent("language")).code
    except ValueError:
        return answer
    set_cookie(answer, visit, LANGUAGE_COOKIE, code, YEAR_SECONDS)
    return answer


VIEWS = (View("POST", "language", choose),)
