"""A regular comes on the list when late by the own rhythm, or for a sign other than silence, which the entry states."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.lateness import is_late
from serving.outreach.plan.entry_rule import LATE, SIGNS, due_in_words, with_entry_rule
from serving.outreach.plan.plan import DEFAULT_CHOICE, Chooser, plan
from serving.outreach.plan.policy import Policy

AS_OF = date(2026, 3, 2)
ON_TIME = {"overdue": 0.4, "days_since_order": 20, "usual_gap_days": 50.0, "overdue_days": -30.0}
POLICY = Policy(holdout_share=0.0)
RANKED = {"kind": "regular", "cell": "ranked"}


def knowing(**of_all: Any) -> Chooser:
    """What is known of everybody beside their scores."""
    return lambda rows: rows.assign(**DEFAULT_CHOICE).assign(**of_all)


def test_a_slow_buyer_who_is_on_time_is_not_listed_and_the_day_is_told(make_scores: Any) -> None:
    """However likely it is that no order comes within the horizon."""
    found = plan(make_scores(("slow", 0.95, "90", ON_TIME), ("late", 0.4, "9")), currency="EUR", policy=POLICY)
    assert found.entries[["customer_id", "listed_for"]].values.tolist() == [["late", LATE]]
    assert found.suppressed[["customer_id", "reason", "detail"]].values.tolist() == [
        ["slow", "not yet due", "usually orders every 50 days, and is late from 2026-04-02 on"]
    ]


@pytest.mark.parametrize(
    ("known", "sign"),
    [
        ({"open_ticket": True, "channel": "service"}, "open ticket"),
        ({"days_since_return": 30.0}, "return"),
        ({"days_since_return": 31.0}, None),
        ({"last_rating": 0.4, "days_since_rating": 60.0}, "bad review"),
        ({"last_rating": 0.6, "days_since_rating": 5.0}, None),
        ({"last_rating": 0.2, "days_since_rating": 61.0}, None),
        ({"orders_fell": True}, "fewer orders"),
        ({"spend_fell": True}, "spends less"),
        ({"orders_fell": False, "spend_fell": False}, None),
    ],
)
def test_a_sign_other_than_silence_lists_who_is_on_time(
    make_scores: Any, known: dict[str, Any], sign: str | None
) -> None:
    scores = make_scores(("a", 0.6, "9", ON_TIME))
    found = plan(scores, currency="EUR", policy=POLICY, choose=knowing(**known))
    assert found.entries["listed_for"].tolist() == ([] if sign is None else [sign])
    assert sign is None or sign in SIGNS


def test_lateness_is_told_before_other_signs(make_scores: Any) -> None:
    found = plan(make_scores(("a", 0.6, "9")), currency="EUR", policy=POLICY, choose=knowing(orders_fell=True))
    assert found.entries["listed_for"].tolist() == [LATE]


def test_those_without_a_rhythm_to_be_late_by_are_listed_as_before(make_scores: Any) -> None:
    """New customers, lapsed ones, and who was drawn at random."""
    rows = [("n", {"state": "new", "usual_gap_days": None}), ("l", {"state": "lapsed"}), ("d", {})]
    scores = make_scores(*((who, 0.6, "9", {**ON_TIME, **other}) for who, other in rows))
    found = plan(scores, currency="EUR", policy=POLICY, random_cell=frozenset({"d"}))
    told = dict(zip(found.everyone["customer_id"], found.everyone["listed_for"], strict=True))
    assert told == {"n": "first order", "l": "lapsed", "d": "random draw"}


@given(st.floats(1, 400), st.integers(1, 400), st.integers(2, 5), st.sampled_from([14, 30]))
def test_on_the_day_that_is_told_the_customer_is_late_and_not_before(
    gap: float, since: int, order_days: int, horizon: int
) -> None:
    columns = {"days_since_order": [since], "usual_gap_days": [gap], "order_days": [order_days]}
    told = due_in_words(with_entry_rule(pd.DataFrame({**columns, **RANKED, "horizon_days": horizon})), AS_OF)[0]
    late_on = date.fromisoformat(told.split()[-2])
    waited = since + (late_on - AS_OF).days
    assert is_late(waited, gap, order_days - 1, horizon)
    assert late_on == AS_OF or not is_late(waited - 1, gap, order_days - 1, horizon)


def test_a_single_gap_is_no_rhythm_to_be_late_by(make_scores: Any) -> None:
    """Two orders a week apart: late when a whole horizon is over, and the day of that is told."""
    soon = {"usual_gap_days": 7.0, "days_since_order": 20, "overdue": 20 / 7, "overdue_days": 13.0}
    twice = make_scores(("a", 0.6, "9", {**soon, "horizon_days": 30}))
    found = plan(twice, currency="EUR", policy=POLICY, choose=knowing(order_days=2.0))
    assert found.suppressed["detail"].tolist() == ["two orders so far, 7 days apart, and is late from 2026-03-13 on"]
    for more in ({"order_days": 3.0}, {}):
        assert len(plan(twice, currency="EUR", policy=POLICY, choose=knowing(**more)).entries) == 1
    silent = make_scores(("a", 0.6, "9", {**soon, "horizon_days": 30, "days_since_order": 31}))
    assert len(plan(silent, currency="EUR", policy=POLICY, choose=knowing(order_days=2.0)).entries) == 1


def test_the_rule_is_that_of_reasons_and_openings() -> None:
    """At the gap that is said the customer is not late, and a day later is; without a gap nobody is called on time."""
    columns = {"days_since_order": [29, 30, 30], "usual_gap_days": [28.5, 28.5, None]}
    rows = pd.DataFrame({**columns, **RANKED, "horizon_days": 30})
    assert with_entry_rule(rows)["listed_for"].tolist() == [None, LATE, LATE]
