"""The messages of reports: what other systems send about outcomes, contacts, consent, orders and events."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import msgspec
from msgspec import Meta

from features.sources.people.consent import CHANNELS
from serving.api.scores import PostedOrder as OrderLine
from serving.api.shared_messages import Id, Kind, Moment, Note, Number, Request, Text
from serving.book.outcomes import OUTCOME_NAMES

MOST = 10_000
MOST_LINES_OF_ORDER = 1_000
MOST_LINES = 50_000  # of all orders of a request; as many as a posted history may have
# No Literal: the book refuses an unknown word itself, and suggests the one that was meant.
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
    entry_id: Annotated[Id | None, Meta(description="the entry of a list that asked for the contact")] = None
    key: Annotated[
        Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[^\x00]*$")] | None,
        Meta(description="your own id of the contact; left out: known by customer, day and channel"),
    ] = None


class Contacts(Request, frozen=True):
    """Contacts with customers."""

    contacts: Annotated[list[Contact], Meta(min_length=1, max_length=MOST)]


class Consent(Request, frozen=True):
    """What a customer decided about a channel."""

    customer_id: Id
    channel: Annotated[AnyChannel, Meta(examples=["mail"])]
    allowed: bool
    decided_on: On = None
    source: Annotated[Text | None, Meta(description="where that is documented; left out: the key's name")] = None


class Consents(Request, frozen=True):
    """Decisions of customers."""

    consents: Annotated[list[Consent], Meta(min_length=1, max_length=MOST)]


class NewOrder(Request, frozen=True):
    """One order with all its lines; the same id again replaces the order."""

    order_id: Id
    customer_id: Id
    lines: Annotated[list[OrderLine], Meta(min_length=1, max_length=MOST_LINES_OF_ORDER)]


class NewOrders(Request, frozen=True):
    """Orders."""

    orders: Annotated[
        list[NewOrder],
        Meta(
            min_length=1,
            max_length=MOST,
            description=f"with at most {MOST_LINES:,} lines in all",
            extra={"inner": "lines", "most_inner": MOST_LINES},  # a body within reach of it is read in parts
        ),
    ]


class NewEvent(Request, frozen=True):
    """One event: something the customer did, or that was sent to the customer."""

    event_id: Id
    customer_id: Id
    kind: Kind
    happened_at: Moment
    value: Annotated[Number | None, Meta(description="where its kind has one, such as a rating")] = None


class NewEvents(Request, frozen=True):
    """Events."""

    events: Annotated[list[NewEvent], Meta(min_length=1, max_length=MOST)]


class Recorded(msgspec.Struct, frozen=True):
    """How many of the rows sent were new, and how many were known already."""

    new: int
    known: int
    unknown: Annotated[
        tuple[str, ...],
        Meta(description="ids that no run, list or customers file knows; recorded all the same, perhaps misspelt"),
    ] = ()
    closed: Annotated[int, Meta(description="how many are of a list that was taken back: recorded all the same")] = 0
    forgotten: Annotated[int, Meta(description="how many are of customers who were forgotten: not recorded")] = 0
