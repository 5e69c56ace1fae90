"""Candidates: exact contributions, files that give the same model back, and robustness."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import ModelRefused
from training.dataset import Dataset
from training.models.candidates import CANDIDATES, fit, read_fitted

NAMES = tuple(CANDIDATES)


@pytest.mark.parametrize("name", NAMES)
@given(seed=st.integers(0, 10_000))
@settings(max_examples=10, deadline=None)
def test_contributions_and_base_sum_to_the_log_odds(bundles, data, name, seed):
    random = np.random.default_rng(seed)
    rows = data.values[random.integers(0, len(data), 5)] * random.uniform(0, 3, data.values.shape[1])
    rows[random.random(rows.shape) < 0.1] = np.nan
    rows[:, 0] = np.abs(np.nan_to_num(rows[:, 0], nan=1.0))  # there is always a last order
    fitted = bundles[name].fitted
    found = fitted.explained(rows)
    assert found.added.sum(axis=1) + found.base == pytest.approx(found.log_odds, abs=1e-9)
    assert found.log_odds == pytest.approx(fitted.log_odds(rows), abs=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_files_give_the_same_model_back(bundles, data, name, tmp_path):
    fitted = bundles[name].fitted
    fitted.to_files(tmp_path)
    again = read_fitted(name, tmp_path)
    assert np.array_equal(again.log_odds(data.values), fitted.log_odds(data.values))
    assert not list(tmp_path.glob("*.pkl"))


@pytest.mark.parametrize("name", NAMES)
def test_one_row_is_scored_as_in_a_crowd(bundles, data, name):
    crowd = np.tile(data.values, (4, 1))
    fitted = bundles[name].fitted
    assert fitted.log_odds(data.values[7:8]) == pytest.approx(fitted.log_odds(crowd)[7:8], abs=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_fitting_twice_gives_the_same_model(data, name):
    first, second = fit(name, data), fit(name, data)
    assert np.array_equal(first.fitted.log_odds(data.values), second.fitted.log_odds(data.values))


@pytest.mark.parametrize("name", NAMES)
def test_what_is_said_of_the_latest_date_was_learnt_before_it(data, name):
    latest = data.as_of == data.days[-1]
    scrambled = replace(data, y=np.where(latest, ~data.y, data.y))
    honest, lied = fit(name, data).out_of_sample, fit(name, scrambled).out_of_sample
    assert honest is not None
    assert len(honest[1]) == latest.sum()
    if name.endswith("rule"):
        assert np.array_equal(honest[0], lied[0])


@pytest.mark.parametrize("name", ["recency_rule", "overdue_rule"])
@pytest.mark.parametrize("everyone", [True, False])
def test_rules_stand_a_single_class(data, name, everyone):
    single = replace(data, y=np.full(len(data), everyone))
    predicted = fit(name, single).fitted.log_odds(data.values)
    assert np.isfinite(predicted).all()
    assert (predicted > 0).all() == everyone


def test_a_longer_silence_is_never_better_news_for_the_trees(bundles, data):
    rows = data.values[:50]
    place = data.features.names.index("days_since_order")
    later = rows.copy()
    later[:, place] += 20
    fitted = bundles["lightgbm"].fitted
    assert (fitted.log_odds(later) >= fitted.log_odds(rows) - 1e-12).all()


def test_the_overdue_rule_measures_newcomers_in_the_shops_gap(bundles, data):
    names = data.features.names
    row = data.values[:1].copy()
    rule = bundles["overdue_rule"].fitted
    row[:, names.index("days_since_order")] = rule.shop_gap_days
    row[:, names.index("overdue")] = np.nan
    same = row.copy()
    same[:, names.index("overdue")] = 1.0
    assert rule.log_odds(row) == rule.log_odds(same)


def test_a_date_alone_is_learnt_from_without_a_later_one(data):
    found = fit("lightgbm", data.on([data.days[-1]]))
    assert found.out_of_sample is None
    assert np.isfinite(found.fitted.log_odds(data.values)).all()


def test_an_unknown_candidate_is_refused_with_a_hint(tmp_path):
    with pytest.raises(ModelRefused, match='Did you mean "lightgbm"'):
        read_fitted("lightbgm", tmp_path)


def test_empty_features_are_no_trouble(data):
    blank = Dataset(
        X=data.X.assign(discount_365d=np.nan),
        y=data.y,
        as_of=data.as_of,
        customer_id=data.customer_id,
        spend_next=data.spend_next,
        wait_days=data.wait_days,
        features=data.features,
        definition=data.definition,
    )
    for name in ("logistic", "lightgbm"):
        assert np.isfinite(fit(name, blank).fitted.log_odds(blank.values)).all()
