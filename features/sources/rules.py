"""States the rules for rows that are no order, and how many rows each touched.

They hold for files and for posted histories alike; `features/sources/cleaning.py` applies them, in this order.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class RuleCount:
    """A stated rule, and how many rows it touched.

    >>> RuleCount("returns", 12).meaning
    'a line with a return flag, status or id prefix, or a negative amount or quantity, is never an order'
    """

    rule: str
    rows: int

    @property
    def meaning(self) -> str:
        """The rule in one sentence."""
        return RULES[self.rule]


RULES = {
    "on or after until": "lines on or after the date given with --until are not read",
    "cancelled": "a line with a cancelled status or a cancellation date is left out",
    "test orders": "a line flagged as test, or with a status, customer or order id that says test, is left out",
    "guests": "a line without a customer (an empty id, 0, or a word such as null) is left out",
    "duplicate lines": "a line id that repeats, or a whole order that appears again further on in the file (two "
    "exports joined), counts once; a product twice within one order is two lines",
    "returns": "a line with a return flag, status or id prefix, or a negative amount or quantity, is never an order",
    "currency converted": "money in another currency is converted with the stated rate, a half rounded away from zero",
    "zero-value orders": "an order whose lines sum to zero is left out",
    "same-day splits": "several orders of one customer on one business day are one order day",
    "events without customer": "an event without a customer is left out",
    "duplicate events": "an event id that repeats counts once",
    "events on or after until": "events on or after the date given with --until are not read",
}

# Not here: 'pending' (cash on delivery is an order; in WooCommerce it means unpaid, so `init` adds it there),
# 'on hold' (a bank transfer on its way), 'partially refunded' (still an order).
CANCELLED = (
    "cancelled", "canceled", "cancelled reversal", "canceled reversal", "voided", "void", "failed", "declined",
    "denied", "rejected", "expired", "abandoned", "pending payment", "awaiting payment", "payment error", "fraud",
    "suspected fraud", "draft", "checkout draft", "trash", "deleted",
    "ακυρωμενη", "ακυρωμενο", "ακυρωθηκε", "ακυρωση", "αποτυχια",
    "لغو شده", "لغو", "ناموفق", "رد شده", "در انتظار پرداخت",
)  # fmt: skip
RETURNED = (
    "refunded", "returned", "refund", "return", "credit memo", "credit note", "credit", "chargeback",
    "επιστροφη", "επιστραφηκε", "πιστωτικο", "مرجوع", "مرجوعی", "برگشتی", "مسترد شده",
)  # fmt: skip
# What a cell must be, in the words of messages; the remedy depends on it.
A_DATE, A_NUMBER = "a date between 1980 and 2200", "a number"
TEST = re.compile(r"^test([@._\s-].*)?$", re.IGNORECASE)
TEST_HINT = re.compile("test", re.IGNORECASE)
NO_ID = frozenset({"", "0", "nan", "null", "none", "<na>", "nat", "n/a"})

_ACCENTS = str.maketrans("άέήίόύώϊϋΐΰςيك", "αεηιουωιυιυσیک")


def plain_status(text: str) -> str:
    """Return a status as it is compared: lower case, no accents, no shop prefix, words apart by one space.

    >>> plain_status("wc-Pending_Payment")
    'pending payment'
    """
    words = re.sub(r"[\s_\-\u200c]+", " ", text.lower().translate(_ACCENTS)).strip()
    return words.removeprefix("wc ")


def is_test(text: str) -> bool:
    """Say whether an id or status is that of a test order.

    >>> is_test("test@example.com"), is_test("Testa Ltd")
    (True, False)
    """
    return TEST.match(text) is not None
