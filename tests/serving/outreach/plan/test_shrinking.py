"""Accounts that buy less are a group of their own: who comes there, by what they are ranked, how they are watched."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pandas as pd
import pytest

from serving.outreach.plan.entry_rule import BUYS_LESS, LOST_CATEGORY
from serving.outreach.plan.outreach_list import OutreachList
from serving.outreach.plan.plan import DEFAULT_CHOICE, Chooser, plan
from serving.outreach.plan.policy import Policy
from serving.outreach.plan.snapshot import Snapshot

LESS = {
    "shrunk_probability": 0.8,
    "usual_spend": Decimal("400.00"),
    "missing_spend": Decimal("240.00"),
    "shrinking": ["spent €90.00 in the last 30 days, usually €400.00"],
    "lost_categories": [],
}
ON_TIME = {"overdue": 0.4, "days_since_order": 3, "usual_gap_days": 8.0, "overdue_days": -5.0, "state": "active"}
STILL_BUYS = ON_TIME | LESS


def planned(scores: pd.DataFrame, choose: Chooser | None = None, **rules: Any) -> OutreachList:
    snapshot = rules.pop("snapshot", None)
    policy = Policy(**{"holdout_share": 0.0, **rules})
    return plan(scores, currency="EUR", policy=policy, snapshot=snapshot, choose=choose)


def knowing(**of_all: Any) -> Chooser:
    """What playbooks and facts say of everybody, beside their scores."""
    from serving.outreach.plan.entry_rule import with_entry_rule

    return lambda rows: with_entry_rule(rows.assign(**{**DEFAULT_CHOICE, **of_all}))


def test_an_account_that_still_buys_less_is_listed_apart(make_scores: Any) -> None:
    """Though it ordered three days ago, and hardly anything says that it leaves."""
    scores = make_scores(("less", 0.05, "1", STILL_BUYS), ("late", 0.6, "9"), ("safe", 0.05, "1", ON_TIME))
    found = planned(scores)
    assert found.shrinking[["customer_id", "kind", "listed_for"]].values.tolist() == [["less", "shrunk", BUYS_LESS]]
    assert found.entries["customer_id"].tolist() == ["late"]
    assert found.left_out == {"would stay": 1}


def test_the_rule_may_be_asked_twice(make_scores: Any) -> None:
    """A chooser asks it to know the kind; what it found stays."""
    late = {"overdue": 2.0, "days_since_order": 16, "usual_gap_days": 8.0, "overdue_days": 8.0, "state": "active"}
    scores = make_scores(("less", 0.05, "1", STILL_BUYS), ("slow", 0.1, "9", LESS | late))
    found = planned(scores, knowing())
    assert found.shrinking["listed_for"].tolist() == [BUYS_LESS, BUYS_LESS]


def test_the_gain_is_of_what_is_missing(make_scores: Any) -> None:
    """One sixth of 240, and not of what is lost with those who leave."""
    found = planned(make_scores(("less", 0.05, "1", STILL_BUYS)))
    assert found.shrinking["expected_gain"].tolist() == [Decimal("40.00")]


@pytest.mark.parametrize(
    ("chances", "listed_for"),
    [
        ({"shrunk_probability": 0.49}, None),
        ({"shrunk_probability": 0.5}, BUYS_LESS),
        ({"shrunk_probability": 0.1, "category_lost_probability": 0.7}, LOST_CATEGORY),
        ({"shrunk_probability": None, "category_lost_probability": 0.7}, LOST_CATEGORY),
        ({"shrunk_probability": None, "category_lost_probability": None}, None),
    ],
)
def test_it_takes_more_than_even_odds(make_scores: Any, chances: dict[str, Any], listed_for: str | None) -> None:
    found = planned(make_scores(("a", 0.05, "1", STILL_BUYS | chances)))
    assert found.shrinking["listed_for"].tolist() == ([] if listed_for is None else [listed_for])


def test_whoever_is_late_and_at_risk_is_on_the_other_list(make_scores: Any) -> None:
    """And whoever is late, but not at risk, is not."""
    late = {"overdue": 2.0, "days_since_order": 16, "usual_gap_days": 8.0, "overdue_days": 8.0, "state": "active"}
    scores = make_scores(("risk", 0.6, "9", LESS | late), ("slow", 0.1, "9", LESS | late))
    found = planned(scores)
    assert (found.entries["customer_id"].tolist(), found.shrinking["customer_id"].tolist()) == (["risk"], ["slow"])


@pytest.mark.parametrize(("sign", "group"), [("spend_fell", "shrinking"), ("open_ticket", "entries")])
def test_at_risk_and_on_time_it_depends_on_the_sign(make_scores: Any, sign: str, group: str) -> None:
    """A fall is what the group is for; trouble is told first."""
    choose = knowing(**{sign: True}, channel="service")
    found = planned(make_scores(("a", 0.6, "9", STILL_BUYS)), choose)
    assert getattr(found, group)["customer_id"].tolist() == ["a"]


def test_an_account_of_the_former_list_stays_a_little_longer(make_scores: Any) -> None:
    """And is told to hold once it goes."""
    former = pd.DataFrame(
        [(who, who, "shrunk", "Eleni", "", make_scores(("a", 0.1, "1"))["as_of"][0]) for who in "ab"],
        columns=["account_id", "customer_id", "kind", "owner", "playbook", "as_of"],
    )
    wavers, holds = ({"shrunk_probability": chance} for chance in (0.4, 0.39))
    scores = make_scores(("a", 0.05, "1", STILL_BUYS | wavers), ("b", 0.05, "1", STILL_BUYS | holds))
    found = planned(scores, snapshot=Snapshot(former=former))
    assert found.shrinking[["customer_id", "change"]].values.tolist() == [["a", "still"]]
    assert found.gone.values.tolist() == [["b", "holds", "is expected to buy as usual"]]


def test_it_is_watched_by_its_own_usual(make_scores: Any) -> None:
    """The trial knows how likely it shrinks, and what it would have spent as usual."""
    found = planned(make_scores(("less", 0.05, "1", STILL_BUYS)))
    row = found.episodes.iloc[0]
    assert (row["kind"], row["probability"], row["expected_spend"]) == ("shrunk", 0.8, 40_000)


def test_a_tenth_is_held_out_as_of_every_kind(make_scores: Any) -> None:
    scores = make_scores(*((f"a{n:02}", 0.05, "1", STILL_BUYS) for n in range(40)))
    found = planned(scores, holdout_share=0.1)
    assert (len(found.shrinking), found.left_out["holdout"]) == (36, 4)
    assert set(found.arms["stratum"]) == {"shrunk low small"}


@pytest.mark.parametrize(("rank_by", "first"), [("gain", "dear"), ("value_at_risk", "dear"), ("probability", "sure")])
def test_the_ranking_goes_by_what_is_missing_or_how_likely_that_is(make_scores: Any, rank_by: str, first: str) -> None:
    dear, sure = {"missing_spend": Decimal("300.00")}, {"shrunk_probability": 0.9}
    scores = make_scores(("dear", 0.05, "1", STILL_BUYS | dear), ("sure", 0.05, "1", STILL_BUYS | sure))
    assert planned(scores, rank_by=rank_by).shrinking["customer_id"].tolist()[0] == first


def test_a_policy_without_a_chance_is_refused() -> None:
    from features.errors import InputError

    with pytest.raises(InputError, match="shrink_at lies above 0 and up to 1, not 0"):
        Policy(shrink_at=0)
