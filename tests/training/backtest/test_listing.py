"""The list that a backtest judges is the list that will be made: the same who may enter, in the same order."""

from __future__ import annotations

from typing import Any

import numpy as np

from features.lateness import is_late
from tests.training.backtest.test_report import backtest_of
from training.backtest.listing import Listing
from training.backtest.report import report
from training.backtest.results import Backtest
from training.dataset import Dataset
from training.forecasts.next_order import fit_timing


def listing(may: list[bool], pace: list[float], spend: list[float]) -> Listing:
    return Listing(np.array(may), np.array(pace), np.array(spend))


def with_listings(tested: Backtest, *listings: Listing) -> Backtest:
    return Backtest(tested.definition, tested.splits, tested.candidates, tested.value, (), listings)


def test_who_is_not_late_is_on_no_list_and_worth_decides_who_comes_first() -> None:
    """The slow one at 0.9 is on time; the dear one at 0.5 is worth more than the cheap one at 0.8."""
    some = listing([False, True, True, True], [1, 1, 1, 1], [100, 1, 10, 10])
    assert some.picked(np.array([0.9, 0.8, 0.5, 0.4]), 10).tolist() == [2, 3, 1]
    assert some.picked(np.array([0.9, 0.8, 0.5, 0.4]), 1).tolist() == [2]


def test_a_pace_tells_the_slow_from_the_gone() -> None:
    """Both are as likely not to order in the horizon; over three the slow one comes back."""
    assert listing([True, True], [1.2, 4.0], [1, 1]).picked(np.array([0.6, 0.6]), 2).tolist() == [0, 1]


def test_the_list_is_beside_the_best_rules_and_the_riskiest() -> None:
    """Each by its own probabilities: the model's list finds both, the rule's one, and the riskiest two one."""
    y = np.array([True, True, False, False])
    model, rule = np.array([0.6, 0.5, 0.9, 0.1]), np.array([0.9, 0.1, 0.8, 0.2])
    tested = with_listings(
        backtest_of([model], [rule], [y]), listing([True, True, False, True], [1, 1, 1, 1], [1, 1, 1, 1])
    )
    found = report(tested, "lightgbm", list_size=2).shortlist
    assert (found.candidate.hits, found.rule.hits, found.over_rule) == (2, 1, 2)
    assert found.riskiest is not None
    assert (found.riskiest.picked, found.riskiest.hits) == (2, 1)
    assert "the riskiest 2, late or not, would have held 1" in found.lines[2]
    assert found.to_dict()["riskiest"]["hits"] == 1


def test_where_few_are_late_the_list_is_short() -> None:
    """And chance is asked for as many."""
    y = np.array([True, False, False, False])
    p = y * 0.8 + 0.1
    tested = with_listings(backtest_of([p], [p], [y]), listing([True, False, False, False], [1] * 4, [1] * 4))
    found = report(tested, "lightgbm", list_size=3).shortlist
    assert (found.candidate.picked, found.random.picked, found.random.hits) == (1, 1, 0.25)


def test_it_is_read_off_the_rows_of_a_test_date(data: Dataset) -> None:
    """Late or with one order day; P(left) is a power of the probability, and never above it."""
    test = data.on(data.days[-1:])
    found = Listing.of(test, fit_timing(data.on(data.days[:-3])), np.zeros(len(test)))
    since, gap, gaps = (test.X[n].to_numpy() for n in ("days_since_order", "usual_gap_days", "frequency"))
    late = is_late(since, gap, gaps, test.definition.horizon_days)
    assert found.may_enter.tolist() == (np.isnan(gap) | late).tolist()
    assert (late < (since > gap)).any()  # some are silent for longer than a single gap, and not yet for a horizon
    assert (found.pace >= 1).all()
    assert (found.spend == 1).all()  # no money: risk alone decides


def test_a_backtest_makes_one_for_each_test_date(trained: Any) -> None:
    tested = trained[0].backtest
    assert [len(one.pace) for one in tested.listings] == [date.customers for date in tested.candidates["blend"].by_date]
    assert report(tested).shortlist.riskiest is not None
