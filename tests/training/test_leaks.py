"""The checks against leaks find one where there is one."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from features.clock import date_of, day_number
from features.definitions import default_features
from tests.training.conftest import DEFINITION
from training import leaks
from training.leaks import leak_checks, with_shuffled_future
from training.splits import Split

FEATURES = default_features()


@pytest.fixture
def as_of(log):
    return date_of(log.last_day - DEFINITION.horizon_days)


def test_an_honest_run_passes_every_check(log, as_of):
    split = Split((as_of - timedelta(DEFINITION.horizon_days),), as_of)
    found = leak_checks(log, as_of, DEFINITION, FEATURES, [split])
    assert [check.name for check in found] == ["future cut", "future shuffled", "labels apart"]
    assert all(check.passed for check in found)


def test_a_feature_that_reads_the_future_is_found(log, as_of, monkeypatch):
    honest = leaks.feature_table
    later = as_of + timedelta(DEFINITION.horizon_days)
    monkeypatch.setattr(leaks, "feature_table", lambda some, dates, features: honest(some, [later], features))
    assert [check.passed for check in leak_checks(log, as_of, DEFINITION, FEATURES, [])] == [False, False, True]


def test_a_label_that_reaches_the_test_date_is_found(log, as_of):
    near = Split((as_of - timedelta(DEFINITION.horizon_days - 1),), as_of)
    assert not leak_checks(log, as_of, DEFINITION, FEATURES, [near])[-1].passed


def test_everybody_gets_another_future_and_keeps_the_own_past(log, as_of):
    day = day_number(as_of)
    moved = with_shuffled_future(log, day)
    assert moved.before(day).digest() == log.before(day).digest()
    orders, others = log.streams["orders"], moved.streams["orders"]
    counts = [np.bincount(one.customer[one.day >= day], minlength=log.n_customers) for one in (orders, others)]
    assert np.array_equal(counts[1], np.roll(counts[0], 1))
    assert all((np.diff(others.day)[np.diff(others.customer) == 0] >= 0).tolist())
