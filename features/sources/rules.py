"""States the rules for rows that are no order, and how many rows each touched.

They hold for files and for posted histories alike; `features/sources/cleaning.py` applies them, in this order.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class RuleCount:
    """A stated rule, and how many rows it touched.

    >>> RuleCount("same-day splits", 12).meaning
    'several orders of one customer on one business day are one order day'
    """

    rule: str
    rows: int

    @property
    def meaning(self) -> str:
        """The rule in one sentence."""
        return RULES[self.rule]


# What is asked about beside the rules: names in `[orders] accept`.
LARGE_CUSTOMER, ONE_ORDER, ONE_DAY, EMPTY_MONTHS = "large customer", "one order each", "busiest day", "empty months"
ROUNDED, NEW_UNIT = "rounded", "new unit"
DOUBTS = (LARGE_CUSTOMER, ONE_ORDER, ONE_DAY, EMPTY_MONTHS, ROUNDED, NEW_UNIT)

SET_ASIDE, RAGGED = "set aside", "ragged rows"
FORGOTTEN, EVENTS_OF_FORGOTTEN = "forgotten customers", "events of forgotten customers"
OVERLAP = "overlap of exports"

RULES = {
    SET_ASIDE: "a row that breaks a rule of the contract is set aside, as [orders] on_broken says, and named in a file",
    RAGGED: "a row with more or fewer cells than the header is set aside, as [orders] on_broken says",
    "blank lines": "a line of nothing but delimiters is left out",
    "lines above the header": "a title or the like above the header is no row",
    "lines below the table": "a remark or a total behind the last row, of fewer cells, is no row",
    "lines below their order's first": "a line that lacks its order's number and date belongs to the order above",
    "lines without an order": "a line whose order stands in no file of heads is left out",
    "orders without lines": "an order of which no line stands in the file of lines is left out",
    "total rows": "a row that says total and has no date is left out",
    FORGOTTEN: "a line of a customer whom the shop has forgotten, by regulars forget, is counted here and used for "
    "nothing else",
    "on or after until": "lines on or after the date given with --until are not read",
    "earlier states": "an order that comes again in a later state (exports that overlap were joined) counts once, in "
    "its latest state: by its updated_at, else as it stands last in the file",
    OVERLAP: "an order, or a line without an order id, that stands in two exports as it was counts once, in the later "
    "one",
    "cancelled": "a line with a cancelled status, type or flag, or a cancellation date, is left out",
    "unpaid": "a line of an order that was never paid, by its status, is left out",
    "no orders": "a payment, an estimate or another document that is no order, by its type or status, is left out",
    "test orders": "a line flagged as test, or with a status, customer or order id that says test, is left out",
    "merged customers": "a customer id that the merge file replaces is read as the new one",
    "guests": "a line without a customer (an empty id, or a word such as null) is left out",
    "placeholders": "a line of an id that stands for nobody, as the shop says under [orders] guests, is left out",
    "duplicate lines": "a line number that comes again in one order with all its cells, or a whole order that stands "
    "again further on in the same file (exports that overlap were joined), counts once; a product twice within one "
    "order is two lines",
    "returns": "a line with a return flag, status, type or id prefix, with its whole amount refunded, or with a "
    "negative amount or quantity, is never an order",
    "partial refunds": "money that came back in part is taken off its line, and counted as returned",
    "refunds above the sale": "more came back than the sale was worth; the rest is not counted",
    "currency converted": "money in another currency is converted with the stated rate, a half rounded away from zero",
    "zero-value orders": "an order whose lines sum to zero is left out",
    "same-day splits": "several orders of one customer on one business day are one order day",
    EVENTS_OF_FORGOTTEN: "an event of a customer whom the shop has forgotten is counted here and used for nothing else",
    "events without customer": "an event without a customer is left out",
    "duplicate events": "an event id that repeats counts once",
    "events on or after until": "events on or after the date given with --until are not read",
}

# What a cell must be, in the words of messages; the remedy depends on it.
AN_ID_WITH_ALL_DIGITS = "an id with all its digits: a spreadsheet has rounded it, and different ids look the same"
ROUNDED_REMEDY = "export the ids again, and do not save the file in a spreadsheet; or format the column as text before"
A_DATE, A_NUMBER = "a date between 1980 and 2200", "a number"
# "Test Valley" is a place; whether the customer "test" is one is asked, see words/placeholders.py.
TEST = re.compile(r"^test([@._-].*)?$", re.IGNORECASE)
TEST_HINT = re.compile("test", re.IGNORECASE)


def is_test(text: str) -> bool:
    """Say whether an id or status is that of a test order.

    >>> is_test("test@example.com"), is_test("Testa Ltd"), is_test("Test Valley")
    (True, False, False)
    """
    return TEST.match(text) is not None
