"""Whether the book's secret is here."""

from __future__ import annotations

from collections.abc import Iterator

from features.errors import InputError
from features.language.messages import sentence
from serving.book.privacy.sealing import LOST, is_lost
from serving.commands.doctor.finding import Examined, Finding

NAME = "secret"


def check_secret(examined: Examined) -> Iterator[Finding]:
    """See that the secret that lies outside the book is the one that sealed what is in it."""
    book = examined.book
    if book is None:
        return
    try:
        with book.reading() as connection:
            lost, there = is_lost(connection, book.keeper), book.keeper.read()
    except InputError as error:
        yield Finding(NAME, "problem", error.message, sentence("correct it, or put its copy back"))
        return
    if lost:
        words = sentence(
            "{storage} does not hold the secret of this book: no webhook can be signed", storage=str(book.keeper.where)
        )
        yield Finding(NAME, "problem", words, sentence("put it back; {remedy}", remedy=LOST))
    elif there:
        yield Finding(
            NAME,
            "ok",
            sentence(
                "{storage} opens what is sealed in the book; keep a copy elsewhere", storage=str(book.keeper.where)
            ),
        )
    else:
        yield Finding(NAME, "ok", sentence("nothing is sealed yet"))
