"""Reasons in words."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from features.money import Money
from training.drift_reference import references
from training.explain import TRIVIAL, reasons

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
    assert not re.search(r"€0\.00|ordered on 0 days|lines .*: 0\b", everything)


def test_a_family_speaks_once_and_in_the_direction_of_its_contributions(known, data):
    bundle = known["logistic"]
    added = bundle.explained(data.values[:100], bundle.trained_until).added
    families = np.array(list(bundle.features.families.values()))
    for row, (risk, protective) in enumerate(reasons(bundle, data.X[:100], EURO, top_risk=99, top_protective=99)):
        totals = {family: added[row, families == family].sum() for family in set(families)}
        assert len(risk) <= max(1, sum(total >= TRIVIAL for total in totals.values()))
        assert len(protective) <= sum(total <= -TRIVIAL for total in totals.values())


def test_the_recency_rule_tells_of_the_silence_with_the_customers_own_number(known, data):
    worst = int(np.argmax(data.X["days_since_order"]))
    ((risk, protective),) = reasons(known["recency_rule"], data.X.iloc[[worst]], EURO)
    assert len(risk) == 1
    assert risk[0].startswith(f"no order for {int(data.X['days_since_order'].iloc[worst])} days")
    assert protective == []


def test_a_good_figure_is_no_risk_reason(known, data):
    bundle = known["lightgbm"]
    for risk, _ in reasons(bundle, data.X[data.X["days_since_order"] <= 1], EURO, top_risk=99):
        assert not any(reason.startswith("no order for 1 day") for reason in risk)


def test_a_call_always_has_something_to_say(known, data):
    safe = int(np.argmin(known["logistic"].fitted.log_odds(data.values)))
    ((risk, _),) = reasons(known["logistic"], data.X.iloc[[safe]], EURO)
    assert len(risk) == 1
    assert risk[0].startswith("no sign stands out; no order for ")
    assert reasons(known["logistic"], data.X.iloc[[safe]], EURO, top_risk=0)[0][0] == []


def test_nobody_has_no_reasons(known, data):
    assert reasons(known["lightgbm"], data.X[:0], EURO) == []


def test_frames_and_arrays_say_the_same(known, data):
    assert reasons(known["logistic"], data.X[:5], EURO) == reasons(known["logistic"], data.values[:5], EURO)
