"""Renders the templates: every text of a customer is escaped, and each name has its own direction."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse

from features.definitions.engagement import kind_in_words
from features.language.languages import Language
from features.language.templates import speaking
from serving.outreach.exports.safe_text import printable
from serving.outreach.plan.in_words import CHANNELS, KINDS, LEFT_OUT, OUTCOMES, OWNERS, code_text
from serving.pages.static_files import address_of


def page(template: str, language: Language, context: Mapping[str, Any], status: int = 200) -> HTMLResponse:
    """Return a page.

    Args:
        template: its file's name.
        language: in which it is written.
        context: what the template shows.
        status: of the answer.
    """
    return HTMLResponse(_environment(language).get_template(template).render(context), status)


@cache
def _environment(language: Language) -> Environment:
    loader = PackageLoader("serving.pages", "templates")
    found = Environment(
        loader=loader,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    codes = {"channels": CHANNELS, "kinds": KINDS, "left_out": LEFT_OUT, "outcome_words": OUTCOMES}
    found.globals.update(codes, static=address_of, kind_of_event=kind_in_words)
    found.filters["owner"] = lambda owner: code_text(OWNERS, owner, language)
    return speaking(found, language)


def _shown(value: Any) -> Any:
    """Return what is written of a value: texts as HTML can hold them, and nothing for None."""
    if value is None:
        return ""
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value
