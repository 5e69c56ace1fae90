"""What the book keeps of posted orders and events, read as `read_log` reads it beside the files."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping

from features.log import Events, Lines, Texts
from features.sources.cleaning import MOST_KINDS
from features.sources.mapping import LineRules, Shop
from features.sources.posted import posted_events, posted_lines, zoned
from serving.book.book import Book
from serving.book.schema import POSTED_EVENTS, POSTED_ORDERS

Document = Mapping[str, Any]
ROWS_AT_ONCE = 20_000


@dataclass(frozen=True)
class Reader:
    """How a shop reads what is posted: its facts, its words for statuses, and the last day that has begun.

    A posted amount is always its line's, whatever the amounts of the shop's file are.
    """

    shop: Shop
    rules: LineRules
    latest: date | None = None


@dataclass(frozen=True)
class PostedLog:
    """What a book keeps of posted orders and events, as `features.sources.reader.read_log` reads it beside the files.

    Args:
        book: the database of record.
        reader: the shop's rules; nothing is too late here, that was judged when it came.
        until: nothing on or after this business day is read.
    """

    book: Book
    reader: Reader
    until: date | None = None

    def lines(self, known: Texts) -> Lines | None:
        """Return the clean lines of the orders whose ids are not among `known`; None where there are none."""
        parts: list[Lines] = []
        for piece in _left(self.book, POSTED_ORDERS, known):
            told = [(row, line) for row in piece for line in json.loads(row["lines"])]
            documents = [{**line, "order_id": row["order_id"], "customer_id": row["customer_id"]} for row, line in told]
            for some in _alike(documents, "order_id", "ordered_at"):
                parts.append(self._lines(some))
        return Lines.joined(parts) if parts else None

    def events(self, known: Texts) -> Events | None:
        """Return the clean events whose ids are not among `known`; None where there are none."""
        parts: list[Events] = []
        for piece in _left(self.book, POSTED_EVENTS, known, POSTED_EVENTS.c.recorded_at):
            documents = [{**json.loads(row["event"]), "customer_id": row["customer_id"]} for row in piece]
            for some in chain.from_iterable(_few_kinds(each) for each in _alike(documents, None, "happened_at")):
                parts.append(self._events(some))
        return Events.joined(parts) if parts else None

    def _lines(self, lines: Sequence[Document]) -> Lines:
        def path(row: int, column: str) -> str:
            return f"{column} of order {lines[row]['order_id']}"

        rules = self.reader.rules
        return posted_lines(lines, self.reader.shop, rules=rules, until=self.until, path=path, place="posted orders")

    def _events(self, events: Sequence[Document]) -> Events:
        return posted_events(events, self.reader.shop, until=self.until, place="posted events")


def _left(book: Book, table: sa.Table, known: Texts, *by: sa.ColumnElement[Any]) -> Iterator[list[RowMapping]]:
    """Give the kept rows whose ids are not known, sorted by columns and id, some thousands at once."""
    key = next(iter(table.primary_key))
    with book.reading() as connection:
        # The ids that are kept are few beside those of a large file, which are walked through once.
        ids = set(connection.scalars(sa.select(key)))
        known_here = ids.intersection(known)
        if len(known_here) == len(ids):
            return
        query = sa.select(table).order_by(*by, key).execution_options(yield_per=ROWS_AT_ONCE)
        for piece in connection.execute(query).mappings().partitions():
            if left := [row for row in piece if row[key.name] not in known_here]:
                yield left


def _alike(documents: Sequence[Document], of: str | None, moment: str) -> Iterator[list[Document]]:
    """Give documents whose moments have a zone apart from those without: each request was checked for having one way.

    The lines of one order stay together.
    """
    parts: dict[bool, list[Document]] = {}
    ways: dict[str, bool] = {}
    for document in documents:
        way = zoned(document.get(moment))
        if of is not None:
            way = ways.setdefault(document[of], way)
        parts.setdefault(way, []).append(document)
    yield from parts.values()


def _few_kinds(events: Sequence[Document]) -> Iterator[list[Document]]:
    """Give events of at most MOST_KINDS kinds at once, as many as one reading takes."""
    place = {kind: n // MOST_KINDS for n, kind in enumerate(dict.fromkeys(str(event["kind"]) for event in events))}
    parts: dict[int, list[Document]] = {}
    for event in events:
        parts.setdefault(place[str(event["kind"])], []).append(event)
    yield from parts.values()
