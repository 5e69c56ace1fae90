"""How many accounts a trial takes: by the textbook's formula, and what the plan says of it."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from scipy.stats import norm

from features.errors import InputError
from serving.outreach.effect.sample_size import COLUMNS, SHARES, Plan, SamplePlan, accounts_needed, plan_sample
from serving.outreach.effect.trial_plan import OwnPlan, Weeks


@pytest.mark.parametrize(
    ("churn", "treated", "share"), [(0.5, 0.4, 0.5), (0.4, 0.36, 0.2), (0.3, 0.15, 0.05), (0.1, 0.2, 0.1)]
)
def test_the_formula_of_the_textbook(churn: float, treated: float, share: float) -> None:
    """Fleiss, Levin and Paik 2003, section 4.4, as it stands there: r treated per held-out account."""
    r = (1 - share) / share
    mean = (churn + r * treated) / (r + 1)
    under_none = norm.ppf(0.975) * math.sqrt((r + 1) * mean * (1 - mean))
    under_some = norm.ppf(0.8) * math.sqrt(r * churn * (1 - churn) + treated * (1 - treated))
    assert accounts_needed(churn, treated, share) == math.ceil(
        (under_none + under_some) ** 2 / (r * (churn - treated) ** 2)
    )


def test_a_plan_says_who_is_held_out_how_long_it_takes_and_what_that_costs() -> None:
    found = plan_sample(90, 0.4, 0.25, horizon_days=15, shares=[0.2])
    holdout = accounts_needed(0.4, 0.3, 0.2)
    (plan,) = found.plans
    assert (plan.share, plan.holdout, plan.treated) == (0.2, holdout, 4 * holdout)
    assert plan.weeks == math.ceil(5 * holdout / 90)
    assert plan.weeks_to_know == plan.weeks + 3
    assert plan.price == round(holdout * 0.4 * 0.25, 1)
    odd = plan_sample(90, 0.43, 0.27, horizon_days=15, shares=[0.2]).plans[0]
    assert odd.price == round(odd.holdout * 0.43 * 0.27, 1) != round(odd.holdout * 0.43 * 0.27, 2)
    assert (found.customers_a_week, found.churn_rate, found.saved_share, found.horizon_days) == (90, 0.4, 0.25, 15)
    assert plan_sample(90, 0.4, 0.25, horizon_days=14, shares=[0.2]).plans[0].weeks_to_know == plan.weeks + 2
    assert tuple(each.share for each in plan_sample(90, 0.4, 0.25, horizon_days=14).plans) == SHARES


def test_it_is_said_in_words_in_a_table_and_for_programs() -> None:
    found = SamplePlan(
        1_200, 0.4, 0.25, 14, (Plan(0.2, 4_444, 1_111, 5_555, 5_557, 1_111.4), Plan(0.5, 7, 7, 1, 3, 0.6))
    )
    assert list(found.lines()) == [
        "to see 25.0 % of the 40.0 % who would leave being saved, with 80% power at the 5% level, with 1,200 new "
        "accounts a week on the lists and a horizon of 14 days:",
        "hold out 20%: 5,555 weeks of lists, known after 5,557 (4,444 treated, 1,111 held out, of whom 1,111 are left "
        "unsaved)",
        "hold out 50%: 1 weeks of lists, known after 3 (7 treated, 7 held out, of whom 1 are left unsaved)",
    ]
    assert found.rows() == [["20%", "4,444", "1,111", "5,555", "5,557", "1,111"], ["50%", "7", "7", "1", "3", "1"]]
    assert len(found.rows()[0]) == len(COLUMNS)
    assumed = {"customers_a_week": 1_200, "churn_rate": 0.4, "saved_share": 0.25, "horizon_days": 14}
    plans = [
        {"share": 0.2, "treated": 4_444, "holdout": 1_111, "weeks": 5_555, "weeks_to_know": 5_557, "price": 1_111.4},
        {"share": 0.5, "treated": 7, "holdout": 7, "weeks": 1, "weeks_to_know": 3, "price": 0.6},
    ]
    assert found.to_dict() == {**assumed, "power": 0.8, "alpha": 0.05, "plans": plans, "own": None}


def test_the_shops_own_plan_comes_last() -> None:
    weeks = Weeks(3, 2, None)
    own = OwnPlan(0.1, 40.0, 30.0, 50.0, True, weeks, weeks, weeks, weeks)
    found = replace(plan_sample(90, 0.4, 0.25, horizon_days=14), own=own)
    assert list(found.lines())[-3:] == list(own.lines())
    assert found.to_dict()["own"]["share_kept"] == {"value": 3, "low": 2, "high": None}


@pytest.mark.parametrize(
    ("asked", "wrong"),
    [
        ((0, 1.0, 0.0), "churn_rate 1.0, saved_share 0.0, holdout share 0, holdout share 1, 0 customers a week"),
        ((-1, 0.5, 0.5), "holdout share 0, holdout share 1, -1 customers a week"),
        ((0.5, 0.0, 1.0), "churn_rate 0.0, saved_share 1.0, holdout share 0, holdout share 1"),
    ],
)
def test_all_that_makes_no_sense_is_named_at_once(asked: tuple[float, float, float], wrong: str) -> None:
    with pytest.raises(InputError) as told:
        plan_sample(*asked, horizon_days=14, shares=[0, 0.5, 1])
    assert str(told.value) == f"shares are between 0 and 1, and customers a week above 0; not {wrong}"


def test_few_customers_a_week_take_many_weeks() -> None:
    assert plan_sample(0.5, 0.4, 0.25, horizon_days=14, shares=[0.5]).plans[0].weeks > 1_000
