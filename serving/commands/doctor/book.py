"""Whether the book is the shop's, of this version, and whole."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy.engine import Connection

from features.errors import MachineFault, WrongBook
from features.language.messages import message_in, sentence
from serving.backup.moment import read
from serving.book.connection import OUT_OF_DAMAGE, engine_of, shown_name
from serving.book.migrate import HEAD, version_of
from serving.book.recognition.damage import damage_in
from serving.book.recognition.identity import counts, identity_of, in_words
from serving.book.recognition.known_book import Known, KnownBook
from serving.commands.doctor.finding import Examined, Finding

NAME = "book"


def check_book(examined: Examined) -> Iterator[Finding]:
    """Reach the book, recognise it, compare its schema, and look at every page and row."""
    settings = examined.settings
    if settings is None:
        return
    if not examined.has_book:
        yield Finding(NAME, "ok", sentence("there is none yet: the first command that records something makes one"))
        return
    engine = engine_of(settings.book_place)
    try:
        known = KnownBook(settings.state_folder).read()
        with read(engine, known) as connection:
            version = version_of(connection) or ""
            facts = list(_facts(connection, known, version, shown_name(engine)))
        yield from facts
        yield from (Finding(NAME, "problem", words, OUT_OF_DAMAGE) for words in _damage(examined, version))
    except WrongBook as error:
        yield Finding(NAME, "problem", f"{error.place} {error.problem}", error.remedy)
    except MachineFault as error:
        yield Finding(NAME, "problem", f"{error.fault} at {error.place}: {error.detail}".rstrip(": "), error.remedy)
    finally:
        engine.dispose()


def _facts(connection: Connection, known: Known | None, version: str, place: str) -> Iterator[Finding]:
    if version > HEAD:
        words = sentence(
            "{book} is of version {version}, and this Regulars knows versions up to {number}",
            book=place,
            version=version,
            number=HEAD,
        )
        yield Finding(NAME, "problem", words, sentence("install the Regulars that wrote it"))
    elif version < HEAD:
        words = sentence(
            "{book} is of version {version}; the next command migrates it to {number}",
            book=place,
            version=version,
            number=HEAD,
        )
        yield Finding(NAME, "warning", words, sentence("make a backup first: regulars backup"))
    else:
        found, held = identity_of(connection), in_words(counts(connection)) or sentence("nothing yet")
        if found is not None and known is not None and found.writes < known.writes:
            missing = message_in(known.missing(counts(connection)) or sentence("changes of rows"))
            words = sentence(
                "{book} is an older copy than the shop knew; missing: {missing}", book=place, missing=missing
            )
            yield Finding(
                NAME, "problem", words, sentence("put a newer copy back, or go on: the next command says this once")
            )
        else:
            yield Finding(
                NAME,
                "ok",
                sentence(
                    "{book}, version {version}, holds {counts}", book=place, version=version, counts=message_in(held)
                ),
            )


def _damage(examined: Examined, version: str) -> tuple[str, ...]:
    """Return what is damaged in a book of this version; another one is looked at once it is migrated."""
    book = examined.book if version == HEAD else None
    return () if book is None else damage_in(book.engine)
