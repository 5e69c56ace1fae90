"""Whether a group is served worse: the errors against resampling, no false alarms, and every injected harm found."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from training.backtest.clustered import auroc_estimate, mean, promised_auroc
from training.backtest.fairness.comparison import FALSE_WARNINGS, compared, judged_together
from training.backtest.fairness.groups import NO_VALUE, SMALL, group_of
from training.backtest.fairness.report import fairness
from training.backtest.fairness.rows import Judged
from training.backtest.fairness.words import verdict, warnings_of
from training.log_odds import log_odds_of, sigmoid
from training.metrics import auroc


def made_up(customers: int, seed: int, dates: int = 3) -> Judged:
    """A true model over some dates: each customer has one risk, which moves a little, and a tenth is listed."""
    random = np.random.default_rng(seed)
    usual = np.repeat(random.normal(-1, 1.2, customers), dates)
    p = sigmoid(usual + random.normal(0, 0.3, len(usual)))
    y = random.random(len(p)) < p
    listed = p >= np.quantile(p, 0.8)
    who = np.array([f"c{number:05}" for number in np.repeat(np.arange(customers), dates)], dtype=object)
    return Judged(who, y, p, listed, y & (random.random(len(y)) < 0.6), 90)


def halves(rows: Judged, seed: int) -> dict[str, str]:
    random = np.random.default_rng(seed)
    return {str(who): ("north", "south")[random.integers(2)] for who in dict.fromkeys(rows.customer_id.tolist())}


def test_errors_are_those_of_customers_drawn_again() -> None:
    rows = made_up(400, seed=1)
    _, codes = np.unique(rows.customer_id.astype(str), return_inverse=True)
    random, found = np.random.default_rng(0), []
    for _ in range(400):
        drawn = random.poisson(1.0, 400)[codes]
        again = rows.where(np.repeat(np.arange(len(codes)), drawn))
        found.append((auroc(again.y, again.p), float((again.y - again.p).mean())))
    errors = np.std(found, axis=0)
    ranked = auroc_estimate(rows.y, rows.p, rows.customer_id)
    assert ranked.value == pytest.approx(auroc(rows.y, rows.p))
    assert ranked.error == pytest.approx(errors[0], rel=0.15)
    assert mean(rows.y - rows.p, rows.customer_id).error == pytest.approx(errors[1], rel=0.15)


def test_ties_count_half_as_in_the_auroc() -> None:
    rows = made_up(200, seed=2)
    p = np.round(rows.p, 1)
    assert auroc_estimate(rows.y, p, rows.customer_id).value == pytest.approx(auroc(rows.y, p))


def test_true_percentages_keep_the_auroc_that_they_promise() -> None:
    rows = made_up(300, seed=3)
    random = np.random.default_rng(0)
    shown = [auroc(random.random(len(rows.p)) < rows.p, rows.p) for _ in range(200)]
    assert promised_auroc(rows.p) == pytest.approx(np.mean(shown), abs=0.003)


def test_groups_drawn_by_lot_are_rarely_called_worse() -> None:
    rows, alarms = made_up(1_000, seed=4), 0
    for seed in range(200):
        north = group_of(halves(rows, seed), rows.customer_id) == "north"
        sides = (("north", north), ("south", ~north))
        found = [one for name, own in sides for one in compared("lot", name, rows.where(own), rows.where(~own))]
        assert len(found) == 6
        alarms += any(one.is_worse for one in judged_together(found))
    assert alarms <= 200 * FALSE_WARNINGS + 2 * (200 * FALSE_WARNINGS * (1 - FALSE_WARNINGS)) ** 0.5


@pytest.fixture(scope="module")
def rows() -> Judged:
    return made_up(3_000, seed=5)


def harmed(rows: Judged, harm: str) -> Judged:
    """The same rows, the north of them served worse in one way."""
    north = group_of(halves(rows, 0), rows.customer_id) == "north"
    random = np.random.default_rng(1)
    if harm == "percentages":
        return replace(rows, p=np.where(north, sigmoid(log_odds_of(rows.p) - 0.6), rows.p))
    if harm == "list":
        return replace(rows, listed=rows.listed & ~(north & (random.random(len(north)) < 0.5)))
    shuffled = rows.p.copy()
    shuffled[north] = random.permutation(shuffled[north])
    return replace(rows, p=shuffled)


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        ("ranking", "too little was learnt of them"),
        ("percentages", "percentages are too low"),
        ("list", "of those who ordered nothing in 90 days"),
    ],
)
def test_a_group_that_is_served_worse_is_named(rows: Judged, harm: str, words: str) -> None:
    found = fairness(harmed(rows, harm), {"Region": halves(rows, 0)})
    assert harm in {one.measure for one in found.worse if one.group == "north"}
    assert any(line.startswith("Region north: ") and words in line for line in warnings_of(found))
    assert verdict(found).endswith("served worse beyond chance: 6 comparisons by Region, taken together (Holm, 95%)")


def test_a_group_that_is_alike_is_told_from_one_that_was_learnt_badly(rows: Judged) -> None:
    north = group_of(halves(rows, 0), rows.customer_id) == "north"
    alike = sigmoid(0.2 * (log_odds_of(rows.p) + 1) - 1)
    p = np.where(north, alike, rows.p)
    y = np.random.default_rng(2).random(len(p)) < p
    (line,) = warnings_of(fairness(replace(rows, p=p, y=y), {"Region": halves(rows, 0)}))
    assert "what is known tells them apart less" in line


def test_a_difference_that_changes_no_decision_is_no_warning() -> None:
    rows = made_up(40_000, seed=6, dates=1)
    north = group_of(halves(rows, 0), rows.customer_id) == "north"
    slightly = replace(rows, p=np.where(north, sigmoid(log_odds_of(rows.p) - 0.12), rows.p))
    found = judged_together(compared("Region", "north", slightly.where(north), slightly.where(~north)))
    off = next(one for one in found if one.measure == "percentages")
    assert off.chance < 0.001
    assert not off.is_worse


def test_few_customers_are_no_group_and_are_not_compared() -> None:
    rows = made_up(100, seed=7)
    column = {str(who): "many" if number < 240 else "few" for number, who in enumerate(rows.customer_id)}
    assert set(group_of(column, rows.customer_id)) == {"many", SMALL}
    found = fairness(rows.where(np.arange(300) < 60), {"Nothing": {}})
    assert [group.group for group in found.columns["Nothing"]] == [NO_VALUE]
    assert verdict(found) == "by Nothing no two groups are large enough to be compared"


def test_a_column_that_knows_what_came_is_told_before_its_groups() -> None:
    rows = made_up(200, seed=8)
    (line,) = warnings_of(fairness(rows, {"Lifecycle stage": {}}))
    assert line.startswith('careful: Lifecycle stage sounds as if it were written after customers left ("lifecycle")')


def test_numbers_are_cut_into_quarters() -> None:
    who = np.array([f"c{number}" for number in range(400)], dtype=object)
    ages = {f"c{number}": str(18 + number % 60) for number in range(400)}
    names = set(group_of(ages, who))
    assert len(names) == 4
    assert all(" to " in name for name in names)
