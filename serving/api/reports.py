"""Records what other systems report: outcomes, contacts, consent, orders and events, each idempotent.

A request is recorded whole or not at all, and answered once it is on disk. The same request again changes nothing, so a
caller who got no answer sends it again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import msgspec
from msgspec.structs import asdict

from features.errors import InputError, Violation
from features.money import minor_units
from features.sources.cells import customer_id as clean_id
from serving.api.operation import Call, Operation, in_thread
from serving.api.report_messages import (
    Consent,
    Consents,
    Contact,
    Contacts,
    NewEvent,
    NewEvents,
    NewOrder,
    NewOrders,
    Outcome,
    Outcomes,
    Recorded,
)
from serving.api.scores import PostedOrder as OrderLine
from serving.api.state import ServerState
from serving.book import Book, Source, record_contacts, record_outcomes, set_consent
from serving.book import Consent as ConsentRow
from serving.book import Contact as ContactRow
from serving.book import Outcome as OutcomeRow
from serving.book import Recorded as RecordedRows
from serving.book.decisions import entries_of
from serving.book.keys import Key
from serving.book.posted import Posted, PostedEvent, PostedOrder, record_events, record_orders
from serving.commands.lists.known_ids import unknown_customers
from serving.shop import OpenShop, reader_of


def outcomes(call: Call) -> Recorded:
    """Record outcomes of entries."""
    sent: Sequence[Outcome] = call.body.outcomes
    dates = _future_dates(call.server, sent, "happened_on")
    _refuse("outcomes", [*dates, *_unreadable_costs(call.server, sent), *_entries_of_others(call, sent)])
    by, today = call.key.name, call.server.today
    rows = [
        OutcomeRow(
            row.entry_id,
            row.outcome,  # type: ignore[arg-type]  # the book refuses words that it does not know
            row.happened_on or today,
            row.channel,
            _minor(call.server, row.cost),
            row.by or by,
            row.note,
        )
        for row in sent
    ]
    return _recorded("outcomes", record_outcomes, call.server.need_book(), rows)


def contacts(call: Call) -> Recorded:
    """Record contacts."""
    sent: Sequence[Contact] = call.body.contacts
    ids = [*_missing_customers(sent), *_customers_of_others(call, sent), *_entries_of_others(call, sent)]
    _refuse(
        "contacts", [*_future_dates(call.server, sent, "contacted_on"), *_unreadable_costs(call.server, sent), *ids]
    )
    by, today = call.key.name, call.server.today
    rows = [
        ContactRow(
            clean_id(row.customer_id.strip()),
            row.contacted_on or today,
            row.channel,
            _minor(call.server, row.cost),
            row.by or by,
            row.note,
            row.entry_id,
            row.key,
        )
        for row in sent
    ]
    record = partial(record_contacts, by_owner=call.key.owner is not None)
    recorded = _recorded("contacts", record, call.server.need_book(), rows)
    return _with_unknown(call.server, recorded, rows)


def consent(call: Call) -> Recorded:
    """Record consent."""
    sent: Sequence[Consent] = call.body.consents
    ids = [*_missing_customers(sent), *_customers_of_others(call, sent)]
    _refuse("consents", [*_future_dates(call.server, sent, "decided_on"), *ids])
    source, today = call.key.name, call.server.today
    rows = [
        ConsentRow(
            clean_id(row.customer_id.strip()), row.channel, row.allowed, row.decided_on or today, row.source or source
        )
        for row in sent
    ]
    recorded = _recorded("consents", set_consent, call.server.need_book(), rows)
    return _with_unknown(call.server, recorded, rows)


def orders(call: Call) -> Posted:
    """Record orders."""
    sent: Sequence[NewOrder] = call.body.orders
    _refuse("orders", [*_customers_of_others(call, sent), *_lines_of_other_orders(sent)])
    rows = [PostedOrder(order.order_id, order.customer_id, [_cells(line) for line in order.lines]) for order in sent]
    reader = reader_of(call.server.need_settings())
    return record_orders(call.server.need_book(), rows, reader, by_owner=call.key.owner is not None)


def events(call: Call) -> Posted:
    """Record events."""
    sent: Sequence[NewEvent] = call.body.events
    _refuse("events", _customers_of_others(call, sent))
    rows = msgspec.convert(sent, list[PostedEvent], from_attributes=True)
    reader = reader_of(call.server.need_settings())
    return record_events(call.server.need_book(), rows, reader, by_owner=call.key.owner is not None)


def _cells(line: OrderLine) -> dict[str, Any]:
    """Return the cells of an order's line by field; the order itself has the id."""
    return {name: value for name, value in asdict(line).items() if name != "order_id"}


def _recorded(
    name: str, record: Callable[[Book, Any, Source], RecordedRows], book: Book, rows: Sequence[Any]
) -> Recorded:
    try:
        counts = record(book, rows, Source("the request", range(len(rows))))
    except InputError as error:
        raise InputError(error.message, [_with_path(name, violation) for violation in error.violations]) from None
    return Recorded(counts.new, counts.known, closed=counts.closed, forgotten=counts.forgotten)


def _with_unknown(server: ServerState, recorded: Recorded, rows: Sequence[ContactRow | ConsentRow]) -> Recorded:
    """Add the customers that no run, list or customers file knows; who was forgotten is no such customer."""
    shop = OpenShop(server.need_settings(), book=server.need_book())
    found = unknown_customers(shop, [row.customer_id for row in rows])
    gone = frozenset() if shop.forgotten is None else shop.forgotten(found)
    return msgspec.structs.replace(recorded, unknown=tuple(each for each in found if each not in gone))


def _refuse(name: str, wrong: Iterable[Violation]) -> None:
    found = [_with_path(name, violation) for violation in wrong]
    if found:
        raise InputError("the request cannot be used; nothing of it was recorded", found)


def _with_path(name: str, violation: Violation) -> Violation:
    """Return a violation with the field's path in the request in place of a line number."""
    return replace(violation, line=None, column=f"{name}[{violation.line}].{violation.column}")


def _violation(row_number: int, column: str, rule: str, value: object, remedy: str) -> Violation:
    return Violation("the request", row_number, column, rule, str(value), remedy)


def _future_dates(server: ServerState, rows: Sequence[Any], column: str) -> Iterable[Violation]:
    today = server.today
    for row_number, row in enumerate(rows):
        day = getattr(row, column)
        if day is not None and day > today:
            yield _violation(row_number, column, f"until today, {today}", day, "report what has happened")


def _unreadable_costs(server: ServerState, rows: Sequence[Any]) -> Iterable[Violation]:
    for row_number, row in enumerate(rows):
        try:
            _minor(server, row.cost)
        except ValueError:
            yield _violation(row_number, "cost", "an amount", row.cost, "write it as 12.50, without a currency")


def _minor(server: ServerState, cost: str | float | None) -> int | None:
    return None if cost is None else minor_units(str(cost), server.need_settings().money)


def _lines_of_other_orders(sent: Sequence[NewOrder]) -> Iterable[Violation]:
    # A line may name its order, as in a posted history; then it must be this one.
    for row_number, order in enumerate(sent):
        for line_number, line in enumerate(order.lines):
            if line.order_id not in (None, order.order_id):
                column = f"lines[{line_number}].order_id"
                yield _violation(row_number, column, "the order's own id", line.order_id, "leave it out")


def _missing_customers(rows: Sequence[Any]) -> Iterable[Violation]:
    for row_number, row in enumerate(rows):
        if not clean_id(row.customer_id.strip()):
            yield _violation(row_number, "customer_id", "a customer's id", row.customer_id, "give the order source's")


def _customers_of_others(call: Call, rows: Sequence[Any]) -> Iterable[Violation]:
    if call.key.owner is None:
        return
    ids = [clean_id(row.customer_id.strip()) for row in rows]
    seen = set(call.server.seen_by(call.key, ids))
    for row_number, (row, clean) in enumerate(zip(rows, ids, strict=True)):
        if clean not in seen:
            yield _violation(
                row_number, "customer_id", "a customer of this key's owner", row.customer_id, "use another key"
            )


def _entries_of_others(call: Call, rows: Sequence[Any]) -> Iterable[Violation]:
    if call.key.owner is None:
        return
    asked = {row.entry_id for row in rows if row.entry_id is not None}
    known = _own_entries(call.server, call.key, asked)
    for row_number, row in enumerate(rows):
        if row.entry_id is not None and row.entry_id not in known:
            # The same words as for an entry that does not exist: the key learns nothing of other owners' lists.
            remedy = "copy the entry_id from a published list"
            yield _violation(row_number, "entry_id", "the id of an entry", row.entry_id, remedy)


def _own_entries(server: ServerState, key: Key, entry_ids: Iterable[str]) -> set[str]:
    with server.need_book().reading() as connection:
        found = entries_of(connection, entry_ids)
    seen = set(server.seen_by(key, [row["customer_id"] for row in found.values()]))
    return {entry_id for entry_id, row in found.items() if row["customer_id"] in seen}


def _report(work: Callable[[Call], Recorded | Posted], **facts: Any) -> Operation:
    """Return the operation that records one kind of report; it has the name of the function that does so."""
    name = work.__name__
    own = {"gives": Recorded, "example": {"new": 1, "known": 0, "unknown": [], "closed": 0, "forgotten": 0}, **facts}
    return Operation(
        name=name, tag="reports", method="POST", path=f"/v1/{name}", roles=("outcomes",), run=in_thread(work), **own
    )


OPERATIONS = (
    _report(
        outcomes,
        summary="Report the outcomes of entries",
        description="An outcome is known by entry, outcome and day. An outcome of a talk counts as a contact; "
        "`do_not_contact` withdraws consent; `wrong_alarm` and `already_known` keep the account off the list for a "
        "while.",
        takes=Outcomes,
        sends={"outcomes": [{"entry_id": "20260302-7k3mx9qp2whd", "outcome": "saved", "note": "orders on Friday"}]},
    ),
    _report(
        contacts,
        summary="Report contacts made elsewhere",
        description="The next list leaves these customers in peace until their cooldown ends.",
        takes=Contacts,
        sends={"contacts": [{"customer_id": "00123", "channel": "call", "cost": "2.00"}]},
    ),
    _report(
        consent,
        summary="Report whether customers may be contacted",
        description="The latest decision on a channel counts.",
        takes=Consents,
        sends={"consents": [{"customer_id": "00123", "channel": "mail", "allowed": False}]},
    ),
    _report(
        orders,
        summary="Send orders",
        description="Whole orders, known by their id. Fresh scores and the next list see them. If the order source "
        "holds the same order, the order source counts.",
        takes=NewOrders,
        sends={
            "orders": [
                {
                    "order_id": "A-4",
                    "customer_id": "00123",
                    "lines": [{"ordered_at": "2026-02-20T10:00:00+02:00", "amount": "19.90", "product_id": "tea"}],
                }
            ]
        },
        gives=Posted,
        example={"new": 1, "changed": 0, "known": 0, "forgotten": 0},
    ),
    _report(
        events,
        summary="Send events",
        description="Events are known by their id. Fresh scores and the next list see them.",
        takes=NewEvents,
        sends={
            "events": [
                {
                    "event_id": "m-77",
                    "customer_id": "00123",
                    "kind": "mail_clicked",
                    "happened_at": "2026-02-20T10:00:00+02:00",
                }
            ]
        },
        gives=Posted,
        example={"new": 1, "changed": 0, "known": 0, "forgotten": 0},
    ),
)
