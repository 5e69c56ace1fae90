"""The effect in one group: from how many accounts on each figure is given, what it is made of, and in which words."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

from features.money import Money
from serving.outreach.effect.by_value_at_risk import OnEntry, compare_by_value_at_risk
from serving.outreach.effect.comparison import Difference, compare
from serving.outreach.effect.declared import Declared
from serving.outreach.effect.estimate import UNKNOWN, Estimate, in_major_units
from serving.outreach.effect.group import (
    BothIntervals,
    GroupEffect,
    _disagree,
    compare_kept,
    group_effect,
    is_enough,
    without_figure,
)
from serving.outreach.effect.spend_per_order import compare_spend_per_order

EUROS = Money("EUR")


def episodes(treated: int = 200, holdout: int = 150, **other: Any) -> pd.DataFrame:
    """Settled first episodes; of the treated three in four stay, of the held-out two, each known by other numbers."""
    random, count = np.random.default_rng(0), treated + holdout
    is_treated = np.arange(count) % count < treated
    place = np.where(is_treated, np.arange(count), np.arange(count) - treated)
    kept = place % 4 < np.where(is_treated, 3, 2)
    expected = random.integers(1_000, 9_000, count)
    orders = np.where(kept, random.integers(1, 4, count), 0)
    made = {
        "account_id": [f"c{n}" for n in range(count)],
        "arm": np.where(is_treated, "treated", "holdout"),
        "stratum": np.where(place % 5 < 2, "a", "b"),
        "contacted": place % 10 < np.where(is_treated, 9, 1),
        "kept": kept,
        "probability": random.uniform(0.2, 0.8, count),
        "left_probability": random.uniform(0.1, 0.5, count),
        "expected_spend": expected,
        "order_days": orders,
        "spent": orders * expected,
        "spent_before": random.integers(0, 9_000, count),
    }
    return pd.DataFrame(made | other)


class Parts:
    """The columns of episodes, as the comparisons take them."""

    def __init__(self, rows: pd.DataFrame) -> None:
        self.treated = (rows["arm"] == "treated").to_numpy()
        numbers = ("kept", "probability", "expected_spend", "spent_before", "spent", "order_days", "left_probability")
        self.kept, self.probability, self.expected, self.before, self.spent, self.orders, self.left = (
            rows[name].to_numpy(dtype=float) for name in numbers
        )
        self.drawn = rows["account_id"].tolist(), rows["stratum"].tolist()
        self.known = np.column_stack(
            [self.probability, self.expected, self.expected * (1 - self.probability), self.before]
        )


def test_the_share_is_adjusted_for_risk_and_the_logarithms_of_money() -> None:
    rows = episodes(spent_before=np.where(np.arange(350) % 9 == 0, -40, np.arange(350) * 7))
    parts = Parts(rows)
    logs = [np.log1p(np.maximum(money, 0)) for money in (parts.expected, parts.before)]
    known = np.column_stack([parts.probability, *logs])
    assert compare_kept(rows) == compare(parts.kept, parts.treated, known, *parts.drawn)


def test_each_figure_is_made_of_its_own_comparison() -> None:
    rows, declared = episodes(), Declared(spend_cap_quantile=0.9, tuned_accounts=700)
    parts, found = Parts(rows), group_effect("some", rows, declared)
    share = compare_kept(rows)
    assert share is not None
    entry = OnEntry(parts.expected, parts.probability, parts.left, parts.before)
    money = compare_by_value_at_risk(parts.spent, parts.treated, entry, *parts.drawn)
    unscaled = compare(parts.spent, parts.treated, parts.known, *parts.drawn).difference
    cut = np.minimum(parts.spent, np.quantile(parts.spent, 0.9))
    capped = compare(cut, parts.treated, parts.known, *parts.drawn).difference
    per_order = compare_spend_per_order(parts.spent, parts.orders, parts.treated, parts.known, *parts.drawn)
    assert money is not None
    assert per_order is not None
    assert (found.name, found.treated, found.holdout, found.contacted, found.leaked) == ("some", 200, 150, 180, 15)
    assert (found.kept_treated, found.kept_holdout) == (0.75, pytest.approx(0.5, abs=0.01))
    assert (found.kept_expected, found.error) == (share.holdout.value, share.standard_error)
    assert (found.difference, found.customers_kept) == (share.estimate(), share.estimate() * 200)
    assert (found.money_each, found.money_kept) == (money.estimate(), money.estimate() * 200)
    assert (found.money_unscaled, found.money_capped) == (unscaled.estimate() * 200, capped.estimate() * 200)
    assert found.spend_per_order == per_order.estimate()
    any_time = {"difference": share.difference, "customers_kept": share.difference}
    any_time |= {"money_kept": money, "money_unscaled": unscaled}
    factors = {"difference": 1, "customers_kept": 200, "money_kept": 200, "money_unscaled": 200}
    assert dict(found.both) == {
        name: BothIntervals(each.estimate() * factors[name], each.any_time(700) * factors[name])
        for name, each in any_time.items()
    }
    assert group_effect("some", rows) == group_effect("some", rows, Declared())


@pytest.mark.parametrize(
    ("treated", "holdout", "share", "money"),
    [
        (149, 150, True, False),
        (150, 149, True, False),
        (150, 150, True, True),
        (30, 30, True, False),
        (30, 29, False, False),
    ],
)
def test_money_takes_more_accounts_than_a_share(treated: int, holdout: int, share: bool, money: bool) -> None:
    found = group_effect("all", episodes(treated, holdout))
    assert (found.is_enough, found.error is not None, found.difference != UNKNOWN) == (share, share, share)
    told = [found.money_each, found.money_kept, found.money_unscaled, found.money_capped, found.spend_per_order]
    assert [each != UNKNOWN for each in told] == [money] * 5
    assert [each.any_time != UNKNOWN for each in found.both.values()] == [share, share, money, money]
    assert found.kept_treated == pytest.approx(0.75, abs=0.02)


def test_without_a_comparison_the_shares_are_as_counted() -> None:
    rows = episodes(20, 10)
    found = group_effect("few", rows)
    assert (found.kept_treated, found.kept_holdout, found.kept_expected, found.error) == (0.75, 0.6, 0.6, None)
    alone = group_effect("one arm", rows[rows["arm"] == "treated"])
    assert (alone.kept_treated, alone.kept_holdout, alone.kept_expected, alone.ways_disagree) == (
        0.75,
        None,
        None,
        False,
    )


@pytest.mark.parametrize(
    ("arms", "enough"),
    [
        (((30, 5), (30, 5)), True),
        (((30, 25), (30, 25)), True),
        (((30, 26), (30, 15)), False),
        (((30, 15), (30, 26)), False),
        (((30, 4), (30, 15)), False),
        (((30, 15), (30, 4)), False),
        (((29, 15), (30, 15)), False),
        (((30, 15), (29, 15)), False),
    ],
)
def test_it_takes_thirty_of_each_and_five_of_each_who_stayed_and_who_left(
    arms: tuple[tuple[int, int], tuple[int, int]], enough: bool
) -> None:
    kept = np.concatenate([np.arange(count) < stayed for count, stayed in arms]).astype(float)
    assert is_enough(np.arange(len(kept)) < arms[0][0], kept) is enough


def test_what_older_episodes_do_not_say_is_the_risk_of_the_window() -> None:
    rows = episodes()
    of_the_window = group_effect("all", rows.assign(left_probability=rows["probability"]))
    assert group_effect("all", rows.drop(columns="left_probability")) == of_the_window
    half = np.arange(350) % 2 == 0
    some = rows["left_probability"].where(half, None).astype(object)
    both = rows["left_probability"].where(half, rows["probability"])
    assert group_effect("all", rows.assign(left_probability=some)) == group_effect(
        "all", rows.assign(left_probability=both)
    )
    assert group_effect("all", rows) != of_the_window


@pytest.mark.parametrize(
    ("value", "error", "disagree"),
    [
        (1.0 + 1.95 * 3, 5.0, False),
        (1.0 + 1.97 * 3, 5.0, True),
        (1.0 - 1.97 * 3, 5.0, True),
        (99.0, 4.0, False),
        (99.0, 3.0, False),
    ],
)
def test_two_ways_disagree_beyond_what_their_errors_explain(value: float, error: float, disagree: bool) -> None:
    """Four and five are the errors: that of their difference is three (Hausman)."""
    money, plain = Difference(1.0, 4.0, 99.0, 350), Difference(value, error, 99.0, 350)
    assert _disagree(money, plain) is disagree
    assert _disagree(None, plain) is _disagree(money, None) is False


def test_a_group_says_whether_its_two_ways_disagree(monkeypatch: pytest.MonkeyPatch) -> None:
    """However small the money is; here both are far apart, and then alike."""
    assert _disagree(Difference(1.0, 0.04, 9.0, 9), Difference(2.0, 0.05, 9.0, 9))
    module, rows = "serving.outreach.effect.group.compare_by_value_at_risk", episodes()
    for value, disagree in ((1e9, True), (group_effect("all", rows).money_unscaled.value / 200, False)):
        monkeypatch.setattr(module, lambda *_, value=value: Difference(value, 0.001, 99.0, 350))
        assert group_effect("all", rows).ways_disagree is disagree


FIGURES = {"difference": 0.1, "customers_kept": 1_234.0, "money_kept": 56_700.0}
SOME = {name: Estimate(value, -value, 2 * value) for name, value in FIGURES.items()}


def measured(**other: Any) -> GroupEffect:
    """A group whose figures are all different."""
    money = {
        name: Estimate(100.0 * n, 50.0 * n, 150.0 * n)
        for n, name in enumerate(("money_each", "money_unscaled", "money_capped", "spend_per_order"), 1)
    }
    both = {name: BothIntervals(each, each * 2) for name, each in SOME.items()}
    counts = {"treated": 12_345, "holdout": 1_500, "contacted": 12_000, "leaked": 3}
    shares = {"kept_treated": 0.7, "kept_holdout": 0.65, "kept_expected": 0.6}
    rest = {"error": 0.05, "ways_disagree": True, "both": both}
    return GroupEffect(**{"name": "all", **counts, **shares, **SOME, **money, **rest, **other})


def test_it_is_said_in_a_sentence() -> None:
    group = measured()
    kept = group.money_kept.as_money(EUROS)
    assert group.line(EUROS) == (
        "all: of 12,345 we meant to contact 70.0 % stayed, of 1,500 held out 60.0 % at the same risk and value: "
        "10.0 points more (95 % interval −10.0 to 20.0) = 1,234 customers kept (−1,234 to 2,468) and " + kept
    )
    assert measured(money_kept=UNKNOWN).line(EUROS).endswith(" and too few to say of the money")
    assert measured(difference=UNKNOWN).line(EUROS) == (
        "all: too few to say (12,345 treated, 1,500 held out; it takes 30 of each, of them 5 who stayed and 5 who did "
        "not)"
    )


def test_the_intervals_of_every_week_are_said_in_a_sentence() -> None:
    group = measured()
    shown = "20.0 points more (95 % interval −20.0 to 40.0) = 2,468 customers kept (−2,468 to 4,936)"
    assert group.any_time_line(EUROS) == f"{shown} and {(SOME['money_kept'] * 2).as_money(EUROS)}"
    none = measured(both=dict(group.both) | {"money_kept": BothIntervals(UNKNOWN, UNKNOWN)})
    assert none.any_time_line(EUROS) == shown


def test_it_is_a_row_of_a_table() -> None:
    cells = ["all", "12,345", "1,500", "70.0 %", "60.0 %"]
    kept = SOME["money_kept"].as_money(EUROS)
    assert measured().row(EUROS) == [*cells, "10.0 (−10.0 to 20.0)", "1,234 (−1,234 to 2,468)", kept]
    assert measured(difference=UNKNOWN).row(EUROS) == [*cells, "too few to say", "–", "–"]


def test_it_is_answered_with_money_in_major_units() -> None:
    group = measured()
    answer = group.answer(EUROS)
    plain = ("name", "treated", "holdout", "contacted", "leaked", "kept_treated", "kept_holdout", "kept_expected")
    for name in (*plain, "difference", "customers_kept"):
        assert getattr(answer, name) == getattr(group, name)
    for name in ("money_each", "money_kept", "money_unscaled", "money_capped", "spend_per_order"):
        assert getattr(answer, name) == in_major_units(getattr(group, name), EUROS)
    assert answer.money_each.value == Decimal("1.00")
    weekly = answer.any_time
    assert (weekly.difference, weekly.customers_kept) == (SOME["difference"] * 2, SOME["customers_kept"] * 2)
    assert weekly.money_kept == in_major_units(SOME["money_kept"] * 2, EUROS)


def test_a_group_whose_arms_cannot_be_compared_has_counts_and_no_figure() -> None:
    found, group = without_figure(measured()), measured()
    none = dict.fromkeys(("kept_treated", "kept_holdout", "kept_expected", "error"))
    names = ("difference", "customers_kept", "money_each", "money_kept", "money_unscaled", "money_capped")
    unknown = dict.fromkeys((*names, "spend_per_order"), UNKNOWN)
    both = dict.fromkeys((*SOME, "money_unscaled"), BothIntervals(UNKNOWN, UNKNOWN))
    assert found == replace(group, **none, **unknown, ways_disagree=False, both=both)  # type: ignore[arg-type]
    assert not found.is_enough
