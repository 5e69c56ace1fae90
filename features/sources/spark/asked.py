"""What a shop is asked about its orders as a whole, from the counts of the parts: the same questions and limits.

Months of which every row is left out are not looked for: no worker sees a whole month.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from features.language.messages import sentence
from features.language.typed_values import Percent
from features.log import Log, Stream
from features.questions import Question
from features.sources.balance.limits import (
    LARGEST_CUSTOMER,
    LEAST_CUSTOMERS,
    LEAST_ROWS,
    Months,
    accepted_question,
    doubts,
)
from features.sources.balance.sheet import BalanceSheet
from features.sources.rules import LARGE_CUSTOMER, ONE_ORDER


def questions_about(
    sheet: BalanceSheet, facts: Sequence[Mapping[str, Any]], accepted: Sequence[str], most_left_out: float
) -> tuple[Question, ...]:
    """Return what the shop is asked.

    Args:
        sheet: of all parts.
        facts: of each part of the histories.
        accepted: what the shop has said is right.
        most_left_out: share of the rows or of the money that a rule may take unasked.
    """
    own = () if sheet.read.rows < LEAST_ROWS else _about_customers(sheet, facts)
    asked = tuple(accepted_question(name, words, accepted) for name, words in own if name not in accepted)
    return (*doubts(sheet, _by_day(facts), Months(frozenset(), {}), accepted, most_left_out), *asked)


def _about_customers(sheet: BalanceSheet, facts: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    buyers, orders = sheet.counted.customers, sheet.counted.orders
    largest = max(facts, key=lambda each: int(each["most_orders"]))
    most = int(largest["most_orders"])
    if buyers >= LEAST_CUSTOMERS and most > LARGEST_CUSTOMER * orders:
        who, share = str(largest["largest"]), Percent(most / orders)
        words = sentence(
            'One customer, "{customer}", has {count} orders, {share} of all.', customer=who, count=most, share=share
        )
        yield LARGE_CUSTOMER, words
    if buyers >= LEAST_ROWS and most == 1:
        words = sentence(
            "None of the {count} customers ever comes again, as if each order had an id of its own.", count=buyers
        )
        yield ONE_ORDER, words


def _by_day(facts: Sequence[Mapping[str, Any]]) -> Log:
    """Return a log of one buyer with the orders of all: a day that has too many is seen in it."""
    orders: Counter[int] = Counter()
    for each in facts:
        orders.update({int(day): int(count) for day, count in each["by_day"].items()})
    days = np.array(sorted(orders), dtype=np.int64)
    counts = np.array([orders[day] for day in days.tolist()], dtype=np.int64)
    stream = Stream(np.array([0, len(days)]), days, {"orders": counts})
    return Log(np.array([""], dtype=object), {"orders": stream})
