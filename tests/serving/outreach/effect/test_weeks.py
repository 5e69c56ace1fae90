"""The weeks of a shop's own trial: the rate, the variance and the accounts written a second way, and in which words."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import brentq
from scipy.stats import norm

from serving.outreach.effect.confidence_sequence import standard_errors
from serving.outreach.effect.trial_plan import OwnPlan, Weeks, own_plan

MONDAY = date(2026, 3, 2)
LISTS = {0: 500, 7: 40, 14: 56, 28: 120, 35: 20}  # days after MONDAY → first entries; those of the first had gathered
RATE, LATER = 236 / 5, 236
NOTHING = pd.DataFrame({"spent": []})
REACH = norm.ppf(0.975) + norm.ppf(0.8)


def begun(lists: dict[int, int] = LISTS) -> pd.DataFrame:
    """First episodes, in any order, of which each is known by other numbers."""
    days = [MONDAY + timedelta(days=day) for day, count in lists.items() for _ in range(count)]
    place = np.arange(len(days))
    found = pd.DataFrame(
        {
            "began_on": days,
            "horizon_days": 28,
            "probability": 0.2 + place % 5 / 10,
            "expected_spend": 1_000 + place % 7 * 300,
        }
    )
    return found.sample(frac=1, random_state=0)


def planned(rows: pd.DataFrame | None = None, settled: pd.DataFrame = NOTHING, **asked: Any) -> OwnPlan:
    wanted = {"share": 0.2, "saved_share": 0.25, "tuned_accounts": 700} | asked
    found = own_plan(begun() if rows is None else rows, settled, **wanted)
    assert found is not None
    return found


def spread_of_lists() -> float:
    expected = RATE * np.array([1, 1, 2, 1])
    dispersion = ((np.array([40, 56, 120, 20]) - expected) ** 2 / expected).sum() / 3
    assert dispersion > 1
    return math.sqrt(dispersion / LATER)


def weeks(accounts: float, error: float) -> Weeks:
    middle, reach = math.log(accounts / RATE), norm.ppf(0.975) * error
    return Weeks(*(math.ceil(math.exp(end)) for end in (middle, middle - reach, middle + reach)))


def test_the_rate_is_of_the_weeks_since_the_first_list() -> None:
    """Its error counts that lists differ more than by chance, and no less than chance."""
    found, error = planned(), spread_of_lists()
    assert found.first_entries_a_week == pytest.approx(RATE)
    assert found.first_entries_low == pytest.approx(RATE * math.exp(-norm.ppf(0.975) * error))
    assert found.first_entries_high == pytest.approx(RATE * math.exp(norm.ppf(0.975) * error))
    even = planned(begun({7 * week: 25 for week in range(5)}))
    assert even.first_entries_a_week == 25
    assert even.first_entries_high == pytest.approx(25 * math.exp(norm.ppf(0.975) / 10))


def test_the_weeks_of_a_share_are_of_its_variance_in_both_arms() -> None:
    rows = begun()
    churn = rows["probability"].mean()
    needed = churn * (1 - churn) / (0.2 * 0.8) * (REACH / (churn * 0.25)) ** 2
    assert planned(rows).share_kept == weeks(needed, spread_of_lists())
    assert planned(rows, share=0.5).share_kept == weeks(needed * 0.16 / 0.25, spread_of_lists())


def test_the_weeks_of_money_are_of_its_variance_whose_error_is_that_of_the_fourth_moment() -> None:
    rows, spent = begun(), np.concatenate([np.zeros(40), 500 + np.arange(60.0) ** 2])
    variance, centred = spent.var(), spent - spent.mean()
    log_error = math.sqrt(((centred**4).mean() / variance**2 - 1) / 100)
    effect = (rows["probability"] * rows["expected_spend"]).mean() * 0.25
    found = planned(rows, pd.DataFrame({"spent": spent}))
    needed = variance / 0.16 * (REACH / effect) ** 2
    assert found.money_kept == weeks(needed, math.hypot(spread_of_lists(), log_error))
    assert (found.from_settled, found.share) == (True, 0.2)


@pytest.mark.parametrize(("settled", "from_settled"), [(29, False), (30, True)])
def test_the_spread_is_predicted_until_thirty_have_settled(settled: int, from_settled: bool) -> None:
    rows = begun()
    p, expected = rows["probability"], rows["expected_spend"]
    found = planned(rows, pd.DataFrame({"spent": np.arange(settled) % 2 * 10.0}))
    assert found.from_settled is from_settled
    if not from_settled:
        variance = ((1 - p) * expected**2).mean() - ((1 - p) * expected).mean() ** 2
        needed = variance / 0.16 * (REACH / ((p * expected).mean() * 0.25)) ** 2
        kurtosis = ((expected - expected.mean()) ** 4).mean() / expected.var(ddof=0) ** 2
        told = weeks(needed, math.hypot(spread_of_lists(), math.sqrt((kurtosis - 1) / len(rows))))
        assert found.money_kept.value == pytest.approx(told.value, abs=1)
        assert found.money_kept.high == pytest.approx(told.high, abs=2)


@pytest.mark.parametrize("tuned", [700, 5_000])
def test_looked_at_every_week_it_takes_the_accounts_at_which_the_wider_interval_reaches(tuned: int) -> None:
    rows = begun()
    churn = rows["probability"].mean()
    variance, effect = churn * (1 - churn) / 0.16, churn * 0.25

    def still_missing(accounts: float) -> float:
        reach = standard_errors(max(1, round(accounts)), tuned) + norm.ppf(0.8)
        return variance * (reach / effect) ** 2 - accounts

    needed = brentq(still_missing, 10, 1e7)
    found = planned(rows, tuned_accounts=tuned)
    assert found.share_kept_any_time == weeks(needed, spread_of_lists())
    assert found.share_kept_any_time.value > found.share_kept.value
    ratio = found.money_kept_any_time.value / found.money_kept.value
    assert ratio == pytest.approx(found.share_kept_any_time.value / found.share_kept.value, rel=0.1)


def test_where_nothing_varies_or_nothing_is_hoped_for_nobody_waits() -> None:
    same = pd.DataFrame({"spent": np.full(40, 70.0)})
    assert planned(settled=same).money_kept == planned(settled=same).money_kept_any_time == Weeks(None, None, None)
    sure = begun().assign(probability=1.0)
    assert planned(sure).share_kept == Weeks(None, None, None)
    assert planned(begun().assign(probability=0.0)).share_kept == Weeks(None, None, None)


def test_more_than_a_century_is_no_number() -> None:
    found = planned(saved_share=0.02).share_kept
    assert found.value is not None
    assert found.value > 2_000
    assert found.high is None
    assert planned(saved_share=0.001).share_kept == Weeks(None, None, None)
    assert planned(saved_share=1e-30).share_kept == Weeks(None, None, None)


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1])
def test_whoever_holds_nobody_or_everybody_out_has_no_trial(share: float) -> None:
    assert own_plan(begun(), NOTHING, share=share, saved_share=0.25, tuned_accounts=700) is None


@pytest.mark.parametrize(("lists", "is_enough"), [(0, False), (3, False), (4, True)])
def test_a_rate_takes_four_lists(lists: int, is_enough: bool) -> None:
    rows = begun({7 * week: 40 for week in range(lists)})
    found = own_plan(rows, NOTHING, share=0.1, saved_share=0.25, tuned_accounts=700)
    assert (found is not None) is is_enough


def test_weeks_are_said_with_their_interval() -> None:
    told = [Weeks(1_234, 1_000, 2_000), Weeks(1_234, None, None), Weeks(None, None, None), Weeks(None, 5, None)]
    assert [str(each) for each in told] == [
        "1,234 weeks (1,000 to 2,000)",
        "1,234 weeks (0 to …)",
        "more than a century",
        "more than a century",
    ]


def test_the_plan_is_said_in_three_sentences() -> None:
    one, two, three, four = (Weeks(n, n, n) for n in (10, 20, 30, 40))
    found = OwnPlan(0.2, 1_234.56, 1_000.0, 2_000.0, True, one, two, three, four)
    assert list(found.lines()) == [
        "this shop holds out 20% and has 1,234.6 first entries a week (1,000.0 to 2,000.0); to see that effect it "
        "takes lists of",
        "for the share kept 10 weeks (10 to 10), looked at every week 30 weeks (30 to 30)",
        "for the money kept 20 weeks (20 to 20), looked at every week 40 weeks (40 to 40); as settled episodes spread",
    ]
    assert list(replace(found, from_settled=False).lines())[-1].endswith(
        "(40 to 40); by the predicted spread, until enough settle"
    )
