"""What Regulars cannot reach, or must not change, when a person is forgotten: each place, how much, and what to do."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from features.errors import InputError
from features.language.counted import counted
from features.language.messages import Message, Sentence, message_in, sentence
from features.sources.kept.index import FOLDER
from features.sources.opening.paths import files_of
from features.sources.people.rows_of_customers import mapping_name, rows_of_customers
from serving.book import Book
from serving.book.connection import file_of
from serving.book.privacy.erasure import overwrite_freed
from serving.book.privacy.file_modes import BESIDE
from serving.book.schema import ENTRIES, MAILED, OUTBOX
from serving.commands.privacy.mentions import mentions
from serving.commands.privacy.persons import Person
from serving.config import Settings

DELETE_THERE = sentence('delete them there; until then they are counted as "forgotten customers" and used for nothing')
YOURS = str(DELETE_THERE)
WRITTEN = sentence("write it anew with the command that wrote it, or delete it")
BACKUPS = sentence(
    "backups of the book and of this folder: their next restore brings back what they hold; forget again then"
)
FREED = sentence(
    "the book's freed pages could not be written anew, it is being read or the disk is full: run this again"
)
POSTGRESQL = sentence(
    "PostgreSQL overwrites what it deleted in its own time: VACUUM FULL does so at once; its backups are yours"
)


@dataclass(frozen=True)
class Left:
    """What Regulars cannot or must not change.

    Args:
        place: where it is, a file or a word.
        rows: how many rows or lines; None where that is not known.
        remedy: what to do about it.
    """

    place: str
    rows: int | None
    remedy: Sentence

    @property
    def where(self) -> str:
        """Where it is, in English."""
        return str(self.place)

    @property
    def advice(self) -> str:
        """What to do about it, in English."""
        return str(self.remedy)

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {"where": self.where, "rows": self.rows, "advice": self.advice}

    def words(self) -> Sentence:
        """Say it in one line."""
        place, remedy = message_in(self.place), self.remedy.message
        if self.rows is None:
            return sentence("{it}: {remedy}", it=place, remedy=remedy)
        return counted(LINES, self.rows, it=place, remedy=remedy)


LINES = Message("{it}: {count} line; {remedy}", plural="{it}: {count} lines; {remedy}")


def rows_in_files(
    settings: Settings, merges: Mapping[str, str], customer_ids: Collection[str]
) -> tuple[dict[str, Mapping[str, int]], list[Left]]:
    """Return file → customer → rows, of the shop's own files, and what is said of those that cannot be read."""
    found: dict[str, Mapping[str, int]] = {}
    unread: list[Left] = []
    mappings = [settings.orders, *(each for each in (settings.events, settings.customers) if each is not None)]
    for each in mappings:
        if each is settings.orders and settings.orders.paths == (settings.folder / FOLDER,):
            continue  # the copies are ours, and rewritten
        try:
            found |= rows_of_customers(each, merges if each is not settings.customers else {}, customer_ids)
        except InputError as error:
            unread.append(Left(mapping_name(each), None, _unread(error)))
    return found, unread


def _unread(error: InputError) -> Sentence:
    return sentence("it could not be read, look yourself: {error}", error=error.message)


def yours(settings: Settings, asked: Sequence[Person], in_files: Mapping[str, Mapping[str, int]]) -> list[Left]:
    """Return the shop's own files that hold persons, and what else of its folder names them.

    Args:
        settings: of the shop.
        asked: the persons.
        in_files: file → customer → rows, from `rows_in_files`.
    """
    own = [Left(name, sum(rows.values()), DELETE_THERE) for name, rows in in_files.items()]
    merged, merge = sum(len(each.former_ids) for each in asked), settings.orders.merge
    if merge is not None and merged:
        own.append(Left(merge.name, merged, sentence("delete them there, after those of the orders")))
    beside = mentions(settings.folder, asked, _own_files(settings))
    return [*own, *(Left(each.file, each.times, WRITTEN) for each in beside)]


def told_others(book: Book, customer_ids: Sequence[str]) -> list[Left]:
    """Return what other systems and people were told before: messages to webhooks, and mailed lists."""
    with book.reading() as connection:
        sent = sa.select(sa.func.count()).where(
            OUTBOX.c.customer_id.in_(customer_ids), OUTBOX.c.delivered_at.is_not(None)
        )
        lists = sa.select(ENTRIES.c.list_id).where(ENTRIES.c.customer_id.in_(customer_ids))
        mailed = sa.select(sa.func.count()).where(MAILED.c.list_id.in_(lists), MAILED.c.sent_at.is_not(None))
        counts = connection.scalar(sent) or 0, connection.scalar(mailed) or 0
    receivers = sentence("of messages that were delivered; ask the receivers to forget too")
    mailed_to = sentence("of lists that were mailed to their owners; have them deleted there")
    told = (Left(sentence("webhooks"), counts[0], receivers), Left(sentence("mails"), counts[1], mailed_to))
    return [each for each in told if each.rows]


def in_the_book(book: Book, *, overwrite: bool) -> list[Left]:
    """Return what is left of deleted rows: in backups, and in pages that could not be written anew.

    Args:
        book: the database of record.
        overwrite: write SQLite's pages anew.
    """
    notes = [Left(sentence("backups"), None, BACKUPS)]
    if book.engine.dialect.name == "postgresql":
        return [*notes, Left("PostgreSQL", None, POSTGRESQL)]
    return [*notes, Left(sentence("the book"), None, FREED)] if overwrite and not overwrite_freed(book) else notes


def _own_files(settings: Settings) -> list[Path]:
    """Return the files of the shop, whose rows are told by column, and those of the book, which holds nobody erased."""
    one = (settings.orders.lines, settings.orders.payments, settings.orders.persons, settings.orders.merge)
    paths = settings.orders.paths if settings.orders.database is None else ()
    orders = [*_each_file(paths), *(each for each in one if each is not None)]
    beside = [each.file for each in (settings.events, settings.customers) if each is not None]
    book = file_of(settings.book_place)
    of_book = [] if book is None else [book, *(book.with_name(book.name + ending) for ending in BESIDE)]
    return [*orders, *beside, *of_book]


def _each_file(paths: Sequence[Path]) -> list[Path]:
    try:
        return files_of(paths)
    except InputError:  # none of them is there
        return list(paths)
