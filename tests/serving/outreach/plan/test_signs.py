"""What each customer is listed for: every sign at its edge, alone, missing, and together with those told before it."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from serving.outreach.plan.entry_rule import due_in_words, with_entry_rule, with_reminders

AS_OF = date(2026, 3, 2)
# Whom nothing brings on a list: on time, and without any sign though all is known.
CALM: dict[str, Any] = {
    "kind": "regular",
    "cell": "ranked",
    "days_since_order": 9,
    "usual_gap_days": 30.0,
    "horizon_days": 14,
    "order_days": 9,
    "open_ticket": False,
    "days_since_return": None,
    "last_rating": None,
    "days_since_rating": None,
    "orders_fell": False,
    "spend_fell": None,
    "buys_less": False,
    "at_risk": True,
    "category_lost_probability": None,
    "shrunk_probability": None,
}
# In the order in which they are told; each holds alone.
SIGNS: list[tuple[str, dict[str, Any]]] = [
    ("first order", {"kind": "new"}),
    ("late", {"days_since_order": 31}),
    ("open ticket", {"open_ticket": True}),
    ("return", {"days_since_return": 30.0}),
    ("bad review", {"last_rating": 0.4, "days_since_rating": 60.0}),
    ("fewer orders", {"orders_fell": True}),
    ("spends less", {"spend_fell": True}),
    ("random draw", {"cell": "random"}),
]


def rows(*each: dict[str, Any]) -> pd.DataFrame:
    """Candidates, numbered from a hundred downwards."""
    return pd.DataFrame([CALM | other for other in each], index=range(100, 100 - len(each), -1))


def listed_for(*each: dict[str, Any]) -> list[str | None]:
    found = with_entry_rule(rows(*each))["listed_for"]
    assert found.index.tolist() == list(range(100, 100 - len(each), -1))
    assert found.dtype == object
    return [None if pd.isna(words) else str(words) for words in found]


@pytest.mark.parametrize("place", range(len(SIGNS)), ids=[name for name, _ in SIGNS])
def test_the_first_sign_that_holds_is_told(place: int) -> None:
    words, alone = SIGNS[place]
    together: dict[str, Any] = {}
    for _, also in reversed(SIGNS[place:]):
        together |= also
    assert listed_for(CALM, alone, together, CALM) == [None, words, words, None]


def test_who_has_lapsed_is_told_before_being_late() -> None:
    late = {"kind": "winback", "days_since_order": 400}
    assert listed_for({"kind": "winback"}, late, {}) == ["lapsed", "lapsed", None]


@pytest.mark.parametrize(
    "other",
    [
        {"days_since_order": 30},
        {"days_since_return": 30.5},
        {"last_rating": 0.41, "days_since_rating": 5.0},
        {"last_rating": 0.1, "days_since_rating": 60.5},
        {"last_rating": 0.1},
        {"days_since_rating": 1.0},
    ],
)
def test_a_sign_that_does_not_quite_hold_is_none(other: dict[str, Any]) -> None:
    assert listed_for({}, other) == [None, None]


def test_what_is_not_known_of_anybody_is_no_sign() -> None:
    """Only what every score has is there; whoever has no gap is not kept off for being on time."""
    known = ["kind", "cell", "days_since_order", "usual_gap_days", "horizon_days"]
    found = with_entry_rule(rows({}, {"usual_gap_days": None})[known])
    assert found["listed_for"].tolist() == [None, "late"]
    assert found["order_days"].isna().all()
    assert found["late_after_days"].tolist()[0] == 30
    assert set(found.columns) == {*known, "order_days", "late_after_days", "listed_for"}


def test_a_single_gap_waits_for_the_horizon() -> None:
    two = {"order_days": 2, "usual_gap_days": 7.0}
    some = rows(two | {"days_since_order": 14}, two | {"days_since_order": 15}, two | {"order_days": 3})
    found = with_entry_rule(some)
    assert found["late_after_days"].tolist() == [14, 14, 7]
    assert found["listed_for"].where(found["listed_for"].notna(), None).tolist() == [None, "late", "late"]


LESS = {"buys_less": True, "shrunk_probability": 0.8}


@pytest.mark.parametrize(
    ("other", "kind", "words"),
    [
        ({}, "shrunk", "buys less"),
        ({"category_lost_probability": 0.8}, "shrunk", "buys less"),
        ({"category_lost_probability": 0.81}, "shrunk", "lost category"),
        ({"category_lost_probability": 0.1, "shrunk_probability": None}, "shrunk", "lost category"),
        ({"orders_fell": True}, "shrunk", "buys less"),
        ({"spend_fell": True}, "shrunk", "buys less"),
        ({"days_since_order": 31}, "regular", "late"),
        ({"open_ticket": True}, "regular", "open ticket"),
        ({"days_since_order": 31, "at_risk": False}, "shrunk", "buys less"),
        ({"cell": "random"}, "regular", "random draw"),
        ({"cell": "random", "at_risk": False}, "regular", "random draw"),
        ({"kind": "new"}, "new", "first order"),
        ({"kind": "shrunk", "buys_less": False, "days_since_order": 31}, "shrunk", "buys less"),
        ({"buys_less": False}, "regular", None),
        ({"buys_less": False, "at_risk": False, "days_since_order": 31}, "regular", "late"),
    ],
)
def test_who_buys_less_is_of_that_kind_unless_late_or_in_trouble(
    other: dict[str, Any], kind: str, words: str | None
) -> None:
    found = with_entry_rule(rows({}, LESS | other))
    assert found["kind"].tolist() == ["regular", kind]
    assert found["listed_for"].where(found["listed_for"].notna(), None).tolist() == [None, words]


def test_reminders_are_regulars_without_a_sign_whose_playbook_reminds() -> None:
    some = with_entry_rule(rows({}, {}, {"days_since_order": 31}, {"kind": "shrunk"})).assign(
        before_due=pd.Series([True, False, True, True], index=range(100, 96, -1), dtype=object)
    )
    some.loc[97, "listed_for"] = None
    found = with_reminders(some)
    assert found["kind"].tolist() == ["reminder", "regular", "regular", "shrunk"]
    assert found["listed_for"].where(found["listed_for"].notna(), None).tolist() == ["due soon", None, "late", None]


def test_the_day_on_which_a_customer_is_late_is_told() -> None:
    """The day after the gap that is said; today where it has passed already."""
    some = rows(
        {"usual_gap_days": 31.5, "days_since_order": 20},
        {"usual_gap_days": 1.0, "days_since_order": 1},
        {"usual_gap_days": 10.0, "days_since_order": 60},
        {"usual_gap_days": 10.0, "days_since_order": 11},
        {"usual_gap_days": 7.0, "order_days": 2},
        {"usual_gap_days": np.nan},
    )
    assert due_in_words(with_entry_rule(some), AS_OF) == [
        "usually orders every 32 days, and is late from 2026-03-15 on",
        "usually orders every 1 day, and is late from 2026-03-03 on",
        "usually orders every 10 days, and is late from 2026-03-02 on",
        "usually orders every 10 days, and is late from 2026-03-02 on",
        "two orders so far, 7 days apart, and is late from 2026-03-08 on",
        "no usual gap is known",
    ]
    assert due_in_words(with_entry_rule(rows({}))[["days_since_order"]], AS_OF) == ["no usual gap is known"]
