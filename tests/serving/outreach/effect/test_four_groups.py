"""The four groups: who is in which, what the model did and what the campaign did, and in which words."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ttest_ind

from serving.outreach.effect.estimate import UNKNOWN, Estimate, estimate_around
from serving.outreach.effect.four_groups import FourGroupCounts, FourGroups, four_groups
from serving.outreach.effect.group import compare_kept


def cell(treated: int, holdout: int, kept: tuple[float, float], name: str = "c") -> pd.DataFrame:
    """Settled episodes; of the treated and the held-out these shares stay, evenly spread."""
    arm = np.repeat(["treated", "holdout"], [treated, holdout])
    place = np.concatenate([np.arange(treated), np.arange(holdout)])
    return pd.DataFrame(
        {
            "account_id": [f"{name}{n}" for n in range(len(arm))],
            "arm": arm,
            "stratum": "all",
            "kept": (place % 20) / 20 < np.where(arm == "treated", *kept),
            "probability": 0.5,
            "expected_spend": 4_000,
            "spent_before": 0,
        }
    )


RANKED, RANDOM = cell(80, 60, (0.5, 0.25)), cell(50, 40, (0.75, 0.7), "r")


def test_each_account_is_in_one_of_four() -> None:
    found = four_groups(RANKED, RANDOM)
    assert found.counts == FourGroupCounts(80, 60, 50, 40)
    assert (found.churned_ranked, found.churned_random) == (pytest.approx(0.75), pytest.approx(0.3))


def test_the_model_is_judged_by_its_holdout_against_that_drawn_at_random() -> None:
    """Welch's t test of who churned uncontacted; what the treated did says nothing of it."""
    found = four_groups(RANKED, RANDOM)
    gone = [1.0 - each.loc[each["arm"] == "holdout", "kept"] for each in (RANKED, RANDOM)]
    low, high = ttest_ind(*gone, equal_var=False).confidence_interval(0.95)
    assert found.model.value == pytest.approx(0.45)
    assert (found.model.low, found.model.high) == (pytest.approx(low, abs=1e-3), pytest.approx(high, abs=1e-3))
    other = four_groups(RANKED.assign(kept=RANKED["kept"] & (RANKED["arm"] == "holdout")), RANDOM)
    assert other.model == found.model


def test_the_campaign_is_judged_in_each_cell_and_choosing_by_their_difference() -> None:
    found = four_groups(RANKED, RANDOM)
    ranked, random = compare_kept(RANKED), compare_kept(RANDOM)
    assert ranked is not None
    assert random is not None
    assert (found.ranked, found.random) == (ranked.estimate(), random.estimate())
    error = np.sqrt(ranked.standard_error**2 + random.standard_error**2)
    degrees = min(ranked.degrees_of_freedom, random.degrees_of_freedom)
    between = estimate_around(ranked.value - random.value, error, degrees)
    assert found.targeting.value == pytest.approx(between.value)
    assert found.targeting.low == pytest.approx(between.low, rel=1e-6)
    assert degrees < 90
    swapped = four_groups(RANDOM, RANKED)
    assert swapped.targeting.value == pytest.approx(-between.value)
    assert swapped.targeting.high == pytest.approx(-between.low, rel=1e-6)


def test_what_has_too_few_is_not_told_and_the_rest_is() -> None:
    few, none = cell(50, 10, (0.5, 0.5)), RANDOM.iloc[:0]
    found = four_groups(RANKED, few)
    assert (found.model, found.random, found.targeting) == (UNKNOWN, UNKNOWN, UNKNOWN)
    assert found.ranked != UNKNOWN
    assert four_groups(few, RANDOM).targeting == UNKNOWN
    assert four_groups(few, RANDOM).random != UNKNOWN
    nobody = four_groups(RANKED, none)
    assert (nobody.churned_random, nobody.counts.random_treated, nobody.counts.random_holdout) == (None, 0, 0)


def test_it_is_said_in_a_sentence_each() -> None:
    one, two, three, four = (Estimate(n / 10, -0.01, 0.25) for n in range(1, 5))
    found = FourGroups(FourGroupCounts(1, 2, 3, 4), 0.5, 0.25, one, two, three, four)
    ends = "(95 % interval −1.0 to 25.0)"
    assert list(found.lines()) == [
        f"the model: of its holdout 50.0 % churned, of one drawn at random 25.0 %: 10.0 points more {ends}",
        f"the campaign, on those whom the model chose: 20.0 points more {ends} stayed",
        f"the campaign, on those drawn at random: 30.0 points more {ends} stayed",
        f"what choosing adds to the campaign: 40.0 points more {ends}",
    ]
