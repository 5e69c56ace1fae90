"""The stage that tidies: what the book keeps for longer than the shop's `[retention]` says is deleted.

Only where the shop has that section: nothing is deleted every week that nobody has set a period for. What was to go is
kept before it goes, so that a run that was killed right after says what it deleted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from features.language.messages import Message, Sentence, sentence
from features.language.typed_values import Name
from serving.backup.moment import read
from serving.book.connection import engine_of
from serving.book.migrate import HEAD, version_of
from serving.book.privacy.erasure import overwrite_freed
from serving.book.privacy.retention import rows_over
from serving.book.recognition.known_book import KnownBook, never_had
from serving.commands.privacy.tidy import delete_old, would_go
from serving.commands.weekly.said import Said
from serving.config import Settings
from serving.shop import OpenShop, today


def tidied(shop: OpenShop) -> Said:
    """Delete what is too old, and say what it was.

    Args:
        shop: the open shop.
    """
    return _said(delete_old(shop))


def settled_tidying(shop: OpenShop, before: Mapping[str, int]) -> Said | None:
    """Return what a killed tidying had deleted; None = it is to be done again.

    Args:
        shop: the open shop.
        before: table → how many rows were to go when it began.
    """
    if not before or would_go(shop):
        return None
    overwrite_freed(shop.book)
    return _said(before)


def planned_tidying(settings: Settings) -> str:
    """Say what a run would delete; the book is neither migrated nor written.

    Args:
        settings: of the shop.

    Raises:
        WrongBook: the book is gone, empty or another one.
    """
    rows = _older(settings)
    if rows is None:
        return sentence("migrate the book, then delete what is older than [retention] says")
    if not rows:
        return sentence("delete nothing: nothing is older than [retention] says")
    count = sum(rows.values())
    return Sentence.of(
        Message(
            "delete {count} row that is older than [retention] says: {tables}",
            {"count": count, "tables": Name(", ".join(rows))},
            plural="delete {count} rows that are older than [retention] says: {tables}",
            count=count,
        )
    )


def _older(settings: Settings) -> dict[str, int] | None:
    """Return table → how many rows are too old; None where the book is of another version."""
    assert settings.retention is not None
    if never_had(settings.book_place, settings.state_folder):
        return {}
    engine = engine_of(settings.book_place)
    try:
        with read(engine, KnownBook(settings.state_folder).read()) as connection:
            if version_of(connection) != HEAD:
                return None
            return rows_over(connection, settings.retention.periods(), today(settings))
    finally:
        engine.dispose()


def _said(rows: Mapping[str, int]) -> Said:
    lines = list(_deleted(rows)) or [sentence("nothing is older than [retention] says")]
    return Said(lines, {"rows": dict(rows)})


def _deleted(rows: Mapping[str, int]) -> Iterator[str]:
    for table, count in rows.items():
        yield Sentence.of(
            Message(
                "{count} row of {table} deleted, older than [retention] says",
                {"count": count, "table": Name(table)},
                plural="{count} rows of {table} deleted, older than [retention] says",
                count=count,
            )
        )
