"""Who opens a page: by the session that a personal link began, by a proxy's header, or on this machine alone.

A header is believed only of the configured proxies. Without a key the pages open only where the server listens on this
machine alone and no proxy is configured or shows itself: behind a local proxy everybody seems to be on this machine.
"""

from __future__ import annotations

import hmac
import os
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Literal
from urllib.parse import urlsplit

from starlette.requests import Request

from serving.api.state import ServerState
from serving.book.sql_rows import digest
from serving.book.visits.links import token
from serving.book.visits.sessions import go_on, session_of
from serving.config import PagesSettings
from serving.pages.refusals import foreign
from serving.worker_environment import HOST_VARIABLE

SESSION_COOKIE = "regulars_session"
FORM_COOKIE = "regulars_form"
SIGNS_OF_A_PROXY = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "via")
LOCAL = "localhost"
Way = Literal["link", "proxy", "machine"]


@dataclass(frozen=True)
class Visitor:
    """Somebody who may open pages.

    Args:
        name: recorded with what they do.
        owner: whose accounts alone they see; None = everybody's, and the owner's desk.
        way: how they came in.
        secret: of the cookie that the tokens of their forms follow from.
        is_new: whether the browser does not have that cookie yet.
    """

    name: str
    owner: str | None
    way: Way
    secret: str
    is_new: bool = False

    @property
    def form_token(self) -> str:
        """What a form of this visitor carries: a page of somebody else cannot know it."""
        return digest("form", self.secret)

    def refuse_foreign(self, request: Request, token: str, origin: str | None) -> None:
        """Refuse a form that does not come from a page of ours.

        Args:
            request: with its headers.
            token: that the form carries.
            origin: of our pages, where a proxy stands before them; None = what the browser asks for.

        Raises:
            Refusal: 403.
        """
        if not (comes_from_us(request, origin) and hmac.compare_digest(token.encode(), self.form_token.encode())):
            raise foreign()


def comes_from_us(request: Request, origin: str | None) -> bool:
    """Return whether a browser says that a form is of our own pages; an old browser that says nothing is believed.

    Args:
        request: with its headers.
        origin: of our pages, where a proxy stands before them; None = what the browser asks for.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    given = request.headers.get("origin")
    if given is None:
        return True
    return given.lower() == origin if origin is not None else urlsplit(given).netloc == request.headers.get("host")


def visitor_of(server: ServerState, request: Request) -> Visitor | None:
    """Return who asks; None where nobody may look.

    Raises:
        Refusal: 503, settings or book cannot be read yet.
    """
    settings = server.need_settings().pages
    return _by_proxy(settings, request) or _by_session(server, settings, request) or _on_this_machine(settings, request)


def are_open(server: ServerState) -> bool:
    """Return whether a proxy or this machine opens the pages, beside personal links."""
    settings = server.need_settings().pages
    return settings.user_header is not None or _listens_here(settings)


def is_secure(settings: PagesSettings, request: Request) -> bool:
    """Return whether cookies travel by TLS alone."""
    return settings.is_https or request.url.scheme == "https"


def _by_proxy(settings: PagesSettings, request: Request) -> Visitor | None:
    if settings.user_header is None or _peer(request) not in settings.proxies:
        return None
    given = request.headers.getlist(settings.user_header)
    user = given[0].strip() if len(given) == 1 else ""  # twice: somebody slipped one past the proxy
    if not user:
        return None
    owner = None if user in settings.admins else settings.owners.get(user, user)
    return Visitor(user, owner, "proxy", *_form_secret(request))


def _by_session(server: ServerState, settings: PagesSettings, request: Request) -> Visitor | None:
    secret = request.cookies.get(SESSION_COOKIE)
    if not secret:
        return None
    book = server.need_book()
    session = session_of(book, secret)
    if session is None:
        return None
    go_on(book, secret, session, settings.session_days)
    return Visitor(session.name, session.owner, "link", secret)


def _on_this_machine(settings: PagesSettings, request: Request) -> Visitor | None:
    asked = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    seen_proxy = any(name in request.headers for name in SIGNS_OF_A_PROXY)
    if not _listens_here(settings) or seen_proxy or not (_is_loopback(_peer(request)) and _is_loopback(asked)):
        return None
    return Visitor(LOCAL, None, "machine", *_form_secret(request))


def _listens_here(settings: PagesSettings) -> bool:
    return not settings.behind_proxy and _is_loopback(os.environ.get(HOST_VARIABLE, ""))


def _is_loopback(host: str) -> bool:
    """Return whether a host is this machine; a name that another could point here is not.

    >>> _is_loopback("127.0.0.1"), _is_loopback("localhost"), _is_loopback("0.0.0.0"), _is_loopback("shop.example")
    (True, True, False, False)
    """
    try:
        return host == LOCAL or ip_address(host).is_loopback
    except ValueError:
        return False


def _peer(request: Request) -> str:
    return "" if request.client is None else request.client.host


def _form_secret(request: Request) -> tuple[str, bool]:
    known = request.cookies.get(FORM_COOKIE)
    return (known, False) if known else (token(), True)
