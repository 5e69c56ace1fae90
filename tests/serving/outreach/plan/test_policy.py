"""The shop's rules: what makes no sense is refused, in words that say what is possible; the edges themselves are."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from features.errors import InputError
from serving.outreach.plan.policy import RANKINGS, Policy
from serving.outreach.plan.workdays import WEEKDAYS, Workdays

WRONG: list[tuple[dict[str, Any], str]] = [
    (
        {"rank_by": "gian"},
        'a list cannot be ranked by "gian"; known are gain, value_at_risk, left_probability, probability. '
        'Did you mean "gain"?',
    ),
    ({"capacity": 0}, "the capacity is at least 1 entry per owner, not 0"),
    ({"capacities": {"Ada": 3, "Bob": 0}}, "the capacity is at least 1 entry per owner, not 0"),
    ({"enter_at": 0.19}, "0 ≤ leave_at ≤ enter_at ≤ 1 must hold, not 0.2 and 0.19"),
    ({"leave_at": -0.01}, "0 ≤ leave_at ≤ enter_at ≤ 1 must hold, not -0.01 and 0.25"),
    ({"enter_at": 1.01}, "0 ≤ leave_at ≤ enter_at ≤ 1 must hold, not 0.2 and 1.01"),
    ({"shrink_at": 0.0}, "shrink_at lies above 0 and up to 1, not 0.0"),
    ({"shrink_at": 1.01}, "shrink_at lies above 0 and up to 1, not 1.01"),
    ({"least_gain": Decimal("-0.01")}, "least_gain is not negative, not -0.01"),
    ({"cooldown_days": -1}, "cooldown_days is not negative, not -1"),
    ({"spend_cap_quantile": 0.5}, "spend_cap_quantile lies above 0.5 and up to 1, not 0.5"),
    ({"spend_cap_quantile": 1.01}, "spend_cap_quantile lies above 0.5 and up to 1, not 1.01"),
    ({"tuned_accounts": 0}, "tuned_accounts is at least 1, not 0"),
    ({"week_begins": "mondey"}, '"mondey" is no day of the week. Did you mean "monday"?'),
    ({"closed_weekdays": ("sundya",)}, '"sundya" is no day of the week. Did you mean "sunday"?'),
    ({"closed_weekdays": WEEKDAYS}, "closed_weekdays leaves no day on which somebody works"),
    ({"holidays_of": "gr"}, 'holidays_of is two capital letters such as GR, not "gr"'),
    ({"holidays_of": "GRC"}, 'holidays_of is two capital letters such as GR, not "GRC"'),
    *(
        ({name: wrong}, f"{name} lies from 0 to below 1, not {wrong}")
        for name in ("holdout_share", "programme_holdout_share", "random_share")
        for wrong in (-0.01, 1.0)
    ),
]


@pytest.mark.parametrize(("wrong", "message"), WRONG, ids=[f"{next(iter(w.items()))}" for w, _ in WRONG])
def test_what_makes_no_sense_is_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as told:
        Policy(**wrong)
    assert str(told.value) == message


@pytest.mark.parametrize(
    "right",
    [
        {"capacity": 1, "capacities": {"Ada": 1}},
        {"leave_at": 0.0, "enter_at": 0.0},
        {"leave_at": 1.0, "enter_at": 1.0},
        {"shrink_at": 1.0},
        {"shrink_at": 0.01},
        {"least_gain": Decimal(0)},
        {"cooldown_days": 0},
        {"holdout_share": 0.0, "programme_holdout_share": 0.0, "random_share": 0.0},
        {"holdout_share": 0.99, "programme_holdout_share": 0.99, "random_share": 0.99},
        {"spend_cap_quantile": 1.0},
        {"spend_cap_quantile": 0.51},
        {"tuned_accounts": 1},
        {"week_begins": "sunday", "closed_weekdays": WEEKDAYS[1:], "holidays_of": "GR"},
        *({"rank_by": measure} for measure in RANKINGS),
    ],
)
def test_the_edges_are_possible(right: dict[str, Any]) -> None:
    policy = Policy(**right)
    assert {name: getattr(policy, name) for name in right} == right


def test_what_is_declared_of_the_trial_is_kept_by_its_name() -> None:
    policy = Policy(holdout_share=0.2, programme_holdout_share=0.03, spend_cap_quantile=0.9, tuned_accounts=700)
    assert policy.declared == {
        "holdout_share": 0.2,
        "programme_holdout_share": 0.03,
        "spend_cap_quantile": 0.9,
        "tuned_accounts": 700,
    }


def test_a_week_begins_on_monday_unless_the_shop_says_otherwise() -> None:
    closed = (date(2026, 5, 16),)
    assert Policy().workdays == Workdays()
    said = Policy(week_begins="saturday", closed_weekdays=("friday",), holidays_of="IR", closed_on=closed)
    assert said.workdays == Workdays("saturday", ("friday",), "IR", closed)


def test_an_account_that_buys_less_leaves_at_the_same_part_as_others_do() -> None:
    """Of the chance at which it comes; where everybody comes, nobody leaves sooner than that."""
    assert Policy(shrink_at=0.6, enter_at=0.4, leave_at=0.1).shrink_leave_at == pytest.approx(0.15)
    assert Policy(shrink_at=0.6, enter_at=0.0, leave_at=0.0).shrink_leave_at == 0.6


def test_an_owners_own_capacity_counts_before_that_of_all() -> None:
    policy = Policy(capacity=5, capacities={"Ada": 9})
    assert (policy.capacity_of("Ada"), policy.capacity_of("Bob"), Policy().capacity_of("Bob")) == (9, 5, None)
