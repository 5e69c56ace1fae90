"""Serves everything the book knows of one customer, and erases it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from decimal import Decimal
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from features.money import Money
from features.sources.cells import customer_id as clean_id
from serving.api.operation import Call, Operation, in_thread
from serving.api.problems import Refusal
from serving.book.history import History
from serving.book.posted import posted_of
from serving.commands.lists.why import DAY_OF, Story, recorded_story
from serving.commands.privacy.beyond_reach import YOURS
from serving.commands.privacy.export_customer import personal_data
from serving.commands.privacy.forget import forget
from serving.commands.privacy.persons import NobodyKnown
from serving.outreach.plan.outreach_list import ENTRY_COLUMNS
from serving.shop import OpenShop

# Of the columns of a score or a list's entry the book holds amounts in minor units and sentences as JSON.
AMOUNTS = frozenset(column.name for column in ENTRY_COLUMNS if column.type == "money")
TEXTS = frozenset(column.name for column in ENTRY_COLUMNS if column.type == "texts")
NOTE = "from now on nothing of this customer enters log, scores or lists, whatever the order source or a post says"
CUSTOMER_ID = "the id as in the order source, URL-encoded"


class StoryLine(msgspec.Struct, frozen=True):
    """One line of a customer's story."""

    on: str
    what: str


class CustomerAnswer(msgspec.Struct, frozen=True):
    """What the book knows of a customer: a story in words, oldest first, and the records behind it."""

    customer_id: str
    account_ids: Annotated[tuple[str, ...], Meta(description="the accounts it belongs or belonged to")]
    story: list[StoryLine]
    history: Annotated[
        dict[str, list[dict[str, Any]]],
        Meta(
            description="records by kind: scores, entries of lists, suppressed (kept off a list, and why), gone "
            "(left a list), contacts, outcomes, consent, holds, owners, arms and episodes of the trial, drawn (whom an "
            "arm is of, and until when), programme (since when no playbook touches it), posted_orders "
            "and posted_events; amounts as decimal strings"
        ),
    ]


class Left(msgspec.Struct, frozen=True):
    """What Regulars cannot or must not change: where it is, how many lines, and what to do about it."""

    where: str
    rows: Annotated[int | None, Meta(description="lines, rows or messages; null where nobody can count them")]
    advice: str


class Erased(msgspec.Struct, frozen=True):
    """What was erased, and what is left elsewhere."""

    customer_id: str
    erased: Annotated[dict[str, int], Meta(description="kind of record → rows erased; kinds without rows are left out")]
    note: str
    left: Annotated[list[Left], Meta(description="files of the shop, what was sent before, backups")] = []
    former_ids: Annotated[tuple[str, ...], Meta(description="ids that were merged into this one: forgotten too")] = ()


def _customer_id(call: Call) -> str:
    return clean_id(call.part("customer_id").strip())


def customer(call: Call) -> CustomerAnswer:
    """Answer everything known of one customer."""
    customer_id = _customer_id(call)
    settings, seen = call.server.need_settings(), call.server.seen_by(call.key, [customer_id])
    if not seen or "\0" in customer_id:
        raise _unknown()
    story = recorded_story(OpenShop(settings, book=call.server.need_book()), customer_id)
    with call.server.need_book().reading() as connection:
        posted = posted_of(connection, customer_id)
    if not (story.history.known or any(posted.values())):
        raise _unknown()
    accounts = call.server.seen_by(call.key, story.history.account_ids)
    found = customer_answer(replace(story, history=only_accounts(story.history, accounts)), settings.money)
    return msgspec.structs.replace(found, history={**found.history, **posted})


def only_accounts(history: History, account_ids: Sequence[str]) -> History:
    """Return a history with these accounts only: the customer may have belonged to another owner's account before."""
    if list(account_ids) == list(history.account_ids):
        return history
    frames = {name: getattr(history, name) for name in DAY_OF}
    kept = {
        name: frame[frame["account_id"].isin(account_ids)]
        for name, frame in frames.items()
        if "account_id" in frame.columns
    }
    return replace(history, account_ids=tuple(account_ids), **kept)


def customer_answer(story: Story, money: Money) -> CustomerAnswer:
    """Return the answer that tells a story."""
    found = story.to_dict()
    lines = [line.split("  ", 1) for line in list(story.lines())[1:]]
    history = {name: [_record(row, money) for row in found[name]] for name in DAY_OF}
    words = [StoryLine(day, what) for day, what in lines]
    return CustomerAnswer(story.history.customer_id, tuple(story.history.account_ids), words, history)


def _record(row: dict[str, Any], money: Money) -> dict[str, Any]:
    return {name: _plain_value(name, value, money) for name, value in row.items()}


def _plain_value(name: str, value: Any, money: Money) -> Any:
    if name in AMOUNTS:
        return None if value is None else Decimal(int(value)).scaleb(-money.decimals)
    return msgspec.json.decode(value) if name in TEXTS and isinstance(value, str) else value


def erase_customer(call: Call) -> Erased:
    """Forget a customer, as `regulars forget` does."""
    customer_id, shop = _customer_id(call), OpenShop(call.server.need_settings(), book=call.server.need_book())
    try:
        found = forget(shop, [customer_id], f"key {call.key.id}")
    except NobodyKnown:
        raise _unknown() from None
    call.server.drop_log()
    (erased,) = found.customers
    if not erased.known:
        raise _unknown()
    left = [Left(each.where, each.rows, each.advice) for each in found.left]
    return Erased(erased.customer_id, dict(erased.rows), NOTE, left, erased.former_ids)


class FileRow(msgspec.Struct, frozen=True):
    """One row of a file of the shop: where it lies, and its cells by column."""

    file: str
    line: int
    cells: dict[str, str]


class CustomerData(msgspec.Struct, frozen=True):
    """All that is stored about one person."""

    customer_id: str
    former_ids: Annotated[tuple[str, ...], Meta(description="ids that were merged into this one")]
    exported_at: Annotated[str, Meta(description="when it was read, in UTC")]
    files: Annotated[list[FileRow], Meta(description="rows of the shop's files")]
    book: Annotated[dict[str, list[dict[str, Any]]], Meta(description="table → rows as stored, money in minor units")]
    meaning: Annotated[dict[str, str], Meta(description="table → what it holds")]
    told: Annotated[tuple[str, ...], Meta(description="others who were told parts of it")]
    unread: Annotated[tuple[str, ...], Meta(description="files that could not be read, and why")]


def customer_data(call: Call) -> CustomerData:
    """Hand out all that is stored about a customer, as `regulars export-customer` does."""
    shop = OpenShop(call.server.need_settings(), book=call.server.need_book())
    try:
        found = personal_data(shop, _customer_id(call))
    except NobodyKnown:
        raise _unknown() from None
    return msgspec.convert(asdict(found), CustomerData)


def _unknown() -> Refusal:
    return Refusal(404, "no-customer", "the book knows no such customer: ids are as in the order source")


OPERATIONS = (
    Operation(
        name="customer",
        tag="customers",
        method="GET",
        path="/v1/customers/{customer_id}",
        roles=("lists",),
        summary="The whole story of one customer",
        description="Scores, entries of lists, reasons for being kept off one, contacts, outcomes, consent, owners and "
        "the trial.",
        run=in_thread(customer),
        gives=CustomerAnswer,
        example={
            "customer_id": "00123",
            "account_ids": ["00123"],
            "story": [{"on": "2026-03-02", "what": "scored 71% (high, at_risk) to stay away for 30 days"}],
            "history": {"outcomes": [{"entry_id": "20260302-7k3mx9qp2whd", "outcome": "saved"}]},
        },
        parts={"customer_id": CUSTOMER_ID},
        needs=(404,),
    ),
    Operation(
        name="erase_customer",
        tag="customers",
        method="DELETE",
        path="/v1/customers/{customer_id}",
        roles=("admin",),
        summary="Erase a customer",
        description="Erases scores, entries of lists, contacts, outcomes, consent, posted orders and events, and "
        "webhook messages still to be sent, in one transaction, and the rows of exports that were added. The book "
        "keeps when, by which key and how many rows, and a digest of the id, by which the customer is kept out from "
        "now on: what the order source still holds and what is posted is counted as forgotten, and used for nothing. "
        "`left` names what Regulars does not change. It cannot be undone.",
        run=in_thread(erase_customer),
        gives=Erased,
        example={
            "customer_id": "00123",
            "erased": {"scores": 12, "entries": 3, "outcomes": 1, "posted_orders": 2},
            "note": NOTE,
            "left": [{"where": "orders.csv", "rows": 34, "advice": YOURS}],
            "former_ids": [],
        },
        parts={"customer_id": CUSTOMER_ID},
        needs=(404,),
    ),
    Operation(
        name="customer_data",
        tag="customers",
        method="GET",
        path="/v1/customer-data/{customer_id}",
        roles=("admin",),
        summary="All that is stored about one customer",
        description="For whoever asks the shop what it stores about them: the rows of the shop's files, every row of "
        "the book, and whom parts of it were told. It reads the files, which takes a while.",
        run=in_thread(customer_data, lambda server: server.log_reading),
        gives=CustomerData,
        example={
            "customer_id": "00123",
            "former_ids": [],
            "exported_at": "2026-03-02T09:00:00+00:00",
            "files": [{"file": "customers.csv", "line": 7, "cells": {"id": "00123", "name": "Ann Lee"}}],
            "book": {"arms": [{"account_id": "00123", "playbook": "", "arm": "treated"}]},
            "meaning": {"arms": "the arm of the trial that an account was drawn for"},
            "told": [],
            "unread": [],
        },
        parts={"customer_id": CUSTOMER_ID},
        whole=True,
        needs=(404,),
    ),
)
