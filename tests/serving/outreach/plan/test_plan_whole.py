"""One plan in which everything happens at once: each table of the list holds what its step found, and nothing else."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest

from features.errors import InputError
from serving.outreach.plan.outreach_list import ENTRY_NAMES, OutreachList
from serving.outreach.plan.plan import DEFAULT_CHOICE, plan
from serving.outreach.plan.policy import Policy
from serving.outreach.plan.snapshot import Snapshot
from tests.serving.conftest import build_customers, build_scores

AS_OF = date(2026, 3, 2)
BEFORE = AS_OF - timedelta(days=7)
LESS = {
    "state": "active", "days_since_order": 3, "usual_gap_days": 8.0, "shrunk_probability": 0.8,
    "usual_spend": Decimal("400.00"), "missing_spend": Decimal("240.00"),
}  # fmt: skip
SOON = {"days_since_order": 20, "usual_gap_days": 50.0}
ROWS: tuple[tuple[str, float, str, dict[str, Any]], ...] = (
    ("a1", 0.6, "5", {"expected_spend": Decimal("50.00")}),
    ("a2", 0.7, "4", {"expected_spend": Decimal("90.00")}),
    ("stays", 0.22, "3", {"expected_spend": Decimal("70.00")}),
    ("safe", 0.1, "3", {}),
    ("drawn", 0.05, "1", {"expected_spend": Decimal("2.00")}),
    ("poor", 0.6, "1", {"expected_spend": Decimal("3.00")}),
    ("held", 0.6, "3", {"expected_spend": Decimal("60.00")}),
    ("vetoed", 0.6, "3", {}),
    ("new", 0.6, "3", {"state": "new"}),
    ("lapsed", 0.6, "3", {"state": "lapsed"}),
    ("less", 0.05, "1", LESS),
    ("soon", 0.6, "3", SOON),
    ("eves", 0.6, "3", {"expected_spend": Decimal("45.00")}),
    ("eves too", 0.6, "3", {"expected_spend": Decimal("40.00")}),
)


def frame(names: str, *rows: tuple[object, ...]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=names.split(), dtype=object)


def choose(rows: pd.DataFrame) -> pd.DataFrame:
    said = rows.assign(**DEFAULT_CHOICE).assign(title="Call", saved_share=0.25, cost=10, due_days=3)
    return said.assign(before_due=said["customer_id"] == "soon", phone=[f"tel {who}" for who in said["customer_id"]])


@pytest.fixture
def made() -> OutreachList:
    former = [(who, who, "regular", "Eleni", "", BEFORE) for who in ("stays", "safe", "vetoed", "vanished")]
    snapshot = Snapshot(
        former=frame("account_id customer_id kind owner playbook as_of", *former),
        holds=frame("account_id kind until why by", ("vetoed", "veto", None, "key account", "Ada")),
        arms=frame("account_id playbook arm stratum", ("held", "", "holdout", "old")),
        drawn=frame("customer_id playbook arm stratum until", ("held", "", "holdout", "old", None)),
        owners={"lapsed": "Zoe"},
        programme_key="key",
    )
    owners = {"eves": "Eve", "eves too": "Eve"}
    customers = build_customers(*((row[0], owners.get(row[0])) for row in ROWS)).assign(
        account=["a" if row[0] in ("a1", "a2") else None for row in ROWS]
    )
    policy = Policy(holdout_share=0.0, capacities={"Eve": 1}, owners=("Ada",), closed_weekdays=("thursday",))
    return plan(
        build_scores(*ROWS),
        customers,
        currency="EUR",
        policy=policy,
        snapshot=snapshot,
        choose=choose,
        random_cell=frozenset({"drawn"}),
        reading_cost=40,
    )


def test_each_group_holds_its_own_best_first(made: OutreachList) -> None:
    assert [group["customer_id"].tolist() for group in made.groups] == [
        ["drawn", "a2", "eves", "stays"],
        ["new"],
        ["lapsed"],
        ["soon"],
        ["less"],
    ]
    assert all(tuple(group.columns) == ENTRY_NAMES for group in made.groups)
    entries = made.entries.set_index("customer_id")
    assert entries.loc["a2", ["account_id", "owner", "title", "listed_for"]].tolist() == ["a", "Ada", "Call", "late"]
    assert entries.loc["a2", "members"] == ("a1",)
    assert entries["change"].to_dict() == {"drawn": "new", "a2": "new", "eves": "new", "stays": "still"}
    assert entries.loc["a2", "expected_gain"] == Decimal("15.65")  # 0.7 × 0.25 × 90 − 0.10
    assert entries["due_on"].tolist() == [AS_OF + timedelta(days=4)] * 4
    assert made.everyone.set_index("customer_id")["owner"].to_dict() == {
        "drawn": "Ada", "a2": "Ada", "eves": "Eve", "stays": "Ada", "new": "Ada", "lapsed": "Zoe", "soon": "Ada",
        "less": "Ada",
    }  # fmt: skip


def test_whoever_is_off_has_a_reason_and_all_are_accounted_for(made: OutreachList) -> None:
    told = made.suppressed.set_index("customer_id")["reason"].to_dict()
    assert told == {
        "vetoed": "veto", "poor": "little gain", "a1": "account", "held": "holdout", "eves too": "over capacity",
    }  # fmt: skip
    assert made.suppressed.index.tolist() == list(range(5))
    assert list(made.suppressed.columns) == ["customer_id", "account_id", "reason", "detail"]
    assert made.left_out == {"would stay": 1} | dict.fromkeys(told.values(), 1)
    assert all(isinstance(reason, str) for reason in made.left_out)
    assert made.gone.values.tolist() == [
        ["safe", "would stay", "risk is down to 10%"],
        ["vetoed", "veto", "key account"],
        ["vanished", "no longer scored", "no order within the active days"],
    ]


def test_the_trial_is_of_whoever_is_listed_or_held_out(made: OutreachList) -> None:
    watched = {"drawn", "a2", "eves", "stays", "held", "new", "lapsed", "soon", "less"}
    assert set(made.episodes["customer_id"]) == watched
    assert set(made.episodes["horizon_days"]) == {30}
    assert made.episodes.set_index("customer_id")["cell"].eq("random").sum() == 1
    assert set(made.arms["account_id"]) == {"a" if who == "a2" else who for who in watched - {"held"}}
    assert set(made.drawn["customer_id"]) == (watched | {"a1"}) - {"held"}
    assert made.merged.empty


def test_owners_in_turn_are_remembered_of_the_enrolled_and_of_nobody_else(made: OutreachList) -> None:
    given = made.owners_given
    assert given.index.tolist() == list(range(len(given)))
    assert set(given["account_id"]) == {"drawn", "a", "stays", "held", "new", "soon", "less"}
    assert set(made.owned["customer_id"]) == {"drawn", "a1", "a2", "stays", "held", "new", "soon", "less"}
    assert set(given["owner"]) == {"Ada"}


def test_it_says_of_what_it_was_made(made: OutreachList) -> None:
    about = (made.as_of, made.horizon_days, made.model_version, made.currency, made.rank_by, made.capacity)
    assert about == (AS_OF, 30, "1", "EUR", "gain", None)
    assert made.least_gain == 40
    assert made.trial == Policy(holdout_share=0.0).declared
    assert made.programme.empty
    assert made.programme_drawn.empty


def test_the_programme_holdout_is_drawn_of_everybody_and_the_policy_decides_what_a_row_is_worth() -> None:
    scores = build_scores(*((f"c{n:02}", 0.6, "3", {}) for n in range(60)))
    rules = Policy(holdout_share=0.0, programme_holdout_share=0.3, least_gain=Decimal("1.50"), capacity=9)
    found = plan(scores, currency="EUR", policy=rules, snapshot=Snapshot(programme_key="key"), reading_cost=40)
    assert (found.least_gain, found.capacity) == (150, 9)
    assert 5 < len(found.programme) < 35
    assert set(found.programme["since"]) == {AS_OF}
    assert found.programme_drawn.equals(found.programme)
    assert found.left_out["programme holdout"] == len(found.programme)
    again = plan(scores, currency="EUR", policy=Policy(holdout_share=0.0), reading_cost=2_000)
    assert set(again.left_out) == {"would stay", "little gain"}
    free = plan(scores, currency="EUR", policy=Policy(holdout_share=0.0), reading_cost=0)
    assert (free.least_gain, len(free.entries), free.left_out) == (0, 60, {"would stay": 0})
    assert plan(scores, currency="EUR").trial == Policy().declared


def test_a_list_of_one_is_in_the_shops_currency_and_one_of_nobody_is_refused() -> None:
    one = plan(
        build_scores(("a", 0.6, "3", {"expected_spend": Decimal(9_000)})),
        currency="IRR",
        policy=Policy(holdout_share=0.0),
    )
    assert one.entries["expected_gain"].tolist() == [Decimal(900)]
    with pytest.raises(InputError) as told:
        plan(build_scores(), currency="EUR")
    assert str(told.value) == "there are no scores to make a list from: nobody ordered within the active days"
