"""Cookies that no script reads and no other site sends."""

from __future__ import annotations

from starlette.responses import Response

from serving.config import PagesSettings
from serving.pages.visit import Visit
from serving.pages.visitors import is_secure


def set_cookie(answer: Response, visit: Visit, name: str, value: str, max_age_seconds: int | None = None) -> None:
    """Set a cookie that no script reads and no other site sends.

    Args:
        answer: to which it is added.
        visit: of whose address it is.
        name: of the cookie.
        value: of it.
        max_age_seconds: how long the browser keeps it; None = until it is closed.
    """
    settings = _settings(visit)
    answer.set_cookie(
        name,
        value,
        max_age=max_age_seconds,
        path=settings.base_path or "/",
        secure=is_secure(settings, visit.request),
        httponly=True,
        samesite="lax",
    )


def _settings(visit: Visit) -> PagesSettings:
    return visit.server.need_settings().pages
