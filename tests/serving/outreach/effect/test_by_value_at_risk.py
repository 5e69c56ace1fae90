"""The money measured in the value at risk: against the regression written out, and the laws that follow from it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from serving.outreach.effect.by_value_at_risk import MOST_DRIVEN_AWAY, OnEntry, compare_by_value_at_risk
from serving.outreach.effect.comparison import Difference, arm_weights

N = 360


def shop(accounts: int = N, seed: int = 0) -> tuple[np.ndarray, np.ndarray, OnEntry]:
    """Spends, arms and what was known; two of three are treated, and a third of what is at risk is saved."""
    random = np.random.default_rng(seed)
    treated = np.arange(accounts) % 3 > 0
    known = OnEntry(
        expected=3_000 * np.exp(0.8 * random.standard_normal(accounts)),
        probability=random.uniform(0.2, 0.8, accounts),
        left=random.uniform(0.1, 0.5, accounts),
        spent_before=random.uniform(0, 5_000, accounts),
    )
    spent = known.expected * (random.random(accounts) > known.probability) + treated * known.at_risk / 3
    return spent, treated, known


def compared(spent: np.ndarray, treated: np.ndarray, known: OnEntry, **drawn: object) -> Difference:
    count = len(spent)
    found = compare_by_value_at_risk(
        spent, treated, known, **{"account": np.arange(count), "stratum": np.zeros(count), **drawn}
    )
    assert found is not None
    return found


def fitted(spent: np.ndarray, rows: np.ndarray, treated: np.ndarray, known: OnEntry, weight: np.ndarray) -> np.ndarray:
    """The money of all treated of a size as a linear function of the spends: the textbook's weighted least squares."""
    stays = 1 - known.probability
    columns = [known.expected, known.expected * stays, known.expected * known.probability * stays]
    columns += [known.spent_before * stays, known.at_risk * treated]
    x, root = np.column_stack(columns)[rows], np.sqrt(weight[rows])[:, None]
    return np.linalg.lstsq(x * root, np.diag(root[:, 0]), rcond=None)[0][-1] * known.at_risk[rows & treated].sum()


@pytest.mark.parametrize(
    ("accounts", "sizes", "risk"), [(117, 1, 1), (240, 2, 1), (357, 2, 1), (360, 3, 1), (900, 5, 1), (117, 1, 0.002)]
)
def test_it_is_weighted_least_squares_within_each_size(accounts: int, sizes: int, risk: float) -> None:
    """As many sizes as have forty held out each, five at most; the middle of what the bound allows, half as bias."""
    spent, treated, known = shop(accounts)
    known = replace(known, left=known.left * risk)
    stratum = np.arange(accounts) // 2 % 2
    found = compared(spent, treated, known, stratum=stratum)
    scatter = np.sqrt(0.1 + known.probability * (1 - known.probability))
    weight = arm_weights(treated, stratum) / (known.expected * scatter) ** 2
    place = np.searchsorted(np.quantile(known.expected, np.arange(1, sizes) / sizes), known.expected)
    total, unseen = 0.0, 0.0
    for size in range(sizes):
        rows = place == size
        pull = fitted(spent, rows, treated, known, weight)
        total += pull @ spent[rows]
        lost = MOST_DRIVEN_AWAY * (known.expected * (1 - known.left) * treated)[rows]
        unseen += lost.sum() - pull @ lost
    count = treated.sum()
    assert found.value == pytest.approx((total - unseen / 2) / count)
    assert found.bias == pytest.approx(abs(unseen) / 2 / count)
    held_out = int((~treated).sum())
    assert found.degrees_of_freedom == max(1, held_out - 5 * sizes)
    assert found.accounts == accounts


def test_its_error_is_that_of_mackinnon_and_white_by_account() -> None:
    spent, treated, known = shop(117)
    account = np.array([f"c{n // 2}" for n in range(117)])
    found = compared(spent, treated, known, account=account)
    stays = 1 - known.probability
    x = np.column_stack(
        [known.expected, known.expected * stays, known.expected * known.probability * stays]
        + [known.spent_before * stays, known.at_risk * treated]
    )
    weight = arm_weights(treated, np.zeros(117, dtype=np.int64))
    weight = weight / (known.expected**2 * (0.1 + known.probability * stays))
    root = np.sqrt(weight)[:, None]
    inverse = np.linalg.pinv(x * root) * root[:, 0]
    hat = np.einsum("ij,ji->i", x, inverse)
    own = inverse[-1] * (spent - x @ inverse @ spent) / np.sqrt(1 - hat) * known.at_risk[treated].sum()
    sums = [own[account == name].sum() for name in np.unique(account)]
    assert found.standard_error == pytest.approx(np.sqrt(np.square(sums).sum()) / treated.sum(), rel=1e-6)
    assert found.accounts == len(sums)


def test_the_saved_share_of_what_is_at_risk_is_demanded_back() -> None:
    """Where spends are what was expected and a quarter of what is at risk is saved, nothing is left to chance."""
    _, treated, known = shop()
    spent = known.expected * (1 - known.probability) + treated * known.at_risk / 4
    found = compared(spent, treated, known)
    assert found.value + found.bias == pytest.approx((known.at_risk[treated] / 4).mean(), rel=0.2)
    assert found.standard_error == pytest.approx(0, abs=1e-6)
    same = compared(spent + 5 * known.spent_before * (1 - known.probability), treated, known)
    assert same.value == pytest.approx(found.value)


@pytest.mark.parametrize("nothing", [{"expected": 0.0}, {"expected": -5.0}, {"left": 0.0}])
def test_where_nothing_is_expected_or_at_risk_there_is_no_such_measure(nothing: dict[str, float]) -> None:
    spent, treated, known = shop()
    none = replace(known, **{name: np.full(N, value) for name, value in nothing.items()})
    drawn = np.arange(N), np.zeros(N)
    assert compare_by_value_at_risk(spent, treated, none, *drawn) is None
    if "left" in nothing:
        held = replace(known, left=np.where(treated, 0.0, 0.5))
        assert compare_by_value_at_risk(spent, treated, held, *drawn) is None
    one = replace(
        none,
        **{name: np.where(np.arange(N) == 1, 0.5, values[1]) for name, values in vars(none).items() if name in nothing},
    )
    assert compare_by_value_at_risk(spent, treated, one, *drawn) is not None


def test_of_whom_nothing_is_expected_there_is_no_risk_and_some_spread() -> None:
    known = OnEntry(np.array([-50.0, 0.0, 1.0, 449.0]), np.array([0.0, 0.5, 0.5, 1.0]), np.full(4, 0.25), np.zeros(4))
    assert known.at_risk.tolist() == [0.0, 0.0, 0.25, 112.25]
    assert known.not_at_risk.tolist() == [0.0, 0.0, 0.75, 336.75]
    assert known.spread == pytest.approx([np.sqrt(0.1), np.sqrt(0.35), np.sqrt(0.35), 449 * np.sqrt(0.1)])
    stays = np.array([1.0, 0.5, 0.5, 0.0])
    assert known.predictors[:, 1].tolist() == (known.expected * stays).tolist()


def test_accounts_are_told_apart_as_they_are_written_and_strata_are_weighted() -> None:
    spent, treated, known = shop(120)
    plain = compared(spent, treated, known)
    twice = compared(spent, treated, known, account=np.array([f"c{n % 60}" for n in range(120)], dtype=object))
    assert (plain.accounts, twice.accounts) == (120, 60)
    assert twice.standard_error != pytest.approx(plain.standard_error)
    stratum = np.where(np.arange(120) % 3 + np.arange(120) // 60 > 1, "a", "b")
    apart = compared(spent, treated, known, stratum=stratum).value
    assert apart != pytest.approx(plain.value)
    for names in ({"a": "x", "b": "x\0"}, {"a": 1, "b": "1"}):
        same = [names[each] for each in stratum.tolist()]
        assert compared(spent, treated, known, stratum=same).value == pytest.approx(apart)


def test_few_accounts_have_one_degree_of_freedom_at_least() -> None:
    spent, treated, known = shop(18)
    assert compared(spent, treated, known).degrees_of_freedom == 1.0
    more = np.arange(60) < 10
    assert compared(*shop(60)[:1], more, shop(60)[2]).degrees_of_freedom == 5.0
