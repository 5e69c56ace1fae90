"""The language of the pages: the visitor's own choice, then the browser's, then the shop's."""

from __future__ import annotations

import re

from starlette.requests import Request
from starlette.responses import Response

from features.language.languages import ENGLISH, Language, language_accepted, language_named
from serving.config import Settings
from serving.pages.cookies import set_cookie
from serving.pages.visit import View, Visit

LANGUAGE_COOKIE = "regulars_language"
YEAR_SECONDS = 365 * 86_400
_BELOW_THE_PAGES = re.compile(r"[A-Za-z0-9_.~%/-]*")


def language_of(request: Request, settings: Settings | None) -> Language:
    """Return the language that a browser is answered in, with amounts as the shop's people say them."""
    shops = ENGLISH if settings is None else settings.language
    try:
        found = language_named(request.cookies.get(LANGUAGE_COOKIE, ""))
    except ValueError:
        found = language_accepted(request.headers.get("accept-language"), shops)
    return found if settings is None else settings.language_named(found.code)


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
