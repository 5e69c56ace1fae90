"""What the lines of a balance sheet are called in the reader's language; settings and programs know them in English."""

from __future__ import annotations

from collections.abc import Mapping

from features.language.languages import Language
from features.language.messages import Message, said

NAMES: Mapping[str, Message] = {
    "totals repeated": Message("totals repeated", context="sheet"),
    "discounts": Message("discounts", context="sheet"),
    "written in minor units": Message("written in minor units", context="sheet"),
    "rounded": Message("rounded", context="sheet"),
    "rows read": Message("rows read", context="sheet"),
    "order lines": Message("order lines", context="sheet"),
    "set aside": Message("set aside", context="sheet"),
    "ragged rows": Message("ragged rows", context="sheet"),
    "blank lines": Message("blank lines", context="sheet"),
    "lines above the header": Message("lines above the header", context="sheet"),
    "lines below the table": Message("lines below the table", context="sheet"),
    "lines below their order's first": Message("lines below their order's first", context="sheet"),
    "lines without an order": Message("lines without an order", context="sheet"),
    "orders without lines": Message("orders without lines", context="sheet"),
    "total rows": Message("total rows", context="sheet"),
    "forgotten customers": Message("forgotten customers", context="sheet"),
    "on or after until": Message("on or after until", context="sheet"),
    "earlier states": Message("earlier states", context="sheet"),
    "overlap of exports": Message("overlap of exports", context="sheet"),
    "cancelled": Message("cancelled", context="sheet"),
    "unpaid": Message("unpaid", context="sheet"),
    "no orders": Message("no orders", context="sheet"),
    "test orders": Message("test orders", context="sheet"),
    "merged customers": Message("merged customers", context="sheet"),
    "guests": Message("guests", context="sheet"),
    "placeholders": Message("placeholders", context="sheet"),
    "duplicate lines": Message("duplicate lines", context="sheet"),
    "returns": Message("returns", context="sheet"),
    "partial refunds": Message("partial refunds", context="sheet"),
    "refunds above the sale": Message("refunds above the sale", context="sheet"),
    "currency converted": Message("currency converted", context="sheet"),
    "zero-value orders": Message("zero-value orders", context="sheet"),
    "same-day splits": Message("same-day splits", context="sheet"),
    "events of forgotten customers": Message("events of forgotten customers", context="sheet"),
    "events without customer": Message("events without customer", context="sheet"),
    "duplicate events": Message("duplicate events", context="sheet"),
    "events on or after until": Message("events on or after until", context="sheet"),
}


def name_of(rule: str, language: Language) -> str:
    """Return the name of a line or a rule in a language.

    >>> from features.language.languages import GREEK
    >>> name_of("returns", GREEK)
    'επιστροφές'
    """
    return said(NAMES[rule], language)
