"""The posted orders and events of the book, as clean lines and events that `read_log` adds to those of the files."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import chain
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping

from features.log import Events, Lines, Texts
from features.roll_up import roll_up
from features.sources.cleaning import MOST_KINDS
from features.sources.mapping import LineRules, Shop
from features.sources.posted import posted_events, posted_lines, zoned
from serving.book.book import Book
from serving.book.privacy.own_ids import as_given
from serving.book.schema import POSTED_EVENTS, POSTED_ORDERS

Document = Mapping[str, Any]
ROWS_AT_ONCE = 20_000


@dataclass(frozen=True)
class Reader:
    """How a shop reads posted rows: its settings, its rules of lines, and the latest allowed day.

    A posted amount is always the line's amount, whatever the amounts in the shop's file are.
    """

    shop: Shop
    rules: LineRules
    latest: date | None = None


@dataclass(frozen=True)
class PostedLog:
    """A book's posted orders and events, for `features.sources.reader.read_log`.

    Args:
        book: the database of record.
        reader: the shop's rules; days were checked against `latest` when the rows came, and are not checked again.
        until: nothing on or after this business day is read.
        came_before: what was recorded at this moment or later is not read; it carries a zone.
    """

    book: Book
    reader: Reader
    until: date | None = None
    came_before: datetime | None = None

    @classmethod
    def of(
        cls, book: Book, reader: Reader, until: date | None, came_before: datetime | None = None
    ) -> PostedLog | None:
        """Return what was posted to a book; None where nothing was."""
        return cls(book, reader, until, came_before) if posted_version(book)[0] else None

    def lines(self, known: Texts) -> Lines | None:
        """Return the clean lines of the orders whose ids are not among `known`; None where there are none."""
        parts: list[Lines] = []
        for batch in self._unknown_rows(POSTED_ORDERS, known):
            parts.extend(_lines_of(batch, self.reader, self.until))
        return Lines.joined(parts) if parts else None

    def events(self, known: Texts) -> Events | None:
        """Return the clean events whose ids are not among `known`; None where there are none."""
        parts: list[Events] = []
        for batch in self._unknown_rows(POSTED_EVENTS, known, POSTED_EVENTS.c.recorded_at):
            documents = [{**json.loads(row["event"]), "customer_id": row["customer_id"]} for row in batch]
            for some in chain.from_iterable(_by_kinds(each) for each in _by_zone(documents, None, "happened_at")):
                parts.append(posted_events(some, self.reader.shop, until=self.until, source="posted events"))
        return Events.joined(parts) if parts else None

    def _unknown_rows(self, table: sa.Table, known: Texts, *by: sa.ColumnElement[Any]) -> Iterator[list[RowMapping]]:
        moment = self.came_before
        early = sa.true() if moment is None else table.c.recorded_at < moment.astimezone(UTC).replace(tzinfo=None)
        return _unknown_rows(self.book, table, known, early, *by)


def order_days(rows: Sequence[RowMapping], reader: Reader) -> dict[str, int]:
    """Return customer → the day number of the last order, of rows of posted orders.

    Args:
        rows: with order_id, customer_id and lines.
        reader: how the shop reads them.
    """
    parts = list(_lines_of(rows, reader, None))
    if not parts:
        return {}
    log = roll_up(Lines.joined(parts))
    orders = log.streams["orders"]
    ends = zip(log.customer_ids, orders.starts[:-1], orders.starts[1:], strict=True)
    return {str(who): int(orders.day[end - 1]) for who, begin, end in ends if end > begin}


def _lines_of(rows: Sequence[RowMapping], reader: Reader, until: date | None) -> Iterator[Lines]:
    """Yield the clean lines of stored orders, those whose times have a zone apart from the others."""
    lines = [(row, line) for row in rows for line in json.loads(row["lines"])]
    documents = [{**line, "order_id": row["order_id"], "customer_id": row["customer_id"]} for row, line in lines]
    for some in _by_zone(documents, "order_id", "ordered_at"):
        yield _clean(some, reader, until)


def _clean(lines: Sequence[Document], reader: Reader, until: date | None) -> Lines:
    def path(row: int, column: str) -> str:
        return f"{column} of order {lines[row]['order_id']}"

    return posted_lines(lines, reader.shop, rules=reader.rules, until=until, path=path, source="posted orders")


def _unknown_rows(
    book: Book, table: sa.Table, known: Texts, early: sa.ColumnElement[bool], *by: sa.ColumnElement[Any]
) -> Iterator[list[RowMapping]]:
    """Yield batches of the stored rows whose ids are not known, sorted by the given columns and the id."""
    key = next(iter(table.primary_key))
    with book.reading() as connection:
        # The stored ids are few beside those of a large file, which are read through once.
        ids = set(connection.scalars(sa.select(key)))
        given = {each: as_given(each) for each in ids}
        here = set(given.values()).intersection(known)
        known_here = {each for each in ids if given[each] in here}
        if len(known_here) == len(ids):
            return
        query = sa.select(table).where(early).order_by(*by, key).execution_options(yield_per=ROWS_AT_ONCE)
        for batch in connection.execute(query).mappings().partitions():
            if left := [row for row in batch if row[key.name] not in known_here]:
                yield left


def _by_zone(documents: Sequence[Document], of: str | None, moment: str) -> Iterator[list[Document]]:
    """Yield documents whose times have a zone apart from those without, since one reading takes one kind.

    The lines of one order stay together.
    """
    parts: dict[bool, list[Document]] = {}
    zoned_of: dict[str, bool] = {}
    for document in documents:
        has_zone = zoned(document.get(moment))
        if of is not None:
            has_zone = zoned_of.setdefault(document[of], has_zone)
        parts.setdefault(has_zone, []).append(document)
    yield from parts.values()


def _by_kinds(events: Sequence[Document]) -> Iterator[list[Document]]:
    """Yield events of at most MOST_KINDS kinds at once, as many as one reading takes."""
    part_of = {kind: n // MOST_KINDS for n, kind in enumerate(dict.fromkeys(str(event["kind"]) for event in events))}
    parts: dict[int, list[Document]] = {}
    for event in events:
        parts.setdefault(part_of[str(event["kind"])], []).append(event)
    yield from parts.values()


def posted_version(book: Book) -> tuple[int, datetime | None]:
    """Return how many orders and events are stored and when the last one came: any change changes the result."""
    tables = (POSTED_ORDERS, POSTED_EVENTS)
    with book.reading() as connection:
        counts = [connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0 for table in tables]
        times = [connection.scalar(sa.select(sa.func.max(table.c.recorded_at))) for table in tables]
    return sum(counts), max((time for time in times if time is not None), default=None)
