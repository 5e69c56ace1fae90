"""Who may come on a list, with what the shop says of them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pandas as pd

from features.money import Money
from serving.outreach.plan.candidates import candidates, with_customers
from serving.outreach.plan.policy import Policy

EURO = Money("EUR")


def test_it_takes_more_to_come_than_to_stay_and_nothing_to_be_drawn(make_scores: Any) -> None:
    """At the thresholds themselves one is on."""
    rows = (("comes", 0.25), ("below", 0.2499), ("stays", 0.2), ("leaves", 0.1999), ("drawn", 0.01), ("both", 0.9))
    scores = make_scores(*((who, probability, "9") for who, probability in rows))
    found = candidates(
        scores, None, Policy(), money=EURO, listed_before={"stays", "leaves"}, random_cell={"drawn", "both", "gone"}
    )
    assert dict(zip(found["customer_id"], found["cell"], strict=True)) == {
        "comes": "ranked",
        "stays": "ranked",
        "drawn": "random",
        "both": "random",
    }


def test_money_is_in_minor_units_of_the_shops_currency(make_scores: Any) -> None:
    scores = make_scores(("a", 0.9, "9", {"expected_spend": Decimal(20)}))
    for currency, minor in (("EUR", 2000), ("IRR", 20), ("KWD", 20000)):
        assert candidates(scores, None, Policy(), money=Money(currency))["spend"].tolist() == [minor]


def test_the_kind_follows_the_state(make_scores: Any) -> None:
    states = ("new", "active", "at_risk", "lapsed")
    found = candidates(make_scores(*((s, 0.9, "9", {"state": s}) for s in states)), None, Policy(), money=EURO)
    assert found["kind"].tolist() == ["new", "regular", "regular", "winback"]


def test_what_the_customers_file_says_is_stripped_and_empty_is_unknown(make_scores: Any, make_customers: Any) -> None:
    """Who is not in it has no name and no parent; a listed account is known by its parent."""
    scores = make_scores(("a", 0.22, "9"), ("b", 0.9, "9"), ("c", 0.9, "9"))
    customers = make_customers(("a", " Eleni "), ("b", "  ")).assign(account=[" chain ", float("nan")])
    found = with_customers(scores, customers)
    assert found["owner"].fillna("nobody").tolist() == ["Eleni", "nobody", "nobody"]
    assert found["account_id"].tolist() == ["chain", "b", "c"]
    assert "account" not in found
    on = candidates(scores, customers, Policy(), money=EURO, listed_before={"chain"})
    assert on["customer_id"].tolist() == ["a", "b", "c"]
    alone = with_customers(scores, pd.DataFrame({"customer_id": ["a"]}))
    assert alone[["name", "owner", "segment", "consent"]].isna().all(axis=None)


def told(*rows: dict[str, Any], policy: Policy | None = None, **more: Any) -> pd.DataFrame:
    """Candidates of scores that say what a list reads of them, numbered from a hundred downwards."""
    usual = {"probability": 0.0, "state": "active", "expected_spend": Decimal("20.00")}
    made = [{"customer_id": f"c{n}", **usual, **row} for n, row in enumerate(rows)]
    scores = pd.DataFrame(made, index=range(100, 100 - len(made), -1))
    return candidates(scores, None, policy or Policy(), money=EURO, **more).set_index("customer_id")


RULES = Policy(enter_at=0.5, leave_at=0.25, shrink_at=0.6)  # who buys less leaves at 0.3


def test_who_buys_less_comes_and_stays_by_the_larger_of_two_chances() -> None:
    """At the thresholds themselves one is on; of whom nothing is forecast nothing is said."""
    chances = [
        (0.6, 0.1),
        (0.1, 0.6),
        (0.599, None),
        (None, 0.599),
        (0.3, None),
        (None, 0.299),
        (None, None),
        (0.7, 0.9),
    ]
    rows = [{"shrunk_probability": one, "category_lost_probability": other} for one, other in chances]
    found = told(*rows, policy=RULES)
    assert found.index.tolist() == ["c0", "c1", "c7"]
    assert found["less_probability"].tolist() == [0.6, 0.6, 0.9]
    assert found["less_probability"].dtype == float
    stay = told(*rows, policy=RULES, listed_before=[f"c{n}" for n in range(8)])
    assert stay.index.tolist() == ["c0", "c1", "c2", "c3", "c4", "c7"]
    assert (stay["buys_less"].tolist(), stay["at_risk"].tolist()) == ([True] * 6, [False] * 6)


def test_newcomers_and_the_lapsed_do_not_buy_less() -> None:
    """They are asked whether they come again; an active one at risk may do both, and stays a candidate of both."""
    less = {"shrunk_probability": 0.9}
    rows = [
        {"state": state, "probability": risk, **less} for state in ("new", "lapsed", "at_risk") for risk in (0.1, 0.9)
    ]
    found = told(*rows, {"probability": 0.9}, policy=RULES)
    assert found.index.tolist() == ["c1", "c3", "c4", "c5", "c6"]
    assert found["buys_less"].tolist() == [False, False, True, True, False]
    assert found["at_risk"].tolist() == [True, True, False, True, True]
    assert found["less_probability"].tolist() == [0.9, 0.9, 0.9, 0.9, 0.0]


def test_what_was_drawn_at_random_is_at_risk_for_the_list() -> None:
    found = told({}, {}, policy=RULES, random_cell=["c1"])
    assert found[["cell", "at_risk", "buys_less"]].values.tolist() == [["random", True, False]]


def test_the_own_usual_is_the_expected_spend_where_no_other_is_known() -> None:
    amounts = [("400.00", "240.00"), ("0.00", None), (None, "1.00"), ("0.01", "0.00")]
    money = [
        {"usual_spend": usual and Decimal(usual), "missing_spend": less and Decimal(less)} for usual, less in amounts
    ]
    found = told(*({"probability": 0.9, **each} for each in money))
    assert found["usual"].tolist() == [40_000, 2_000, 2_000, 1]
    assert found["missing"].tolist() == [24_000, 0, 100, 0]
    assert found[["spend", "usual", "missing"]].dtypes.eq("int64").all()
    plain = told({"probability": 0.9})
    assert plain[["usual", "missing"]].values.tolist() == [[2_000, 0]]
    assert told({"probability": 0.1}).empty


def test_the_first_lost_category_is_named() -> None:
    """Scores that were read back may hold a tuple, nothing, or no such column."""
    lost = [["tea", "nuts"], ("rice",), [], None, float("nan")]
    found = told(*({"probability": 0.9, "lost_categories": each} for each in lost))["lost_category"]
    assert found.where(found.notna(), None).tolist() == ["tea", "rice", None, None, None]
    assert found.dtype == object
    none = told({"probability": 0.9}, {"probability": 0.9, "state": "new"})["lost_category"]
    assert none.isna().tolist() == [True, True]
    assert none.dtype == object


def test_whom_the_file_names_twice_is_one_customer_by_the_first_row(make_scores: Any, make_customers: Any) -> None:
    customers = make_customers(("a", "Eleni"), ("a", "Bruno"))
    assert with_customers(make_scores(("a", 0.9, "9")), customers)["owner"].tolist() == ["Eleni"]
