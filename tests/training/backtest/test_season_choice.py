"""Which calibration is to serve the coming window: only dates like it are evidence about the season."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from training.backtest.backtest import _best_calibration
from training.backtest.listing import Listing
from training.backtest.predictions import Predictions, Said
from training.forecasts.level import Forecast
from training.models.calibration import sigmoid
from training.splits import Split

DAY, CUSTOMERS = date(2026, 1, 1), 4_000
UNKNOWN, KNOWN = Forecast(0, 0.8, 0.1, None, 0.8), Forecast(0, 0.8, 0.1, 0.8, 0.1)


def dates(forecasts: list[Forecast], right: list[float]) -> list[Predictions]:
    """Return test dates whose level is off by so much, beside what was forecast."""
    random, found = np.random.default_rng(1), []
    for number, (forecast, shift) in enumerate(zip(forecasts, right, strict=True)):
        day = DAY + timedelta(28 * number)
        said = random.normal(-1, 1, CUSTOMERS)
        y = random.random(CUSTOMERS) < sigmoid(said + shift)
        listing = Listing(np.ones(CUSTOMERS, dtype=bool), np.ones(CUSTOMERS), np.ones(CUSTOMERS))
        who = np.arange(CUSTOMERS).astype(str).astype(object)
        said_by = {"blend": Said(said, None)}
        found.append(Predictions(Split((DAY,), day), said_by, y, who, CUSTOMERS, {}, forecast, listing))
    return found


@pytest.mark.parametrize(
    ("forecasts", "right", "coming", "chosen"),
    [
        # The recent level was carried on wrongly in the first year: that is nothing against last year's window.
        ([UNKNOWN] * 5, [0.0] * 5, KNOWN, "season"),
        ([UNKNOWN] * 4 + [KNOWN], [0.0] * 4 + [0.8], KNOWN, "season"),
        ([KNOWN] * 5, [0.0, 0.1, -0.1, 0.05, 0.0], KNOWN, "none"),
        ([KNOWN] * 5, [0.8] * 5, KNOWN, "season"),
        # The coming window is shown though that of no test date was, and the other way round.
        ([UNKNOWN] * 5, [0.8] * 5, UNKNOWN, "season"),
        ([UNKNOWN] * 5, [0.0] * 5, UNKNOWN, "none"),
    ],
)
def test_the_season_stays_unless_dates_like_the_coming_speak_against_it(forecasts, right, coming, chosen):
    assert _best_calibration("blend", dates(forecasts, right), coming).calibration == chosen


def test_a_sharper_candidate_has_a_larger_scale():
    (one,) = dates([replace(KNOWN, spread=0.24)], [0.8])
    later = (np.array([-3.0, 3.0] * 50), np.array([False, True] * 50))
    sharp = replace(one, said={"blend": Said(one.said["blend"].test, later)})
    assert one.result("blend", "season").scale == 1.0
    assert sharp.result("blend", "season").scale == 2.0
    assert sharp.result("blend", "season").p.mean() > one.result("blend", "season").p.mean()
