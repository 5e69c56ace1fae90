"""Is it better, or was it chance."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from features.churn.labels import ChurnDefinition
from training.backtest.choice import Difference, better_on_dates, default_unless_beaten, difference, intervals
from training.backtest.results import Backtest, CandidateResult, DateResult
from training.log_odds import sigmoid, with_true_level
from training.metrics import auroc, evaluate, log_loss, shape
from training.models.candidates import RULES
from training.splits import Split

DATES = 3


def predictions(rows: int, noise: float, seed: int) -> list[tuple]:
    """Return dates of the same customers, whose truth is known, predicted with so much noise in log-odds."""
    random, who = np.random.default_rng(seed), np.arange(rows).astype(object)
    log_odds = np.random.default_rng(0).normal(size=rows)
    dates = []
    for place in range(DATES):
        y = np.random.default_rng(place).random(rows) < 1 / (1 + np.exp(-log_odds))
        dates.append((y, 1 / (1 + np.exp(-log_odds - noise * random.normal(size=rows))), who))
    return dates


def test_the_difference_is_the_mean_over_dates_of_the_log_losses():
    mine, theirs = predictions(400, 0.0, 1), predictions(400, 1.0, 2)
    by_hand = np.mean([log_loss(a[0], a[1]) - log_loss(b[0], b[1]) for a, b in zip(mine, theirs, strict=True)])
    assert difference(mine, theirs).mean == pytest.approx(by_hand)
    assert difference(theirs, mine).mean == pytest.approx(-by_hand)


def test_its_error_is_that_of_drawing_other_customers():
    """The formula against the bootstrap that it stands for."""
    mine, theirs = predictions(600, 0.0, 1), predictions(600, 0.8, 2)
    found, random = difference(mine, theirs), np.random.default_rng(5)
    drawn = []
    for _ in range(400):
        rows = random.integers(0, 600, 600)
        some = [[(y[rows], p[rows], who[rows]) for y, p, who in one] for one in (mine, theirs)]
        drawn.append(difference(*some).mean)
    assert found.standard_error == pytest.approx(np.std(drawn), rel=0.15)


def test_the_default_stays_until_another_is_better_by_more_than_one_error():
    assert default_unless_beaten("blend", {"trees": Difference(-0.001, 0.001)}) == "blend"
    assert default_unless_beaten("blend", {"trees": Difference(-0.0011, 0.001)}) == "trees"
    beaten_twice = {"rule": Difference(-0.002, 0.001), "trees": Difference(-0.003, 0.001)}
    assert default_unless_beaten("blend", beaten_twice) == "trees"


def young_shop(rows: int = 3_000) -> Backtest:
    """Return a backtest of a shop whose level nobody foresaw: the blend ranks better, and its level is further off."""
    random, who = np.random.default_rng(3), np.arange(rows).astype(object)
    definition, found = ChurnDefinition(30, 90), {"recency_rule": [], "bg_nbd": [], "blend": []}
    days = [date(2026, 1, 1) + timedelta(30 * place) for place in range(5)]
    for day, level in zip(days, (1.1, 0.9, 0.6, 0.2, -0.5), strict=True):
        truth = random.normal(0, 1.2, rows)
        y = random.random(rows) < sigmoid(truth + level)
        for name, noise, off in (("recency_rule", 3.0, 0.0), ("bg_nbd", 1.0, 0.2), ("blend", 0.8, 0.7)):
            p = sigmoid((truth + random.normal(0, noise, rows)) / (1 + noise**2) + level - off)
            found[name].append(DateResult(day, rows, int(y.sum()), evaluate(y, p), y, p, who))
    candidates = {name: CandidateResult(name, name in RULES, "none", tuple(dates)) for name, dates in found.items()}
    return Backtest(definition, tuple(Split((day - timedelta(60),), day) for day in days), candidates)


def test_an_error_of_the_level_does_not_hide_who_tells_customers_apart():
    shop = young_shop()
    mean = {name: one.mean for name, one in shop.candidates.items()}
    assert mean["bg_nbd"]["log_loss"] < mean["blend"]["log_loss"]
    assert mean["blend"]["shape"] < mean["bg_nbd"]["shape"]
    assert mean["blend"]["auroc"] > mean["bg_nbd"]["auroc"]
    assert shop.chosen == shop.best == "blend"
    assert "beats the best rule, recency_rule" in shop.why


def test_a_learned_part_alone_has_to_be_surer_than_a_model_of_rhythm(monkeypatch):
    monkeypatch.setattr(CandidateResult, "shape_against", lambda *_: Difference(-0.0015, 0.001))
    shop = young_shop()
    assert shop.chosen != shop.default
    blend, rival = shop.candidates["blend"], replace(shop.candidates["bg_nbd"], name="lightgbm")
    learned = Backtest(shop.definition, shop.splits, {"blend": blend, "lightgbm": rival})
    assert learned.chosen == "blend"


def test_one_test_date_is_said_to_be_little_evidence():
    shop = young_shop()
    one = {
        name: CandidateResult(name, each.is_rule, "none", each.by_date[:1]) for name, each in shop.candidates.items()
    }
    assert "one date is little evidence: bg_nbd was +0.0" in Backtest(shop.definition, shop.splits[:1], one).why
    assert "little evidence" not in shop.why


def test_the_shape_is_the_same_whatever_the_level():
    y, p, _ = predictions(400, 0.5, 1)[0]
    moved = sigmoid(np.log(p / (1 - p)) + 1.3)
    assert shape(y, p) == pytest.approx(shape(y, moved), abs=1e-9)
    assert shape(y, p) <= log_loss(y, p)
    assert with_true_level(p, y).mean() == pytest.approx(y.mean(), abs=1e-9)


def test_a_date_of_one_class_has_a_finite_shape():
    p = np.full(40, 0.5)
    assert np.isfinite([shape(np.ones(40, dtype=bool), p), shape(np.zeros(40, dtype=bool), p)]).all()


def test_an_interval_holds_the_figure_and_narrows_with_the_rows():
    few, many = intervals(predictions(300, 0.5, 1)), intervals(predictions(4_800, 0.5, 1))
    mean = np.mean([auroc(y, p) for y, p, _ in predictions(4_800, 0.5, 1)])
    assert many["auroc"][0] < mean < many["auroc"][1]
    width = {name: ends[1] - ends[0] for name, ends in few.items()}
    assert all(2 < width[name] / (ends[1] - ends[0]) < 8 for name, ends in many.items())


def test_more_rows_than_are_looked_at_give_the_width_of_all():
    """4 × as many rows as the cap: half the width, though only the cap is drawn from."""
    capped, small = intervals(predictions(27_000, 0.5, 1)), intervals(predictions(6_000, 0.5, 1))
    widths = [ends["log_loss"][1] - ends["log_loss"][0] for ends in (small, capped)]
    assert widths[0] / widths[1] == pytest.approx(np.sqrt(27_000 / 6_000), rel=0.3)


def test_one_class_has_no_auroc_and_no_warning():
    y, who = np.ones(40, dtype=bool), np.arange(40).astype(object)
    assert np.isnan(intervals([(y, np.full(40, 0.5), who)])["auroc"]).all()


def shifted(levels: tuple[float, ...], predicted: float) -> list[tuple]:
    """Return dates of 20,000 customers whose churn has those levels, in log-odds, and the one that was predicted."""
    random, who = np.random.default_rng(0), np.arange(20_000).astype(object)
    return [
        (random.random(20_000) < 1 / (1 + np.exp(-level)), np.full(20_000, 1 / (1 + np.exp(-predicted))), who)
        for level in levels
    ]


def test_a_shift_is_judged_by_dates_however_many_customers_there_are():
    always, mostly = (0.45, 0.5, 0.55), (0.5, 0.6, 0.2)
    assert better_on_dates(shifted(always, 0.5), shifted(always, 0.0))
    assert not better_on_dates(shifted(always, 0.0), shifted(always, 0.5))
    assert difference(shifted(mostly, 0.5), shifted(mostly, 0.0)).high < 0  # by customers it is beyond doubt
    assert not better_on_dates(shifted(mostly, 0.5), shifted(mostly, 0.0))
