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
