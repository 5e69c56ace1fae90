"""Who is on the list, in which order, and whose customer it is."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import InputError
from serving.outreach.lists import NO_OWNER, OutreachList, plan


def test_the_list_is_ranked_by_value_at_risk_and_leaves_out_low_risk(make_scores: Any) -> None:
    """What is most at stake comes first; who is safe is not disturbed."""
    scores = make_scores(("small", 0.9, "5"), ("big", 0.3, "50"), ("safe", 0.2, "500"))
    planned = plan(scores, currency="EUR")
    assert planned.entries["customer_id"].tolist() == ["big", "small"]
    assert planned.entries["position"].tolist() == [1, 2]
    assert planned.left_out["low risk"] == 1


def test_it_can_be_ranked_by_probability(make_scores: Any) -> None:
    """The ranking is the reader's choice, and the list says which."""
    planned = plan(make_scores(("a", 0.6, "50"), ("b", 0.9, "5")), currency="EUR", rank_by="probability")
    assert planned.entries["customer_id"].tolist() == ["b", "a"]
    assert planned.rank_by == "probability"


def test_ties_go_to_the_higher_probability_then_to_the_smaller_id(make_scores: Any) -> None:
    """The same scores give the same list, whatever order they come in."""
    scores = make_scores(("c", 0.6, "5"), ("b", 0.6, "5"), ("a", 0.5, "5"))
    backwards = scores.iloc[::-1].reset_index(drop=True)
    assert plan(scores, currency="EUR").entries["customer_id"].tolist() == ["b", "c", "a"]
    assert plan(backwards, currency="EUR").entries["customer_id"].tolist() == ["b", "c", "a"]


def test_customers_with_one_order_are_listed_apart(make_scores: Any) -> None:
    """A newcomer needs another word than a regular who stays away."""
    planned = plan(make_scores(("n", 0.9, "99", {"state": "new"}), ("r", 0.6, "5")), currency="EUR")
    assert planned.entries["customer_id"].tolist() == ["r"]
    assert planned.newcomers["customer_id"].tolist() == ["n"]
    assert planned.customer_ids == ["r", "n"]


def test_lapsed_customers_are_listed_apart_by_what_they_would_spend(make_scores: Any, make_customers: Any) -> None:
    """Who is lost is no news: not at risk, but worth winning back; capacity and consent hold as for everyone."""
    lost = [
        (name, 0.95, "9", {"state": "lapsed", "expected_spend": Decimal(spend)})
        for name, spend in (("small", "5"), ("big", "80"), ("mid", "40"), ("refuses", "99"))
    ]
    customers = make_customers(("refuses", None, {"consent": "no"}))
    planned = plan(make_scores(*lost, ("r", 0.6, "5")), customers, currency="EUR", capacity=2)
    assert planned.entries["customer_id"].tolist() == ["r"]
    assert planned.winback[["position", "customer_id"]].values.tolist() == [[1, "big"], [2, "mid"]]
    assert planned.customer_ids == ["r", "big", "mid"]
    assert planned.left_out == {"low risk": 0, "no consent": 1, "over capacity": 1}


def test_capacity_is_per_owner(make_scores: Any, make_customers: Any) -> None:
    """Nobody gets more than can be called; the rest is counted."""
    scores = make_scores(("a", 0.6, "4"), ("b", 0.6, "3"), ("c", 0.6, "2"), ("d", 0.6, "1"))
    customers = make_customers(("a", "Eleni"), ("b", "Eleni"), ("c", "Bruno"), ("d", " "))
    planned = plan(scores, customers, currency="EUR", capacity=1)
    assert planned.entries[["customer_id", "owner"]].values.tolist() == [
        ["a", "Eleni"],
        ["c", "Bruno"],
        ["d", NO_OWNER],
    ]
    assert planned.left_out["over capacity"] == 1
    assert planned.owners == ["Bruno", "Eleni", "unassigned"]


def test_who_said_no_is_not_listed(make_scores: Any, make_customers: Any) -> None:
    """Any other text, and none, is no refusal."""
    customers = make_customers(("a", "x", {"consent": " No "}), ("b", "x", {"consent": "mail"}), ("c", "x"))
    planned = plan(make_scores(("a", 0.6, "4"), ("b", 0.6, "3"), ("c", 0.6, "2")), customers, currency="EUR")
    assert planned.entries["customer_id"].tolist() == ["b", "c"]
    assert planned.left_out["no consent"] == 1


def test_a_customer_twice_in_the_customers_file_is_listed_once(make_scores: Any, make_customers: Any) -> None:
    """One entry per customer, never two."""
    customers = make_customers(("a", "Eleni"), ("a", "Bruno"))
    assert plan(make_scores(("a", 0.6, "4")), customers, currency="EUR").entries["owner"].tolist() == ["Eleni"]


def test_a_list_of_nobody_is_a_list(make_scores: Any) -> None:
    """Everyone may be safe."""
    planned = plan(make_scores(("a", 0.1, "4")), currency="EUR")
    assert planned.customer_ids == []
    assert planned.owners == []


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"capacity": 0}, "at least 1 entry per owner, not 0"),
        ({"rank_by": "probabilty"}, 'Did you mean "probability"'),
    ],
)
def test_wrong_wishes_are_refused(make_scores: Any, wrong: dict[str, Any], message: str) -> None:
    """The message says what is possible."""
    with pytest.raises(InputError, match=message):
        plan(make_scores(("a", 0.6, "4")), currency="EUR", **wrong)


def test_no_scores_are_refused(make_scores: Any) -> None:
    """A list of no run has no day."""
    with pytest.raises(InputError, match="no scores"):
        plan(make_scores(), currency="EUR")


ROWS = st.lists(
    st.tuples(
        st.text(min_size=1, max_size=4),
        st.floats(0, 1),
        st.integers(0, 3),
        st.sampled_from(["Eleni", "Bruno", "", None]),
        st.sampled_from(["active", "new", "lapsed"]),
    ),
    min_size=1,
    max_size=25,
    unique_by=lambda row: row[0],
)


@settings(max_examples=50, deadline=None)
@given(ROWS, st.integers(1, 3), st.randoms(use_true_random=False))
def test_laws_of_a_list(
    make_scores: Any,
    make_customers: Any,
    rows: list[tuple[str, float, int, str | None, str]],
    capacity: int,
    random: Any,
) -> None:
    """No customer twice, nobody over capacity, no one of low risk, and no order of rows decides anything."""

    def planned_from(some: list[tuple[str, float, int, str | None, str]]) -> OutreachList:
        scores = make_scores(*((i, p, str(v), {"state": state}) for i, p, v, _, state in some))
        customers = make_customers(*((i, owner) for i, _, _, owner, _ in some))
        return plan(scores, customers, currency="EUR", capacity=capacity)

    planned = planned_from(rows)
    again = planned_from(random.sample(rows, len(rows)))
    assert len(set(planned.customer_ids)) == len(planned.customer_ids)
    groups = (planned.entries, planned.newcomers, planned.winback)
    for frame, state in zip(groups, ("active", "new", "lapsed"), strict=True):
        assert set(frame["state"]) <= {state}
        assert frame["owner"].value_counts().max() <= capacity or frame.empty
        assert "low" not in set(frame["band"])
        assert frame["expected_spend" if state == "lapsed" else "value_at_risk"].is_monotonic_decreasing
    assert planned.customer_ids == again.customer_ids
    listed = len(planned.customer_ids) + sum(planned.left_out.values())
    assert listed == len(rows)
