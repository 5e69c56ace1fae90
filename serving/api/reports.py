"""What others tell us over HTTP: outcomes, contacts, consent, orders and events, each idempotent.

A request is recorded whole or not at all, and answered once it is on disk. The same again changes nothing, so whoever
got no answer sends it again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import Annotated, Any

import msgspec
from msgspec import Meta
from msgspec.structs import asdict

from features.errors import InputError, Violation
from features.money import minor_units
from features.sources.cleaning import customer_id as clean_id
from features.sources.consent import CHANNELS
from serving.api.operation import Call, Operation, in_thread
from serving.api.scores import PostedOrder as Line
from serving.api.shared_messages import Id, Kind, Moment, Note, Number, Request, Text
from serving.api.state import ServerState
from serving.book import Book, Source, record_contacts, record_outcomes, set_consent
from serving.book import Consent as ConsentRow
from serving.book import Contact as ContactRow
from serving.book import Outcome as OutcomeRow
from serving.book import Recorded as Counts
from serving.book.decisions import entries_of
from serving.book.keys import Key
from serving.book.outcomes import OUTCOME_NAMES
from serving.book.posted import Posted as PostedCounts
from serving.book.posted import PostedEvent as EventRow
from serving.book.posted import PostedOrder as OrderRow
from serving.book.posted import record_events, record_orders
from serving.commands.lists.known_ids import unknown_customers
from serving.shop import OpenShop, reader_of

MOST = 10_000
MOST_LINES = 1_000
# The book refuses words that it does not know, with a suggestion; the document names those that it does.
OutcomeWord = Annotated[str, Meta(max_length=32, description=f"one of {', '.join(OUTCOME_NAMES)}")]
Channel = Annotated[str, Meta(max_length=32, description=f"one of {', '.join(CHANNELS)}")]
AnyChannel = Annotated[str, Meta(max_length=32, description=f"one of {', '.join(CHANNELS)}, or * for every one")]
On = Annotated[date | None, Meta(description="the day it happened; left out: the shop's today")]
Cost = Annotated[Number | None, Meta(description="of the contact, major units")]
By = Annotated[Text | None, Meta(description="who did it; left out: the key's name")]


class Outcome(Request, frozen=True):
    """What came of one entry of a list."""

    entry_id: Id
    outcome: Annotated[OutcomeWord, Meta(examples=["saved"])]
    happened_on: On = None
    channel: Annotated[Channel | None, Meta(description="left out: the entry's own")] = None
    cost: Cost = None
    by: By = None
    note: Note | None = None


class Outcomes(Request, frozen=True):
    """Outcomes of entries."""

    outcomes: Annotated[list[Outcome], Meta(min_length=1, max_length=MOST)]


class Contact(Request, frozen=True):
    """One contact that was made elsewhere."""

    customer_id: Id
    channel: Annotated[Channel, Meta(examples=["call"])]
    contacted_on: On = None
    cost: Cost = None
    by: By = None
    note: Note | None = None
    entry_id: Annotated[Id | None, Meta(description="where a list asked for it")] = None
    key: Annotated[
        Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[^\x00]*$")] | None,
        Meta(description="your own id of the contact; left out: customer, day and channel"),
    ] = None


class Contacts(Request, frozen=True):
    """Contacts with customers."""

    contacts: Annotated[list[Contact], Meta(min_length=1, max_length=MOST)]


class Consent(Request, frozen=True):
    """What a customer said about a channel."""

    customer_id: Id
    channel: Annotated[AnyChannel, Meta(examples=["mail"])]
    allowed: bool
    decided_on: On = None
    source: Annotated[Text | None, Meta(description="where it is written down; left out: the key's name")] = None


class Consents(Request, frozen=True):
    """What customers said."""

    consents: Annotated[list[Consent], Meta(min_length=1, max_length=MOST)]


class NewOrder(Request, frozen=True):
    """One order with its lines, whole: the same id again replaces what was there."""

    order_id: Id
    customer_id: Id
    lines: Annotated[list[Line], Meta(min_length=1, max_length=MOST_LINES)]


class NewOrders(Request, frozen=True):
    """Orders."""

    orders: Annotated[list[NewOrder], Meta(min_length=1, max_length=MOST)]


class NewEvent(Request, frozen=True):
    """One event: something the customer did, or that was sent to the customer."""

    event_id: Id
    customer_id: Id
    kind: Kind
    happened_at: Moment
    value: Annotated[Number | None, Meta(description="of kinds that have one, such as a rating")] = None


class NewEvents(Request, frozen=True):
    """Events."""

    events: Annotated[list[NewEvent], Meta(min_length=1, max_length=MOST)]


class Recorded(msgspec.Struct, frozen=True):
    """How much of what was sent was new, and how much was known already."""

    new: int
    known: int
    unknown: Annotated[
        tuple[str, ...],
        Meta(
            description="customer ids that no run, list or customers file knows: recorded all the same; typing errors?"
        ),
    ] = ()


class Posted(msgspec.Struct, frozen=True):
    """How much was new, how much replaced what was there, and how much was known already."""

    new: int
    changed: int
    known: int


def outcomes(call: Call) -> Recorded:
    """Record outcomes of entries."""
    sent: Sequence[Outcome] = call.body.outcomes
    wrong = [*_days(call.server, sent, "happened_on"), *_costs(call.server, sent), *_entries_of_others(call, sent)]
    _refuse("outcomes", wrong)
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
    strange = [*_nobody(sent), *_customers_of_others(call, sent), *_entries_of_others(call, sent)]
    _refuse("contacts", [*_days(call.server, sent, "contacted_on"), *_costs(call.server, sent), *strange])
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
    recorded = _recorded("contacts", record_contacts, call.server.need_book(), rows)
    return _with_unknown(call.server, recorded, rows)


def consent(call: Call) -> Recorded:
    """Record consent."""
    sent: Sequence[Consent] = call.body.consents
    strange = [*_nobody(sent), *_customers_of_others(call, sent)]
    _refuse("consents", [*_days(call.server, sent, "decided_on"), *strange])
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
    """Keep orders."""
    sent: Sequence[NewOrder] = call.body.orders
    _refuse("orders", [*_customers_of_others(call, sent), *_named_twice(sent)])
    rows = [OrderRow(row.order_id, row.customer_id, [_line(line) for line in row.lines]) for row in sent]
    reader = reader_of(call.server.need_settings())
    return _posted(record_orders(call.server.need_book(), rows, reader))


def events(call: Call) -> Posted:
    """Keep events."""
    sent: Sequence[NewEvent] = call.body.events
    _refuse("events", _customers_of_others(call, sent))
    rows = [EventRow(row.event_id, row.customer_id, row.kind, row.happened_at, row.value) for row in sent]
    return _posted(record_events(call.server.need_book(), rows, reader_of(call.server.need_settings())))


def _line(line: Line) -> dict[str, Any]:
    return {name: value for name, value in asdict(line).items() if name != "order_id"}


def _posted(counts: PostedCounts) -> Posted:
    return Posted(counts.new, counts.changed, counts.known)


def _recorded(name: str, record: Callable[[Book, Any, Source], Counts], book: Book, rows: Sequence[Any]) -> Recorded:
    try:
        counts = record(book, rows, Source("the request", range(len(rows))))
    except InputError as error:
        raise InputError(error.message, [_at(name, violation) for violation in error.violations]) from None
    return Recorded(counts.new, counts.known)


def _with_unknown(server: ServerState, recorded: Recorded, rows: Sequence[ContactRow | ConsentRow]) -> Recorded:
    """Say which customers nobody knows."""
    shop = OpenShop(server.need_settings(), book=server.need_book())
    found = unknown_customers(shop, [row.customer_id for row in rows])
    return msgspec.structs.replace(recorded, unknown=tuple(found))


def _refuse(name: str, wrong: Iterable[Violation]) -> None:
    found = [_at(name, violation) for violation in wrong]
    if found:
        raise InputError("the request cannot be used; nothing of it was recorded", found)


def _at(name: str, violation: Violation) -> Violation:
    """Return a violation with the path of its field in the request instead of a line."""
    return replace(violation, line=None, column=f"{name}[{violation.line}].{violation.column}")


def _wrong(row: int, column: str, rule: str, value: object, remedy: str) -> Violation:
    return Violation("the request", row, column, rule, str(value), remedy)


def _days(server: ServerState, rows: Sequence[Any], column: str) -> Iterable[Violation]:
    today = server.today
    for place, row in enumerate(rows):
        day = getattr(row, column)
        if day is not None and day > today:
            yield _wrong(place, column, f"until today, {today}", day, "report what has happened")


def _costs(server: ServerState, rows: Sequence[Any]) -> Iterable[Violation]:
    for place, row in enumerate(rows):
        try:
            _minor(server, row.cost)
        except ValueError:
            yield _wrong(place, "cost", "an amount", row.cost, "write it as 12.50, without a currency")


def _minor(server: ServerState, cost: str | float | None) -> int | None:
    return None if cost is None else minor_units(str(cost), server.need_settings().money)


def _named_twice(sent: Sequence[NewOrder]) -> Iterable[Violation]:
    # A line may name its order, as in a posted history; then it has to be this one.
    for place, order in enumerate(sent):
        for number, line in enumerate(order.lines):
            if line.order_id not in (None, order.order_id):
                column = f"lines[{number}].order_id"
                yield _wrong(place, column, "the order's own id", line.order_id, "leave it out")


def _nobody(rows: Sequence[Any]) -> Iterable[Violation]:
    for place, row in enumerate(rows):
        if not clean_id(row.customer_id.strip()):
            yield _wrong(place, "customer_id", "a customer's id", row.customer_id, "give the order source's")


def _customers_of_others(call: Call, rows: Sequence[Any]) -> Iterable[Violation]:
    if call.key.owner is None:
        return
    ids = [clean_id(row.customer_id.strip()) for row in rows]
    seen = set(call.server.seen_by(call.key, ids))
    for place, (row, clean) in enumerate(zip(rows, ids, strict=True)):
        if clean not in seen:
            yield _wrong(place, "customer_id", "a customer of this key's owner", row.customer_id, "use another key")


def _entries_of_others(call: Call, rows: Sequence[Any]) -> Iterable[Violation]:
    if call.key.owner is None:
        return
    asked = {row.entry_id for row in rows if row.entry_id is not None}
    known = _own_entries(call.server, call.key, asked)
    for place, row in enumerate(rows):
        if row.entry_id is not None and row.entry_id not in known:
            # The very words for an entry that there is not: the key learns nothing of other owners' lists.
            remedy = "copy the entry_id from a published list"
            yield _wrong(place, "entry_id", "the id of an entry", row.entry_id, remedy)


def _own_entries(server: ServerState, key: Key, entry_ids: Iterable[str]) -> set[str]:
    with server.need_book().reading() as connection:
        found = entries_of(connection, entry_ids)
    seen = set(server.seen_by(key, [row["customer_id"] for row in found.values()]))
    return {entry_id for entry_id, row in found.items() if row["customer_id"] in seen}


_RECORDED = {"new": 1, "known": 0, "unknown": []}
_POSTED = {"new": 1, "changed": 0, "known": 0}
_ROLE = ("outcomes",)
OPERATIONS = (
    Operation(
        name="outcomes",
        tag="reports",
        method="POST",
        path="/v1/outcomes",
        roles=_ROLE,
        summary="Report what came of entries",
        description="Known by entry, outcome and day. Talking to a customer makes a contact; `do_not_contact` takes "
        "back consent; `wrong_alarm` and `already_known` keep the account off the list for a while.",
        run=in_thread(outcomes),
        takes=Outcomes,
        sends={"outcomes": [{"entry_id": "20260302-49915e0d7d4b", "outcome": "saved", "note": "orders on Friday"}]},
        gives=Recorded,
        example=_RECORDED,
        needs=(503,),
    ),
    Operation(
        name="contacts",
        tag="reports",
        method="POST",
        path="/v1/contacts",
        roles=_ROLE,
        summary="Report contacts made elsewhere",
        description="They count for the cooldown of the next list.",
        run=in_thread(contacts),
        takes=Contacts,
        sends={"contacts": [{"customer_id": "00123", "channel": "call", "cost": "2.00"}]},
        gives=Recorded,
        example=_RECORDED,
        needs=(503,),
    ),
    Operation(
        name="consent",
        tag="reports",
        method="POST",
        path="/v1/consent",
        roles=_ROLE,
        summary="Report what customers said about being contacted",
        description="The latest word on a channel counts.",
        run=in_thread(consent),
        takes=Consents,
        sends={"consents": [{"customer_id": "00123", "channel": "mail", "allowed": False}]},
        gives=Recorded,
        example=_RECORDED,
        needs=(503,),
    ),
    Operation(
        name="orders",
        tag="reports",
        method="POST",
        path="/v1/orders",
        roles=_ROLE,
        summary="Send orders",
        description="Whole orders, known by their id. Fresh scores and the next list see them; where the order source "
        "knows the same order, that one counts.",
        run=in_thread(orders),
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
        example=_POSTED,
        needs=(503,),
    ),
    Operation(
        name="events",
        tag="reports",
        method="POST",
        path="/v1/events",
        roles=_ROLE,
        summary="Send events",
        description="Known by their id. Fresh scores and the next list see them.",
        run=in_thread(events),
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
        example=_POSTED,
        needs=(503,),
    ),
)
