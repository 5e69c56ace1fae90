"""Literal lists for the tests of exports: they look like what planning returns, and need no plan."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pandas as pd
from hypothesis import strategies as st

from serving.outreach.exports.layout import LIST_NAMES
from serving.outreach.plan.candidates import LISTED_KINDS
from serving.outreach.plan.outreach_list import OutreachList

AS_OF = date(2026, 3, 2)
HOSTILE = (
    "=cmd|' /C calc'!A0",
    "+1-1",
    "@SUM(A1)",
    "＝1+1",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</textarea><style>*{}</style>{{ 7*7 }}{% raw %}",
    "علی رضایی",
    "שלום\u202egnp.exe",
    "Ann\r\nBcc: everyone@shop.example",
    "🙂" * 40,
    "note " * 2_000,
    "x" * 40_000,
    "🙂" * 20_000,
    "\x00\x01\x0b\x1b\x7f",
    "half \ud83d",
    "_x0041_",
    "\ufffe\uffff",
    "]]>&lt;&#0;",
    "#N/A",
    "\t=1+1",
    "a,b;\"c\"\n'd'",
    " ",
)
TEXTS = st.text(max_size=40) | st.sampled_from(HOSTILE)


def entry(customer_id: str = "007", **other: Any) -> dict[str, Any]:
    """Return one entry in LIST_NAMES."""
    made = {
        "position": 1,
        "name": "Ann Lee",
        "customer_id": customer_id,
        "phone": None,
        "mail": None,
        "title": "Personal call",
        "what_to_say": "Ask how things are.",
        "incentive": None,
        "opening": "We have missed you since 18 December.",
        "reasons": ("no order for 74 days, usually every 31",),
        "listed_for": "late",
        "value_at_risk": Decimal("12.50"),
        "channel": "call",
        "due_on": date(2026, 3, 9),
        "change": "new",
        "kind": "regular",
        "state": "at_risk",
        "band": "high",
        "left_probability": 0.5,
        "probability": 0.625,
        "expected_gain": Decimal("3.20"),
        "cost": Decimal("1.00"),
        "saved_share": 0.2,
        "days_since_order": 74,
        "usual_gap_days": 31.0,
        "overdue": 2.4,
        "overdue_days": 43.0,
        "next_order_on": date(2026, 3, 23),
        "next_order_from": date(2026, 3, 5),
        "next_order_until": date(2026, 5, 11),
        "expected_spend": Decimal("20.00"),
        "value_at_risk_low": Decimal("6.25"),
        "value_at_risk_high": Decimal("25.00"),
        "missing_spend": None,
        "usual_spend": None,
        "shrunk_probability": None,
        "category_lost_probability": None,
        "lost_categories": (),
        "shrinking": (),
        "protective": (),
        "segment": "cafés",
        "owner": "Eleni",
        "members": (),
        "account_id": customer_id,
        "playbook": "personal-call",
        "entry_id": f"entry-{customer_id}",
    }
    assert set(other) <= set(made)
    return made | other


def literal_list(*entries: dict[str, Any], currency: str = "EUR") -> OutreachList:
    """Return a list of entries, each in the group of its kind."""
    frame = pd.DataFrame(list(entries), columns=list(LIST_NAMES), dtype=object)
    groups = [frame[frame["kind"] == kind].reset_index(drop=True) for kind in LISTED_KINDS]
    left_out = {"no consent": 3, "holdout": 2, "cooldown": 0}
    return OutreachList(
        AS_OF, 30, "1", currency, "gain", 25, *groups[:3], left_out, reminders=groups[3], shrinking=groups[4]
    )


def hostile_list(texts: list[str]) -> OutreachList:
    """Return a list with an entry for each text, which is its name, its opening, its segment and one of its reasons."""
    places = enumerate(texts, start=1)
    return literal_list(
        *(
            entry(f"c{place}", position=place, name=text, opening=text, segment=text, title=text, reasons=(text, "b"))
            for place, text in places
        )
    )
