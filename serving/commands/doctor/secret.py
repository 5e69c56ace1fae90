"""Whether the book's secret is here."""

from __future__ import annotations

from collections.abc import Iterator

from features.errors import InputError
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
        yield Finding(NAME, "problem", error.message, "correct it, or put its copy back")
        return
    if lost:
        words = f"{book.keeper.where} does not hold the secret of this book: no webhook can be signed"
        yield Finding(NAME, "problem", words, f"put it back; {LOST}")
    elif there:
        yield Finding(NAME, "ok", f"{book.keeper.where} opens what is sealed in the book; keep a copy elsewhere")
    else:
        yield Finding(NAME, "ok", "nothing is sealed yet")
