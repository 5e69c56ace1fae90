"""How much a run may do, and what a part of the customers stands for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from features.errors import InputError
from tests.training.conftest import DEFINITION
from training.backtest.backtest import backtest_candidates
from training.backtest.shortlist import shortlist
from training.backtest.steps import within
from training.budget import FULL, MOST_ROWS, QUICK, budget_of, sample


def test_a_budget_has_a_name_or_is_minutes():
    assert (budget_of("quick"), budget_of("full")) == (QUICK, FULL)
    assert budget_of("2").seconds == 120
    assert budget_of("2").rows < budget_of("5").rows < MOST_ROWS == budget_of("600").rows


@pytest.mark.parametrize("text", ["soon", "0", "-3", "nan", "inf"])
def test_another_word_is_refused(text):
    with pytest.raises(InputError, match="quick, full, or a number of minutes"):
        budget_of(text)


def test_a_small_shop_is_learnt_from_whole(log):
    found = sample(log, DEFINITION)
    assert found.log is log
    assert (found.share, found.notes) == (1.0, ())


def test_of_a_large_shop_whole_customers_are_drawn_and_it_is_said(log):
    found = sample(log, DEFINITION, rows=500)
    assert 0 < found.log.n_customers == found.customers < log.n_customers == found.of
    who = found.log.customer_ids[0]
    assert len(found.log.streams["orders"]) < len(log.streams["orders"])
    assert found.log.only([who]).digest() == log.only([who]).digest()
    assert f"{found.customers:,} of {found.of:,} customers" in found.notes[0]


def test_a_budget_of_time_leaves_out_the_older_dates(log, data):
    found = backtest_candidates(log, DEFINITION, data.features, n_tests=3, seconds=0.001)
    assert len(found.splits) == 1
    assert found.notes == ("the budget was enough for 1 of 3 test dates, the latest ones",)
    half = replace(found, share=0.5)
    whole, of_half = (shortlist(one, one.chosen, size).candidate for one, size in ((found, 20), (half, 40)))
    assert (of_half.picked, of_half.hits) == (40, 2 * whole.hits)  # counted for all customers
    assert of_half.precision == whole.precision


def test_a_part_of_the_work_moves_a_part_of_the_bar():
    seen = []
    part = within(lambda *step: seen.append(step), 200, 600)
    part(1, 4, "a quarter")
    part(0, 0, "something to know")
    assert seen == [(300, 1000, "a quarter"), (0, 0, "something to know")]
