"""Refusals that a page says in the visitor's language."""

from __future__ import annotations

from collections.abc import Mapping

from features.language.languages import ENGLISH, Language
from features.language.messages import Message, Sentence
from serving.api.problems import Refusal

NO_PAGE = Message("There is no such page, or it is not one of yours.")
# What a page says in another language of a refusal that was written for programs, in English.
_IN_GENERAL: Mapping[int, Message] = {
    404: NO_PAGE,
    405: NO_PAGE,
    429: Message("Too many requests in a short time. Wait a moment and try again."),
    500: Message("Something unexpected went wrong. It is in the server's log."),
    503: Message("This is not available at the moment. The page tries again by itself."),
}


def refusal(status: int, code: str, message: Message) -> Refusal:
    """Return a refusal whose words are a message.

    Args:
        status: of the answer.
        code: a stable word.
        message: what the page says.
    """
    closing = {"Connection": "close"} if status in (408, 413) else {}  # the rest of the body is not read
    return Refusal(status, code, Sentence.of(message), headers=closing)


def no_page() -> Refusal:
    """Return the refusal for what is not there, or is not this visitor's: the two look the same."""
    return refusal(404, "no-page", NO_PAGE)


def foreign() -> Refusal:
    """Return the refusal of a form that is not of a page of ours."""
    words = Message("This form is out of date, or of another page. Go back, reload the page and try again.")
    return refusal(403, "form", words)


def told(found: Refusal, language: Language) -> Message | str:
    """Return what a page says of a refusal: its own words where they are the reader's, else what its status means.

    >>> from features.language.languages import GREEK
    >>> busy = Refusal(429, "too-many", "this key asks too often")
    >>> told(busy, ENGLISH), told(busy, GREEK).text
    ('this key asks too often', 'Too many requests in a short time. Wait a moment and try again.')
    """
    if language.code == ENGLISH.code or isinstance(found.detail, Sentence):
        return found.detail
    return _IN_GENERAL.get(found.status, found.detail)
