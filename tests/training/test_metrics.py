"""Each measure against values worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from training.metrics import at_top, auroc, brier, ece, evaluate, log_loss, reliability

Y = np.array([True, False, True, False])
P = np.array([0.8, 0.4, 0.4, 0.2])


def test_auroc_counts_pairs_and_ties_half():
    # (0.8,0.4) won, (0.8,0.2) won, (0.4,0.4) tied, (0.4,0.2) won: 3.5 of 4
    assert auroc(Y, P) == 3.5 / 4


def test_auroc_of_one_class_is_unknown():
    assert math.isnan(auroc(np.array([True, True]), np.array([0.1, 0.2])))


def test_log_loss():
    assert log_loss(Y, P) == pytest.approx(-(math.log(0.8) + math.log(0.6) + math.log(0.4) + math.log(0.8)) / 4)


def test_log_loss_of_a_certain_mistake_is_finite():
    assert math.isfinite(log_loss(np.array([True]), np.array([0.0])))


def test_brier():
    assert brier(Y, P) == pytest.approx((0.04 + 0.16 + 0.36 + 0.04) / 4)


def test_reliability_bins_have_equal_counts():
    found = reliability(Y, P, bins=2)
    assert found.predicted.tolist() == pytest.approx([0.3, 0.6])
    assert found.observed.tolist() == [0.0, 1.0]
    assert found.count.tolist() == [2, 2]


def test_ece_is_the_mean_gap_of_the_bins():
    assert ece(Y, P, bins=2) == pytest.approx((0.3 + 0.4) / 2)


def test_top_of_the_list():
    top = at_top(Y, P, 1)
    assert (top.picked, top.hits, top.capture, top.lift) == (1, 1, 0.5, 2.0)


@pytest.mark.parametrize("picked", [-1, 0, 99])
def test_a_list_is_never_longer_than_the_customers(picked):
    assert at_top(Y, P, picked).picked == max(0, min(picked, 4))


def test_nothing_to_measure_raises_nothing():
    nothing = evaluate(np.zeros(0, dtype=bool), np.zeros(0))
    assert all(math.isnan(value) for value in nothing.values())
