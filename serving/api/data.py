"""Serves what the shop's orders came to: the balance sheet of every row and every unit of money, and the rules.

It reads the whole log, so one request at a time computes the answer, and it is kept for a minute.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from features.clock import date_of
from features.sources.balance.words import document
from features.sources.reader import CleanLog
from serving.api.operation import Call, Operation, in_thread
from serving.api.problems import from_our_files
from serving.shop import OpenShop

Money = Annotated[dict[str, Decimal], Meta(description="ISO 4217 code → decimal text; as the file writes it")]


class SheetRow(msgspec.Struct, frozen=True):
    """One line of the sheet: what rows of the orders file are, or the rule that left them out."""

    rule: str
    rows: int
    orders: Annotated[int, Meta(description="rows without an order id are one order a customer and day")]
    customers: int
    money: Money


class SheetChange(msgspec.Struct, frozen=True):
    """What a rule did to the money of the rows that are in."""

    rule: str
    of: Annotated[str, Meta(description='"order lines" or "returns"')]
    rows: int
    money: Money


class SheetCount(msgspec.Struct, frozen=True):
    """What the log holds, in the shop's currency; what was posted is part of it."""

    order_lines: int
    orders: int
    order_days: int
    customers: int
    spend: Decimal
    returned: Decimal
    posted_lines: int
    posted_spend: Decimal
    posted_returned: Decimal


class RuleAnswer(msgspec.Struct, frozen=True):
    """A stated rule, and how many rows it touched."""

    rule: str
    rows: int
    meaning: str


class DataAnswer(msgspec.Struct, frozen=True):
    """What the shop's orders came to: rows read = order lines + returns + left out by rule, and so is the money."""

    currency: str
    first_on: Annotated[date, Meta(description="business day of the first order or event")]
    last_on: Annotated[date, Meta(description="business day of the last one")]
    read: SheetRow
    left_out: Annotated[list[SheetRow], Meta(description="by rule, in the order in which the rules are applied")]
    returns: SheetRow
    order_lines: SheetRow
    changes: Annotated[
        list[SheetChange], Meta(description="what turned the money as it is written into the money that is counted")
    ]
    counted: SheetCount
    rules: list[RuleAnswer]


def data(call: Call) -> DataAnswer:
    """Answer what the orders came to, at most a minute old."""
    settings = call.server.need_settings()

    def compute() -> DataAnswer:
        with from_our_files(), OpenShop(settings, book=call.server.book) as shop:
            return data_answer(shop.reading)

    return call.server.reports.get("data", compute)


def data_answer(reading: CleanLog) -> DataAnswer:
    """Return the answer that shows a reading's sheet."""
    facts = {
        **document(reading.sheet),
        "first_on": date_of(reading.log.first_day),
        "last_on": date_of(reading.log.last_day),
        "rules": [{"rule": each.rule, "rows": each.rows, "meaning": each.meaning} for each in reading.rules],
    }
    return msgspec.convert(facts, DataAnswer)


READ: dict[str, Any] = {
    "rule": "rows read", "rows": 300, "orders": 300, "customers": 60, "money": {"EUR": "14479.38"},
}  # fmt: skip
OPERATIONS = (
    Operation(
        name="data",
        tag="figures",
        method="GET",
        path="/v1/data",
        roles=("lists",),
        summary="What the orders came to",
        description="The balance sheet of `regulars check`, at most a minute old: where every row of the orders went, "
        "and every unit of their money. Rows and money add up to the last cent.",
        run=in_thread(data, lambda server: server.log_reading),
        gives=DataAnswer,
        example={
            "currency": "EUR",
            "first_on": "2025-03-01",
            "last_on": "2026-02-28",
            "read": READ,
            "left_out": [
                {**READ, "rule": "cancelled", "rows": 2, "orders": 2, "customers": 2, "money": {"EUR": "54.05"}}
            ],
            "returns": {**READ, "rule": "returns", "rows": 0, "orders": 0, "customers": 0, "money": {"EUR": "0.00"}},
            "order_lines": {**READ, "rule": "order lines", "rows": 298, "orders": 298, "money": {"EUR": "14425.33"}},
            "changes": [
                {"rule": "discounts", "of": "order lines", "rows": 12, "money": {"EUR": "-25.00"}},
            ],
            "counted": {
                "order_lines": 298,
                "orders": 298,
                "order_days": 296,
                "customers": 60,
                "spend": "14400.33",
                "returned": "0.00",
                "posted_lines": 0,
                "posted_spend": "0.00",
                "posted_returned": "0.00",
            },
            "rules": [
                {
                    "rule": "cancelled",
                    "rows": 2,
                    "meaning": "a line with a cancelled status, type or flag, or a cancellation date, is left out",
                }
            ],
        },
        whole=True,
    ),
)
