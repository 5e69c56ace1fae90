"""How long the shop's own trial takes: against the textbook, and against trials that were run."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from serving.outreach.effect.sample_size import accounts_needed
from serving.outreach.effect.trial_plan import OwnPlan, own_plan

MONDAY = date(2026, 3, 2)
NOTHING = pd.DataFrame({"spent": []})


def begun(a_week: float, weeks: int, seed: int = 0, first: int = 500) -> pd.DataFrame:
    """First episodes of weekly lists; those of the first had gathered before it."""
    random = np.random.default_rng(seed)
    counts = [first, *random.poisson(a_week, weeks)]
    days = [MONDAY + timedelta(weeks=week) for week, count in enumerate(counts) for _ in range(count)]
    rows = {"began_on": days, "horizon_days": 56, "probability": 0.5, "expected_spend": 4_000}
    return pd.DataFrame(rows)


def planned(a_week: float = 40, weeks: int = 30, settled: pd.DataFrame = NOTHING, **more: float) -> OwnPlan:
    asked = {"share": 0.5, "saved_share": 0.2} | more
    found = own_plan(begun(a_week, weeks), settled, tuned_accounts=2_000, **asked)
    assert found is not None
    return found


def test_the_rate_leaves_out_the_first_list_and_its_interval_holds_the_truth() -> None:
    asked = {"share": 0.1, "saved_share": 0.2, "tuned_accounts": 2_000}
    found = [own_plan(begun(40, 20, seed), NOTHING, **asked) for seed in range(40)]
    held = [each is not None and each.first_entries_low <= 40 <= each.first_entries_high for each in found]
    assert np.mean(held) >= 0.85


def test_the_weeks_of_a_share_are_those_of_the_textbook() -> None:
    needed = 2 * accounts_needed(0.5, 0.4, 0.5)
    found = planned()
    assert found.share_kept.value == pytest.approx(needed / found.first_entries_a_week, rel=0.05)
    assert found.share_kept.low < found.share_kept.value < found.share_kept.high


def test_money_takes_the_variance_of_what_was_spent() -> None:
    random = np.random.default_rng(1)
    orders, tail = random.random(2_000) < 0.5, np.exp(random.standard_normal(2_000))
    spent, heavy = (pd.DataFrame({"spent": np.where(orders, 4_000 * each, 0)}) for each in (1, tail))
    predicted, plain, long = (planned(settled=each) for each in (NOTHING, spent, heavy))
    assert plain.money_kept.value == pytest.approx(predicted.money_kept.value, rel=0.1)
    assert (predicted.from_settled, plain.from_settled) == (False, True)
    assert long.money_kept.value > 2 * plain.money_kept.value
    relative = [each.money_kept.high / each.money_kept.low for each in (plain, long)]
    assert relative[1] > relative[0]


def test_the_planned_accounts_have_the_planned_power() -> None:
    found = planned(saved_share=0.2)
    accounts = round(found.share_kept.value * found.first_entries_a_week)
    random = np.random.default_rng(2)
    kept = [random.binomial(accounts // 2, p, 3_000) / (accounts // 2) for p in (0.6, 0.5)]
    error = np.sqrt(sum(each * (1 - each) / (accounts // 2) for each in kept))
    assert (np.abs(kept[0] - kept[1]) > 1.96 * error).mean() == pytest.approx(0.8, abs=0.05)


def test_looking_every_week_takes_longer() -> None:
    found = planned()
    assert 1.5 < found.share_kept_any_time.value / found.share_kept.value < 3.5


def test_without_a_holdout_or_a_few_lists_nothing_is_planned() -> None:
    assert own_plan(begun(40, 30), NOTHING, share=0.0, saved_share=0.2, tuned_accounts=2_000) is None
    assert own_plan(begun(40, 2), NOTHING, share=0.1, saved_share=0.2, tuned_accounts=2_000) is None
    assert own_plan(begun(40, 30).iloc[:0], NOTHING, share=0.1, saved_share=0.2, tuned_accounts=2_000) is None


def test_an_effect_that_no_shop_waits_for_is_said() -> None:
    found = planned(saved_share=0.0001)
    assert str(found.share_kept) == "more than a century"
    assert any("first entries a week" in line for line in found.lines())
