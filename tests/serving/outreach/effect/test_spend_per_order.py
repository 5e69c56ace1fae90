"""The spend per order: the ratio of each arm, with the error of its linear part."""

from __future__ import annotations

import numpy as np
import pytest

from serving.outreach.effect.comparison import compare
from serving.outreach.effect.spend_per_order import compare_spend_per_order

N = 200
TREATED = np.arange(N) % 3 > 0
DRAWN = np.arange(N), np.zeros(N)
NOTHING = np.zeros((N, 0))


def test_it_is_the_ratio_of_sums_and_its_error_that_of_the_linear_part() -> None:
    random = np.random.default_rng(0)
    orders = random.poisson(2.0, N).astype(float)
    spent = orders * random.uniform(10, 30, N)
    found = compare_spend_per_order(spent, orders, TREATED, NOTHING, *DRAWN)
    assert found is not None
    ratios, variances = [], []
    for arm in (TREATED, ~TREATED):
        ratio, n = spent[arm].sum() / orders[arm].sum(), arm.sum()
        ratios.append(ratio)
        variances.append(np.var((spent[arm] - ratio * orders[arm]) / orders[arm].mean(), ddof=1) / n)
    assert found.value == pytest.approx(ratios[0] - ratios[1])
    assert found.standard_error == pytest.approx(np.sqrt(sum(variances)))
    assert found.accounts == N


def test_what_was_known_is_used_and_strata_and_accounts_are() -> None:
    random = np.random.default_rng(1)
    known, orders = random.normal(size=(N, 1)), np.ones(N)
    stratum, account = np.where(np.arange(N) % 7 < 3, "a", "b"), np.arange(N) // 2
    spent = 50 + 10 * known[:, 0] + (stratum == "a") + random.normal(size=N)
    found = compare_spend_per_order(spent, orders, TREATED, known, account, stratum)
    assert found == compare(spent, TREATED, known, account, stratum).difference
    assert found != compare_spend_per_order(spent, orders, TREATED, NOTHING, account, stratum)


@pytest.mark.parametrize("without", [TREATED, ~TREATED])
def test_an_arm_without_an_order_has_none(without: np.ndarray) -> None:
    orders = np.where(without, 0.0, 1.0)
    assert compare_spend_per_order(orders, orders, TREATED, NOTHING, *DRAWN) is None


def test_a_single_order_is_enough() -> None:
    orders = np.zeros(N)
    orders[[0, 1]] = 0.5
    found = compare_spend_per_order(np.where(TREATED, 30.0, 20.0) * orders, orders, TREATED, NOTHING, *DRAWN)
    assert found is not None
    assert found.value == pytest.approx(10.0)
