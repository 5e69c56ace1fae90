"""Reasons in words."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from features.money import Money
from training.drift_reference import references
from training.explain import reasons

EURO = Money("EUR")


@pytest.fixture
def known(bundles, data):
    return {n: replace(b, reference=references(data.features.names, data.values)) for n, b in bundles.items()}


def test_at_most_three_and_two_and_no_sentence_twice(known, data):
    for risk, protective in reasons(known["lightgbm"], data.X[:200], EURO):
        assert len(risk) <= 3
        assert len(protective) <= 2
        assert len({*risk, *protective}) == len(risk) + len(protective)


@pytest.mark.parametrize("name", ["lightgbm", "logistic"])
def test_a_silence_is_told_once_and_never_as_a_fall_in_orders_or_money(known, data, name):
    silent = data.X[data.X["days_since_order"] > 30][:60]
    assert len(silent) == 60
    told = [[*risk, *protective] for risk, protective in reasons(known[name], silent, EURO, top_risk=9)]
    assert max(sum("no order for" in each for each in of_one) for of_one in told) == 1
    everything = "; ".join(each for of_one in told for each in of_one)
    assert not re.search(r"€0\.00|ordered on 0 days", everything)


def test_the_weights_of_the_model_order_what_is_true_after_lateness(known, data):
    """With the weight of one family made the largest, its sentences come first among those of its side."""
    bundle, rows = known["logistic"], data.X[:300]
    families = np.array(list(bundle.features.families.values()))
    added = np.zeros((len(rows), len(families)))
    for family, begin in (("money", "spent"), ("frequency", "ordered on")):
        told = [risk for risk, _ in reasons(bundle, rows, EURO, added=added + 9.0 * (families == family))]
        of_several = [each[1:] if "no order for" in each[0] else each for each in told if len(each) == 3]
        assert of_several
        having = [each for each in of_several if any(one.startswith(begin) for one in each)]
        assert having
        assert all(each[0].startswith(begin) for each in having)


@pytest.mark.parametrize("name", ["recency_rule", "lightgbm"])
def test_whoever_is_late_is_told_so_first_with_the_own_number(known, data, name):
    late = data.X[(data.X["overdue"] >= 2) & (data.X["frequency"] >= 3)][:50]
    assert len(late) > 20
    for days, (risk, _) in zip(late["days_since_order"], reasons(known[name], late, EURO), strict=True):
        assert risk[0].startswith(f"no order for {int(days)} day")


def test_a_good_figure_is_no_risk_reason(known, data):
    bundle = known["lightgbm"]
    for risk, _ in reasons(bundle, data.X[data.X["days_since_order"] <= 1], EURO, top_risk=99):
        assert not any(reason.startswith("no order for 1 day") for reason in risk)


def test_a_call_always_has_something_to_say(known, data):
    for risk, _ in reasons(known["logistic"], data.X, EURO):
        assert risk
    assert reasons(known["logistic"], data.X.iloc[[0]], EURO, top_risk=0)[0][0] == []


def test_what_is_common_is_left_out(known, data):
    bundle = known["logistic"]
    told = [each for risk, _ in reasons(bundle, data.X, EURO) for each in risk]
    falls = "ordered on {order_days_30d} in the last 30, down from {order_days_30d_before} in the 30 before"
    assert any(re.match(r"ordered on \d+ days? in the last 30, down", each) for each in told)
    left = [each for risk, _ in reasons(bundle, data.X, EURO, common={falls}) for each in risk]
    assert not any(re.match(r"ordered on \d+ days? in the last 30, down", each) for each in left)


def test_nobody_has_no_reasons(known, data):
    assert reasons(known["lightgbm"], data.X[:0], EURO) == []


def test_frames_and_arrays_say_the_same(known, data):
    assert reasons(known["logistic"], data.X[:5], EURO) == reasons(known["logistic"], data.values[:5], EURO)
