"""What a contact is expected to gain, in which order customers stand, and who stands for an account."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from serving.outreach.plan.policy import RANKINGS
from serving.outreach.plan.ranking import one_per_account, ranked, with_gain

USUAL: dict[str, Any] = {
    "account_id": "x",
    "kind": "regular",
    "cell": "ranked",
    "left_probability": 0.5,
    "probability": 0.75,
    "spend": 1_000,
    "missing": 300,
    "saved_share": 0.5,
    "cost": 0,
    "gain": 0,
    "value_at_risk": 0,
    "less_probability": 0.0,
    "reason": None,
}


def rows(**of_each: dict[str, Any]) -> pd.DataFrame:
    """One row a name, best first as it is written, numbered from a hundred downwards."""
    made = [{"customer_id": name, **USUAL, **other} for name, other in of_each.items()]
    return pd.DataFrame(made, index=range(100, 100 - len(made), -1)).astype({"reason": object})


@pytest.mark.parametrize(
    ("other", "gain"),
    [
        ({}, 250),  # half of a thousand, of which half is saved
        ({"cost": 40}, 210),
        ({"cost": 400}, -150),
        ({"kind": "reminder"}, 375),  # there the chance of no order counts
        ({"kind": "shrunk"}, 150),  # there what is missing counts, whatever the risk
        ({"kind": "new"}, 250),
        ({"spend": 1_003}, 251),
        ({"spend": 1_001}, 250),
    ],
)
def test_the_gain_is_chance_times_saved_share_times_spend_less_the_cost(other: dict[str, Any], gain: int) -> None:
    found = with_gain(rows(a=other, b={"spend": 0}))
    assert found["gain"].tolist() == [gain, 0]
    assert found["gain"].dtype == np.int64


@pytest.mark.parametrize("rank_by", RANKINGS)
def test_the_measure_is_the_shops_and_of_those_who_buy_less_what_stands_for_it(rank_by: Any) -> None:
    instead = {"gain": "gain", "value_at_risk": "missing"}.get(rank_by, "less_probability")
    some = rows(
        low={"left_probability": 0.9, "probability": 0.9, rank_by: 0.2, "less_probability": 0.99, "missing": 99},
        less={"kind": "shrunk", rank_by: 0.1, instead: 0.3},
        high={rank_by: 0.4},
    )
    assert ranked(some, rank_by)["customer_id"].tolist() == ["high", "less", "low"]


def test_of_equals_who_has_left_more_likely_then_the_likelier_then_the_smaller_id() -> None:
    some = rows(
        d={},
        c={},
        b={"probability": 0.8},
        a={"left_probability": 0.6, "probability": 0.1},
        e={"gain": 1, "left_probability": 0.0},
    )
    for order in (some, some[::-1]):
        found = ranked(order, "gain")
        assert found["customer_id"].tolist() == ["e", "a", "b", "c", "d"]
        assert found.loc[100].equals(order.loc[100])


def test_the_random_cell_stands_first_and_reminders_last() -> None:
    some = rows(
        due={"kind": "reminder", "gain": 99},
        drawn={"cell": "random", "gain": 1},
        drawn_due={"cell": "random", "kind": "reminder", "gain": 98},
        best={"gain": 50},
    )
    assert ranked(some, "gain")["customer_id"].tolist() == ["drawn", "drawn_due", "best", "due"]


def test_the_best_who_is_free_stands_for_the_account_and_the_others_are_told() -> None:
    """Whom something else keeps off stands for nobody, is not named beside, and keeps the own reason."""
    some = rows(
        vetoed={"account_id": "firm", "reason": "veto", "detail": "by Ada"},
        first={"account_id": "firm", "detail": None},
        alone={"account_id": "alone", "detail": None},
        second={"account_id": "firm", "detail": None},
        third={"account_id": "firm", "detail": None},
        off={"account_id": "away", "reason": "veto", "detail": "by Bob"},
    )
    found = one_per_account(some)
    assert found.index.tolist() == some.index.tolist()
    told = found[["customer_id", "members", "reason", "detail"]].astype(object)
    assert told.where(told.notna(), None).values.tolist() == [
        ["vetoed", (), "veto", "by Ada"],
        ["first", ("second", "third"), None, None],
        ["alone", (), None, None],
        ["second", (), "account", "one entry per account: see first"],
        ["third", (), "account", "one entry per account: see first"],
        ["off", (), "veto", "by Bob"],
    ]
    assert found["members"].dtype == object
    nobody = one_per_account(some.iloc[:0])
    assert nobody.empty
    assert nobody["members"].dtype == object
