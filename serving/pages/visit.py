"""One admitted request for a page: who asks, what was sent along, and what every template is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from features.language.languages import ENGLISH, LANGUAGES, Language
from features.language.messages import Message
from serving.api.state import ServerState
from serving.pages.forms import SentFile
from serving.pages.inbox import InboxCache
from serving.pages.reach import Reach
from serving.pages.refusals import refusal
from serving.pages.rendering import page
from serving.pages.reports.figures import Reports
from serving.pages.visitors import Visitor

MOST_NOTE = 2_000  # characters


@dataclass(frozen=True)
class Parts:
    """What the pages of one server keep: the list in force, how its customers are reached, and what reports show."""

    inbox: InboxCache = field(default_factory=InboxCache)
    reach: Reach = field(default_factory=Reach)
    reports: Reports = field(default_factory=Reports)


@dataclass(frozen=True)
class Visit:
    """One admitted request.

    Args:
        server: settings, book and model.
        parts: what is kept beside them.
        visitor: who asks; None on pages that are for everybody.
        request: with its path and its query.
        form: the fields that were sent; empty for a page that is only looked at.
        language: in which the page is written.
        file: that the form carries; None = none was chosen, or the form takes none.
    """

    server: ServerState
    parts: Parts
    visitor: Visitor | None
    request: Request
    form: Mapping[str, str] = field(default_factory=dict)
    language: Language = ENGLISH
    file: SentFile | None = None

    @property
    def who(self) -> Visitor:
        """The visitor of a page that is not for everybody."""
        assert self.visitor is not None
        return self.visitor

    @property
    def root(self) -> str:
        """The path of the pages, as a browser asks for it."""
        settings = self.server.settings
        return f"{'' if settings is None else settings.pages.base_path}/pages/"

    def asked(self, name: str, otherwise: str = "") -> str:
        """Return a value of the query."""
        return self.request.query_params.get(name, otherwise)

    def sent(self, name: str) -> str:
        """Return a field of the form without the spaces around it."""
        return self.form.get(name, "").strip()

    def note(self) -> str | None:
        """Return the note of the form; None where there is none.

        Raises:
            Refusal: 422, it is too long.
        """
        text = self.sent("note")
        if len(text) > MOST_NOTE:
            raise refusal(422, "note", Message("A note has at most {count} characters.", {"count": MOST_NOTE}))
        return text or None

    def part(self, name: str) -> str:
        """Return the value of a `{part}` of the path."""
        return str(self.request.path_params[name])

    def page(self, template: str, context: Mapping[str, Any], status: int = 200) -> Response:
        """Return a page with what every template is given."""
        return page(template, self.language, {**self.common(), **context}, status)

    def common(self) -> dict[str, Any]:
        """Return what every template is given."""
        visitor = self.visitor
        return {
            "root": self.root,
            "visitor": visitor,
            "form_token": None if visitor is None else visitor.form_token,
            "section": "",
            "languages": LANGUAGES,
            "here": self.request.url.path.partition("/pages/")[2],
        }

    def to(self, path: str, **query: str) -> RedirectResponse:
        """Return the way to another of our pages, after a form was sent.

        Args:
            path: below the pages; ours, never one that was sent.
            query: of the address.
        """
        given = {name: value for name, value in query.items() if value}
        return RedirectResponse(f"{self.root}{path}{'?' if given else ''}{urlencode(given)}", 303)


@dataclass(frozen=True)
class View:
    """What one method of one path of the pages does.

    Args:
        method: of HTTP.
        path: below the pages, with `{parts}`.
        run: answers; it runs in a thread.
        is_public: whether it is for everybody, also without a session.
        whole: whether it concerns everybody's accounts, and is refused to who sees one owner's.
        takes_file: whether its form carries a file.
    """

    method: Literal["GET", "POST"]
    path: str
    run: Callable[[Visit], Response]
    is_public: bool = False
    whole: bool = False
    takes_file: bool = False
