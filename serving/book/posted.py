"""Orders and events that were posted over HTTP: checked like a file's cells, and stored as they came.

Each has an id: the same content again changes nothing, and other content replaces the stored one, since an order system
sends an order again when its state changes. Nothing is recorded if a single cell is wrong, and nothing ever of a
customer who was forgotten.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from features.errors import InputError, Violation
from features.sources import cells
from features.sources.cells import customer_id
from features.sources.mapping import Shop
from features.sources.posted import posted_events, posted_lines
from serving.book.book import Book
from serving.book.posted_log import Document, Reader
from serving.book.privacy.own_ids import OF, as_given, of_customer, told_apart
from serving.book.privacy.tombstones import forgotten_among
from serving.book.row_checks import Source, refuse
from serving.book.schema import POSTED_EVENTS, POSTED_ORDERS
from serving.book.sql_rows import insert_or_replace, rows_with, utc_now

REQUEST = Source("request")
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True)
class PostedOrder:
    """One order: its id, its customer and its lines, whose keys are the other fields of ORDERS."""

    order_id: str
    customer_id: str
    lines: Sequence[Document]


@dataclass(frozen=True)
class PostedEvent:
    """One event: its id, its customer, its kind and time, and a `value` if its kind has one."""

    event_id: str
    customer_id: str
    kind: str
    happened_at: Any
    value: Any = None


class Posted(msgspec.Struct, frozen=True):
    """How many rows were new, changed what the book held, were held already, or were of forgotten customers."""

    new: int
    changed: int
    known: int
    forgotten: int = 0


def record_orders(book: Book, orders: Sequence[PostedOrder], reader: Reader, *, by_owner: bool = False) -> Posted:
    """Record orders in one transaction; of several with one id the last stays, with the time it came.

    Args:
        book: the database of record.
        orders: in the order in which they came.
        reader: the shop's rules.
        by_owner: whether a key of one owner sent them, which is not to learn what ids other customers have: an id that
            another customer has is then one of this customer's own, and no error.

    Raises:
        InputError: every invalid cell by its path (`orders[3].lines[0].amount`), and every order id that belongs to
            another customer; nothing is recorded.
    """
    rows = [_Row(each.order_id, each.customer_id, list(each.lines)) for each in orders]
    return _recorded(book, _Table(POSTED_ORDERS, "order_id", "lines", "orders"), rows, _order_checks(reader), by_owner)


def record_events(book: Book, events: Sequence[PostedEvent], reader: Reader, *, by_owner: bool = False) -> Posted:
    """Record events in one transaction; arguments and errors are those of `record_orders` (`events[3].kind`)."""
    rows = [
        _Row(
            each.event_id, each.customer_id, [{name: getattr(each, name) for name in ("kind", "happened_at", "value")}]
        )
        for each in events
    ]
    return _recorded(book, _Table(POSTED_EVENTS, "event_id", "event", "events"), rows, _event_checks(reader), by_owner)


def posted_of(connection: Connection, customer: str) -> dict[str, list[dict[str, Any]]]:
    """Return a customer's posted_orders and posted_events as they came, oldest first."""
    found = {}
    for table, key, content in ((POSTED_ORDERS, "order_id", "lines"), (POSTED_EVENTS, "event_id", "event")):
        query = sa.select(table.c[key], table.c[content]).where(table.c.customer_id == customer)
        rows = connection.execute(query.order_by(table.c.recorded_at, table.c[key]))
        found[table.name] = [{key: as_given(row[0]), content: json.loads(row[1])} for row in rows]
    return found


@dataclass(frozen=True)
class _Row:
    """A posted order or event: its id, its customer, and its documents (lines, or the event)."""

    key: str
    customer: str
    documents: Sequence[Document]

    @property
    def clean_key(self) -> str:
        return cells.text(self.key)

    @property
    def clean_customer(self) -> str:
        return customer_id(cells.text(self.customer))


@dataclass(frozen=True)
class _Table:
    """The target of rows: the table, its id and content columns, and their name in a request."""

    table: sa.Table
    key: str
    content: str
    name: str

    def written(self, row: _Row) -> str:
        """Return the content as the JSON that is compared and stored."""
        plain = [{k: v for k, v in document.items() if v is not None} for document in row.documents]
        return json.dumps(plain if self.content == "lines" else plain[0], sort_keys=True, default=_text)


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


Check = Callable[[Sequence[tuple[int, _Row]]], Iterator[Violation]]


def _recorded(book: Book, target: _Table, rows: Sequence[_Row], check: Check, by_owner: bool) -> Posted:
    wrong = [*_incomplete_rows(rows, target), *check(list(enumerate(rows)))]
    pairs = [(row.clean_key, row.clean_customer) for row in rows if _storable(row.clean_key)]
    keys = [key for key, _ in pairs] + ([of_customer(*pair) for pair in pairs] if by_owner else [])
    with book.reading() if wrong else book.writing() as connection:  # a refused request blocks no writer
        found = rows_with(connection, sa.select(target.table), target.table.c[target.key], keys)
        before = {each[target.key]: (each["customer_id"], each[target.content]) for each in found}
        if by_owner and not wrong:
            ids = told_apart(pairs, {key: facts[0] for key, facts in before.items()})
            rows = [replace(row, key=each) for row, each in zip(rows, ids, strict=True)]
        refuse([*wrong, *_ids_of_others(rows, before, target)], REQUEST)
        gone = forgotten_among(connection, book.keeper, {row.clean_customer for row in rows})
        left = [row for row in rows if row.clean_customer not in gone]
        return msgspec.structs.replace(_written(connection, target, left, before), forgotten=len(rows) - len(left))


def _written(connection: Connection, target: _Table, rows: Sequence[_Row], before: Mapping[str, Any]) -> Posted:
    now, counts = dict(before), {"new": 0, "changed": 0, "known": 0}
    for row in rows:
        facts = (row.clean_customer, target.written(row))
        what = "new" if row.clean_key not in now else "known" if now[row.clean_key] == facts else "changed"
        counts[what] += 1
        now[row.clean_key] = facts
    if fresh := {key: facts for key, facts in now.items() if before.get(key) != facts}:
        stamp = _later_than_all(connection, target.table)
        columns = (target.key, "customer_id", target.content, "recorded_at")
        put = [dict(zip(columns, (key, *facts, stamp), strict=True)) for key, facts in fresh.items()]
        insert_or_replace(connection, target.table, put)
    return Posted(**counts)


def _later_than_all(connection: Connection, table: sa.Table) -> datetime:
    """Return now, or just after the latest time in the table if a clock was set back: `posted_version` relies on it."""
    last = connection.scalar(sa.select(sa.func.max(table.c.recorded_at)))
    return utc_now() if last is None else max(utc_now(), last + _TICK)


def _ids_of_others(rows: Sequence[_Row], before: Mapping[str, Any], target: _Table) -> Iterator[Violation]:
    """Yield each row whose id belongs to another customer, in the book or earlier among the rows."""
    whose = {key: facts[0] for key, facts in before.items()}
    for row_number, row in enumerate(rows):
        if whose.setdefault(row.clean_key, row.clean_customer) != row.clean_customer:
            rule, remedy = f"the {target.key} of this customer", "it is known for another one; correct either"
            yield Violation(REQUEST.file, None, f"{target.name}[{row_number}].{target.key}", rule,
                            cells.readable(row.clean_key), remedy)  # fmt: skip


def _incomplete_rows(rows: Sequence[_Row], target: _Table) -> Iterator[Violation]:
    """Yield each row without id, customer or content; such a line of a file is left out, a sender is told."""
    for row_number, row in enumerate(rows):
        where = f"{target.name}[{row_number}]"
        named = {target.key: (row.key, row.clean_key), "customer_id": (row.customer, row.clean_customer)}
        for name, (given, clean) in named.items():
            if not _storable(clean):
                rule = "an id" if given else "empty where an id is needed"
                remedy = "fill it in; what guests do is not read"
                yield Violation(REQUEST.file, None, f"{where}.{name}", rule, cells.readable(given), remedy)
        if not row.documents:
            yield Violation(REQUEST.file, None, f"{where}.lines", "empty where lines are needed", "",
                            "send every line of the order; for one that was cancelled, its status")  # fmt: skip


def _storable(text: str) -> bool:
    with suppress(UnicodeEncodeError):
        return bool(text.encode()) and "\0" not in text and OF not in text
    return False


def _order_checks(reader: Reader) -> Check:
    # Cells of cancelled orders are checked too: the shop's words for "cancelled" may change tomorrow.
    rules = replace(reader.rules, check_all=True)

    def check(rows: Sequence[tuple[int, _Row]]) -> Iterator[Violation]:
        for some in _without_repeats(rows):
            lines = [
                (f"orders[{row_number}]", n, row, line)
                for row_number, row in some
                for n, line in enumerate(row.documents)
            ]
            documents = [{**line, "order_id": row.clean_key, "customer_id": _named(row)} for _, _, row, line in lines]

            def path(row: int, column: str, lines: Sequence[Any] = lines) -> str:
                of_order = column in ("order_id", "customer_id")
                return f"{lines[row][0]}.{column}" if of_order else f"{lines[row][0]}.lines[{lines[row][1]}].{column}"

            yield from _broken(posted_lines, documents, reader.shop, rules=rules, latest=reader.latest, path=path)

    return check


def _event_checks(reader: Reader) -> Check:
    def check(rows: Sequence[tuple[int, _Row]]) -> Iterator[Violation]:
        for some in _without_repeats(rows):
            documents = [{**row.documents[0], "event_id": row.clean_key, "customer_id": _named(row)} for _, row in some]

            def path(row: int, column: str, some: Sequence[Any] = some) -> str:
                return f"events[{some[row][0]}].{column}"

            yield from _broken(posted_events, documents, reader.shop, latest=reader.latest, path=path)

    return check


def _named(row: _Row) -> str:
    # Lines without a customer would be left out unread, and their invalid cells with them.
    return row.clean_customer or "posted"


def _broken(read: Callable[..., object], documents: Sequence[Document], shop: Shop, **how: Any) -> Iterable[Violation]:
    try:
        read(documents, shop, **how)
    except InputError as error:
        return error.violations
    return ()


def _without_repeats(rows: Sequence[tuple[int, _Row]]) -> Iterator[list[tuple[int, _Row]]]:
    """Yield rows in rounds that hold each id once: a repeated order is checked on its own, as it will be stored."""
    rounds: dict[int, list[tuple[int, _Row]]] = {}
    times: dict[str, int] = {}
    for row_number, row in rows:
        times[row.clean_key] = times.get(row.clean_key, 0) + 1
        rounds.setdefault(times[row.clean_key], []).append((row_number, row))
    yield from rounds.values()
