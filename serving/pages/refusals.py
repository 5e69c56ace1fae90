"""Refusals that a page says in the visitor's language."""

from __future__ import annotations

from features.language.messages import Message, Sentence
from serving.api.problems import Refusal


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
    return refusal(404, "no-page", Message("There is no such page, or it is not one of yours."))


def foreign() -> Refusal:
    """Return the refusal of a form that is not of a page of ours."""
    words = Message("This form is out of date, or of another page. Go back, reload the page and try again.")
    return refusal(403, "form", words)
