"""The effect on money: drawn again and again from accounts whose outcomes are known, and the truth demanded back."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import pandas as pd
import pytest
from msgspec.structs import astuple

from serving.outreach.effect.by_value_at_risk import MOST_DRIVEN_AWAY, OnEntry, compare_by_value_at_risk
from serving.outreach.effect.comparison import Difference, compare
from serving.outreach.effect.declared import Declared
from serving.outreach.effect.estimate import estimate_around
from serving.outreach.effect.group import group_effect
from serving.outreach.effect.spend_per_order import compare_spend_per_order
from tests.serving.outreach.effect.test_effect import drawn


@dataclass(frozen=True)
class Accounts:
    """Accounts with both of their outcomes: sizes are log-normal, a fifth of who has left is saved."""

    known: OnEntry
    uncontacted: np.ndarray
    contacted: np.ndarray

    @classmethod
    def of(cls, accounts: int, seed: int, driven_away: float = 0.0) -> Accounts:
        random = np.random.default_rng(seed)
        expected = 3_000 * np.exp(0.9 * random.standard_normal(accounts))
        left = random.uniform(0.1, 0.9, accounts)
        probability = left + (1 - left) * 0.2
        gone, luck = random.random(accounts) < left, random.random(accounts)
        spend = expected * np.exp(0.5 * random.standard_normal(accounts) - 0.125)
        orders = ~gone & (random.random(accounts) < (1 - probability) / (1 - left))
        saved, lost = gone & (luck < 0.2), ~gone & (luck < driven_away)
        known = OnEntry(expected, probability, left, np.zeros(accounts))
        return cls(known, np.where(orders, spend, 0.0), np.where(orders & ~lost | saved, spend, 0.0))

    def trial(self, random: np.random.Generator) -> tuple[float, Difference, Difference]:
        """Draw the arms; return the truth, the money measured in the value at risk, and the money as it is."""
        n = len(self.uncontacted)
        treated = random.permutation(n) >= 0.15 * n
        spent, drawn_in = np.where(treated, self.contacted, self.uncontacted), (np.arange(n), np.zeros(n))
        truth = float((self.contacted - self.uncontacted)[treated].mean())
        stays = self.known.expected * (1 - self.known.probability)
        columns = np.column_stack([self.known.probability, self.known.expected, stays])
        scaled = compare_by_value_at_risk(spent, treated, self.known, *drawn_in)
        assert scaled is not None
        return truth, scaled, compare(spent, treated, columns, *drawn_in).difference


def test_the_raw_moneys_truth_in_an_interval_a_quarter_narrower() -> None:
    accounts, random = Accounts.of(2_000, 0), np.random.default_rng(1)
    trials = [accounts.trial(random) for _ in range(200)]
    errors = np.array([[found.value - truth for found in both] for truth, *both in trials])
    widths = np.array([[found.standard_error for found in both] for _, *both in trials])
    held = (np.abs(errors) < 1.97 * widths).mean(axis=0)
    assert held[0] >= 0.92
    assert widths[:, 0].mean() < 0.75 * widths[:, 1].mean()
    assert abs(errors[:, 0].mean()) < widths[:, 0].mean() / 4


@pytest.mark.parametrize("driven_away", [0.0, MOST_DRIVEN_AWAY / 2, MOST_DRIVEN_AWAY])
def test_the_interval_holds_the_truth_however_many_are_driven_away_within_the_bound(driven_away: float) -> None:
    accounts, random = Accounts.of(6_000, 5, driven_away), np.random.default_rng(6)
    trials = [accounts.trial(random)[:2] for _ in range(120)]
    held = [low <= truth <= high for truth, found in trials for _, low, high in [astuple(found.estimate())]]
    assert np.mean(held) >= 0.92
    errors = [found.value - truth for truth, found in trials]
    assert abs(np.mean(errors)) <= trials[0][1].bias + 2 * np.std(errors) / np.sqrt(len(errors))


def test_a_bias_widens_less_than_it_is_large() -> None:
    plain, moved = estimate_around(0.0, 1.0), estimate_around(0.0, 1.0, bias=1.0)
    assert plain.high < moved.high < plain.high + 1.0
    chance = NormalDist(1.0)
    assert chance.cdf(moved.high) - chance.cdf(moved.low) == pytest.approx(0.95, abs=1e-6)


def test_twice_the_currency_is_twice_the_money() -> None:
    accounts = Accounts.of(600, 2)
    treated, drawn_in = np.arange(600) % 5 > 0, (np.arange(600), np.zeros(600))
    known = accounts.known
    spent = np.where(treated, accounts.contacted, accounts.uncontacted)
    one = compare_by_value_at_risk(spent, treated, known, *drawn_in)
    larger = OnEntry(known.expected * 1_000, known.probability, known.left, known.spent_before)
    thousand = compare_by_value_at_risk(spent * 1_000, treated, larger, *drawn_in)
    assert one is not None
    assert thousand is not None
    assert thousand.value == pytest.approx(1_000 * one.value)
    assert thousand.standard_error == pytest.approx(1_000 * one.standard_error)


def test_without_expected_spend_it_is_the_money_as_it_is() -> None:
    found = group_effect("all", drawn(2_000, (0.7, 0.6)).assign(expected_spend=0))
    assert found.money_kept == found.money_unscaled


def test_the_declared_percentile_cuts() -> None:
    episodes = drawn(2_000, (0.7, 0.6))
    episodes.loc[episodes.index[-5:], "spent"] = 1_000_000
    cut, uncut = (group_effect("all", episodes, Declared(spend_cap_quantile=at)) for at in (0.99, 1.0))
    assert uncut.money_capped == uncut.money_unscaled
    assert cut.money_capped.high < uncut.money_capped.high


def test_both_intervals_have_one_value_and_the_sequence_is_wider() -> None:
    both = group_effect("all", drawn(2_000, (0.7, 0.6))).both
    assert set(both) == {"difference", "customers_kept", "money_kept", "money_unscaled"}
    for each in both.values():
        assert each.fixed.value == each.any_time.value
        assert each.any_time.low < each.fixed.low < each.fixed.high < each.any_time.high


def test_contacts_that_save_none_of_the_larger_are_told() -> None:
    """Where the assumption is wrong within a size, the two ways disagree, and it is said which one holds."""
    random, n = np.random.default_rng(3), 6_000
    episodes = drawn(n, (0.6, 0.6), share=0.5)
    expected = 1_000 * np.exp(1.5 * random.standard_normal(n))
    treated = (episodes["arm"] == "treated").to_numpy()
    gain = np.where(
        expected < np.quantile(expected, 0.9), 0.0, 0.5 * expected / (expected / np.quantile(expected, 0.9)) ** 2
    )
    spent = expected * random.uniform(0.45, 0.55, n) + gain * treated
    found = group_effect("all", episodes.assign(expected_spend=expected.round(), spent=spent, probability=0.5))
    assert found.ways_disagree


def test_spend_per_order_by_the_delta_method() -> None:
    """Against the bootstrap over accounts, which knows nothing of it."""
    random, n = np.random.default_rng(4), 1_500
    treated, orders = np.arange(n) % 2 == 0, random.poisson(2.0, n).astype(float)
    spent = orders * random.uniform(10, 30, n) * np.where(treated, 1.1, 1.0)
    found = compare_spend_per_order(spent, orders, treated, np.zeros((n, 0)), np.arange(n), np.zeros(n))
    assert found is not None
    rows = [[random.choice(np.flatnonzero(arm), arm.sum()) for arm in (treated, ~treated)] for _ in range(800)]
    ratios = [[spent[own].sum() / orders[own].sum() for own in both] for both in rows]
    assert found.standard_error == pytest.approx(np.std([a - b for a, b in ratios]), rel=0.1)
    assert found.value == pytest.approx(
        spent[treated].sum() / orders[treated].sum() - spent[~treated].sum() / orders[~treated].sum()
    )


def test_nobody_who_orders_has_no_spend_per_order() -> None:
    treated = np.arange(40) % 2 == 0
    assert (
        compare_spend_per_order(np.zeros(40), np.zeros(40), treated, np.zeros((40, 0)), np.arange(40), np.zeros(40))
        is None
    )


def test_what_a_later_version_declares_is_left_alone() -> None:
    assert Declared.read(None) == Declared()
    assert Declared.read({"tuned_accounts": 700, "unheard of": 1}) == Declared(tuned_accounts=700)


def test_left_probability_of_older_episodes_is_that_of_the_window() -> None:
    episodes = drawn(2_000, (0.7, 0.6))
    none = episodes.assign(left_probability=pd.Series(None, index=episodes.index, dtype=object))
    assert group_effect("all", none) == group_effect("all", episodes)
