"""Is it better, or was it chance."""

from __future__ import annotations

import numpy as np
import pytest

from training.backtest.choice import Difference, better_on_dates, difference, intervals, simplest_within_one_error
from training.metrics import auroc, log_loss

DATES = 3


def predictions(rows: int, noise: float, seed: int) -> list[tuple]:
    """Return dates of the same customers, whose truth is known, predicted with so much noise in log-odds."""
    random, who = np.random.default_rng(seed), np.arange(rows).astype(object)
    log_odds = np.random.default_rng(0).normal(size=rows)
    dates = []
    for date in range(DATES):
        y = np.random.default_rng(date).random(rows) < 1 / (1 + np.exp(-log_odds))
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


def test_equals_are_called_noise_and_the_simpler_is_taken():
    assert simplest_within_one_error({"line": Difference(0.001, 0.001), "trees": Difference(0.0, 0.0)}) == "line"
    assert simplest_within_one_error({"line": Difference(0.0011, 0.001), "trees": Difference(0.0, 0.0)}) == "trees"


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
