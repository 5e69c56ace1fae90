"""The messages of a published list: the list itself, who entered it and who left it, without personal data.

A message holds ids, numbers and the account's owner. Names, openings, reasons and mail addresses stay in the book,
where the receiver may ask for them with a key.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, get_args

import pandas as pd

from serving.outreach.plan.candidates import LISTED_KINDS
from serving.outreach.plan.outreach_list import OutreachList
from serving.scores import plain_values, with_unknown_money

Event = Literal["list.published", "customer.entered", "customer.left", "list.withdrawn", "model.alarm"]
EVENTS: tuple[Event, ...] = get_args(Event)
PUBLISHED, ENTERED, LEFT, WITHDRAWN, ALARM = EVENTS
PING = "ping"  # never in the outbox: it is sent on demand
ENTRY_FACTS = ("customer_id", "account_id", "entry_id", "owner", "kind", "playbook")  # also of the entry that was left
SCORED = ("band", "probability", "left_probability", "value_at_risk", "shrunk_probability", "missing_spend")
TITLE = "title"  # in the shop's language: what a receiver may show to whoever acts
ENTERED_FACTS = (*ENTRY_FACTS, TITLE, *SCORED)
Titles = Mapping[str, str]  # playbook → its title
NO_TITLES: Titles = MappingProxyType({})
_JSON = json.JSONEncoder(separators=(",", ":"), allow_nan=False)  # ASCII, so that every byte has one meaning


class NewMessage(NamedTuple):
    """A message before it is addressed: the event, its customer if it has one, and the body as it is signed."""

    event: str
    customer_id: str | None
    body: str


def body_of(event: str, at: datetime, data: Mapping[str, Any]) -> str:
    """Return a message's body: its type, its time and its data.

    >>> body_of("ping", datetime(2026, 3, 2, 6, 0), {"n": 1})
    '{"type":"ping","timestamp":"2026-03-02T06:00:00Z","data":{"n":1}}'
    """
    return _JSON.encode({"type": event, "timestamp": f"{at.isoformat(timespec='seconds')}Z", "data": data})


def messages_of(
    outreach: OutreachList,
    list_id: int,
    former: Mapping[str, Mapping[str, Any]],
    at: datetime,
    events: Collection[str],
    titles: Titles = NO_TITLES,
) -> Iterator[NewMessage]:
    """Yield the messages of a list: its own first, then one per customer who entered, then one per customer who left.

    Args:
        outreach: the published list.
        list_id: its number in the book.
        former: customer_id → ENTRY_FACTS of the list before, of those who left.
        at: when it was published, UTC.
        events: the events that some webhook subscribes to.
        titles: playbook → its title in the shop's language; one that is not among them keeps that of the list.
    """
    of_list = {
        "as_of": outreach.as_of.isoformat(),
        "list_id": list_id,
        "horizon_days": outreach.horizon_days,
        "model_version": outreach.model_version,
        "currency": outreach.currency,
    }
    if PUBLISHED in events:
        yield NewMessage(PUBLISHED, None, body_of(PUBLISHED, at, of_list | _counts(outreach)))
    if ENTERED in events:
        for row in _entered(outreach, titles):
            yield NewMessage(ENTERED, row["customer_id"], body_of(ENTERED, at, of_list | row))
    if LEFT in events:
        nothing = dict.fromkeys(ENTRY_FACTS)
        for customer_id, reason in zip(
            plain_values(outreach.gone["customer_id"]), plain_values(outreach.gone["reason"]), strict=True
        ):
            facts = {**nothing, **former.get(customer_id, {}), "customer_id": customer_id, "reason": reason}
            yield NewMessage(LEFT, customer_id, body_of(LEFT, at, of_list | facts))


def _counts(outreach: OutreachList) -> dict[str, Any]:
    kinds = dict(zip(LISTED_KINDS, outreach.groups, strict=True))
    return {
        "rank_by": outreach.rank_by,
        "capacity": outreach.capacity,
        "entries": {kind: len(frame) for kind, frame in kinds.items()},
        "entered": sum(len(_new(frame)) for frame in kinds.values()),
        "left": len(outreach.gone),
    }


def _entered(outreach: OutreachList, titles: Titles) -> Iterator[dict[str, Any]]:
    for kind, frame in zip(LISTED_KINDS, outreach.groups, strict=True):
        new = with_unknown_money(_new(frame)).assign(kind=kind)
        columns = [_values(new, name) for name in ENTERED_FACTS]
        for values in zip(*columns, strict=True):
            yield titled(dict(zip(ENTERED_FACTS, values, strict=True)), titles)


def titled(row: Mapping[str, Any], titles: Titles) -> dict[str, Any]:
    """Return the facts of an entry with its title as the shop's people read it.

    >>> titled({"playbook": "personal-call", "title": "Call in person"}, {"personal-call": "تماس شخصی"})["title"]
    'تماس شخصی'
    """
    return {**row, TITLE: titles.get(row["playbook"], row[TITLE])}


def _new(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[frame["change"] == "new"] if "change" in frame else frame


def _values(frame: pd.DataFrame, name: str) -> list[Any]:
    values = plain_values(frame[name]) if name in frame else [None] * len(frame)
    return [f"{value:f}" if isinstance(value, Decimal) else value for value in values]
