"""The comparison of two arms: what it is in the simplest case, and what strata, covariates and accounts change."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ttest_ind

from serving.outreach.effect.comparison import ArmMean, Comparison, Difference, arm_weights, compare
from serving.outreach.effect.confidence_sequence import sequence_around
from serving.outreach.effect.estimate import estimate_around

NOTHING_KNOWN = 0


def arms(n_treated: int, n_holdout: int) -> np.ndarray:
    return np.arange(n_treated + n_holdout) < n_treated


def compared(outcome: np.ndarray, treated: np.ndarray, known: np.ndarray | None = None) -> Comparison:
    """Each episode of an account of its own, all in one stratum."""
    n = len(outcome)
    return compare(
        outcome, treated, np.zeros((n, NOTHING_KNOWN)) if known is None else known, np.arange(n), ["all"] * n
    )


@pytest.mark.parametrize(("n_treated", "n_holdout"), [(2, 2), (30, 5), (200, 40)])
def test_without_anything_known_it_is_welchs_t_test(n_treated: int, n_holdout: int) -> None:
    random = np.random.default_rng(n_treated)
    outcome, treated = random.normal(5, 3, n_treated + n_holdout), arms(n_treated, n_holdout)
    found, welch = compared(outcome, treated), ttest_ind(outcome[treated], outcome[~treated], equal_var=False)
    assert found.value == pytest.approx(outcome[treated].mean() - outcome[~treated].mean())
    assert found.value / found.standard_error == pytest.approx(welch.statistic)
    assert found.degrees_of_freedom == pytest.approx(welch.df)
    assert found.accounts == found.difference.accounts == n_treated + n_holdout
    assert found.difference.bias == 0
    assert found.difference.estimate() == found.estimate()


def test_a_holdout_that_follows_what_is_known_is_read_at_the_treateds_mean() -> None:
    treated, known = arms(60, 60), np.random.default_rng(0).normal(size=(120, 2))
    outcome = 7 + known @ np.array([3.0, -2.0])
    found = compared(outcome + 5 * treated, treated, known)
    assert found.holdout.value == pytest.approx(7 + known[treated].mean(axis=0) @ np.array([3.0, -2.0]))
    assert found.value == pytest.approx(5)
    assert found.holdout.variance == pytest.approx(0, abs=1e-20)
    assert found.holdout.degrees_of_freedom == 60 - 3


@pytest.mark.parametrize(("n_holdout", "used"), [(39, False), (40, True)])
def test_what_is_known_is_used_from_twenty_accounts_per_coefficient_on(n_holdout: int, used: bool) -> None:
    """Of the smaller arm, whichever that is; a column that is the same for all is no coefficient."""
    for treated in (arms(100, n_holdout), ~arms(n_holdout, 100)[::-1], arms(n_holdout, 100)):
        x = np.linspace(0, 1, len(treated)) ** 2
        known = np.column_stack([x, np.full(len(x), 9.0)])
        found = compared(3 * x, treated, known)
        assert found.value == pytest.approx(0 if used else 3 * (x[treated].mean() - x[~treated].mean()), abs=1e-9)


def test_the_unit_of_what_is_known_does_not_matter() -> None:
    random = np.random.default_rng(3)
    treated, known = arms(90, 60), random.normal(4, 2, size=(150, 1))
    outcome = known[:, 0] + random.normal(size=150)
    for factor in (1e6, 1e-6):
        one, other = compared(outcome, treated, known), compared(outcome, treated, known * factor)
        assert other.value == pytest.approx(one.value)
        assert other.standard_error == pytest.approx(one.standard_error)


def test_episodes_of_one_account_count_as_one() -> None:
    """The same told twice is known no better, in either arm."""
    random = np.random.default_rng(5)
    outcome, treated = random.normal(size=60), arms(40, 20)
    once = compared(outcome, treated)
    accounts = [f"c{n}" for n in range(60)] * 2
    twice = compare(np.tile(outcome, 2), np.tile(treated, 2), np.zeros((120, 0)), accounts, ["all"] * 120)
    assert twice.value == pytest.approx(once.value)
    assert twice.accounts == once.accounts == 60
    assert twice.treated.degrees_of_freedom == once.treated.degrees_of_freedom == 39
    assert twice.standard_error == pytest.approx(once.standard_error, rel=0.03)


def test_the_holdout_is_given_the_treateds_mix_of_strata() -> None:
    stratum = np.repeat([0, 0, 1, 1], [30, 10, 20, 40])
    treated = np.repeat([True, False, True, False], [30, 10, 20, 40])
    weight = arm_weights(treated, stratum)
    assert weight[treated].tolist() == [1.0] * 50
    assert weight[~treated].tolist() == [3.0] * 10 + [0.5] * 40
    found = compare(stratum.astype(float), treated, np.zeros((100, 0)), np.arange(100), stratum)
    assert found.value == pytest.approx(0)


@pytest.mark.parametrize("thin_in_holdout", [True, False])
def test_strata_of_under_ten_in_an_arm_are_pooled(thin_in_holdout: bool) -> None:
    """Nine of one arm in each of two strata, forty-five and nine of the other: together eighteen and fifty-four."""
    stratum = np.repeat([0, 1, 2, 0, 1, 2], [9, 9, 10, 45, 9, 10])
    small = np.arange(len(stratum)) < 28
    treated = ~small if thin_in_holdout else small
    weight = arm_weights(treated, stratum)
    ratio = 3.0 if thin_in_holdout else 1 / 3
    assert weight[~treated & (stratum < 2)] == pytest.approx(ratio)
    assert weight[~treated & (stratum == 2)] == pytest.approx(1.0)
    assert weight[treated].tolist() == [1.0] * treated.sum()


def test_a_stratum_without_one_of_the_arms_is_left_as_it_is() -> None:
    for treated in (np.array([True] * 12), np.array([False] * 12)):
        assert arm_weights(treated, np.zeros(12, dtype=np.int64)).tolist() == [1.0] * 12


@pytest.mark.parametrize(
    ("n_treated", "n_holdout", "weight"), [(12, 1, 12.0), (1, 12, 1 / 12), (1, 1, 1.0), (2, 1, 2.0)]
)
def test_a_single_account_of_an_arm_has_a_weight_too(n_treated: int, n_holdout: int, weight: float) -> None:
    treated = arms(n_treated, n_holdout)
    found = arm_weights(treated, np.zeros(len(treated), dtype=np.int64))
    assert found[~treated] == pytest.approx(weight)


def test_ids_that_differ_in_anything_are_different_accounts_and_strata() -> None:
    """A NUL at the end, and a number that is written as a text is."""
    outcome, treated = np.random.default_rng(8).normal(size=80), arms(40, 40)
    plain = compared(outcome, treated)
    ids = [*(f"c{n}" for n in range(20)), *(f"c{n}\0" for n in range(20)), *range(20), *(str(n) for n in range(20))]
    found = compare(outcome, treated, np.zeros((80, 0)), ids, ["all"] * 80)
    assert (found.accounts, found.standard_error) == (80, pytest.approx(plain.standard_error))
    stratum = np.where(np.arange(80) % 4 == 0, "a", "a\0").astype(object)
    mixed = np.array([*([1] * 10), *(["1"] * 30), *([1] * 20), *(["1"] * 20)], dtype=object)
    for names in (stratum, mixed):
        codes = np.array([0 if name in ("a", 1) else 1 for name in names])
        weighted = [compare(outcome, treated, np.zeros((80, 0)), ids, each).value for each in (names.tolist(), codes)]
        assert weighted[0] == pytest.approx(weighted[1], abs=1e-12)
    assert weighted[0] != pytest.approx(plain.value)


def test_the_error_of_each_arm_is_that_of_mackinnon_and_white() -> None:
    """HC2, account by account, as the paper writes it: its residual over the root of one less its leverage."""
    random = np.random.default_rng(9)
    treated, known = arms(60, 45), random.exponential(size=(105, 1))
    outcome = known[:, 0] + random.normal(size=105) * (1 + known[:, 0])
    found = compared(outcome, treated, known)
    centred = (known[:, 0] - known[treated, 0].mean()) / known[:, 0].std()
    for arm, mean in ((treated, found.treated), (~treated, found.holdout)):
        x = np.column_stack([np.ones(arm.sum()), centred[arm]])
        inverse = np.linalg.inv(x.T @ x)
        left = outcome[arm] - x @ inverse @ x.T @ outcome[arm]
        own = [(inverse @ row)[0] * e / np.sqrt(1 - row @ inverse @ row) for row, e in zip(x, left, strict=True)]
        assert mean.variance == pytest.approx(np.sum(np.square(own)))


def test_what_hardly_varies_is_not_used() -> None:
    """A spread of a millionth of a millionth is the error of adding numbers up."""
    for spread, used in ((0.99e-12, False), (1.01e-12, True)):
        treated, known = arms(64, 64), np.where(np.arange(128) % 2 == 0, spread, -spread)[:, None]
        found = compared(np.arange(128.0), treated, known)
        assert found.treated.degrees_of_freedom == (62 if used else 63)


def test_degrees_of_freedom_of_arms_without_any_spread_or_of_one_account() -> None:
    assert Comparison(ArmMean(1, 0, 5), ArmMean(2, 0, 5)).degrees_of_freedom == np.inf
    assert Comparison(ArmMean(1, 4, 0), ArmMean(2, 0, 5)).degrees_of_freedom == 1
    assert Comparison(ArmMean(1, 4, 0.5), ArmMean(2, 0, 5)).degrees_of_freedom == 1
    assert Comparison(ArmMean(1, 4, 1.5), ArmMean(2, 0, 5)).degrees_of_freedom == 1.5


def test_an_arm_of_one_account_adds_no_error_of_its_own() -> None:
    """Its leverage is one and its residual nought: without the bound on leverage the error would be no number."""
    found = compared(np.array([1.0, 2.0, 4.0, 4.0]), arms(3, 1))
    assert found.holdout.variance == 0
    assert found.standard_error == pytest.approx(np.std([1, 2, 4], ddof=1) / np.sqrt(3))


def test_both_intervals_are_made_of_the_difference_its_error_and_its_bias() -> None:
    found = Difference(value=7.0, standard_error=2.0, degrees_of_freedom=30.0, accounts=400, bias=0.5)
    assert found.estimate() == estimate_around(7.0, 2.0, 30.0, 0.5)
    assert found.any_time(90) == sequence_around(7.0, 2.0, 400, 30.0, 90, 0.5)
