"""The churn rate of the coming window, and how far it may be off."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from features.clock import day_number
from serving.commands.models.coming_level import level_of
from training.bundle import Bundle
from training.forecasts.level import Levels
from training.models.calibration import Calibration

DAY = date(2024, 5, 1)


def bundle(levels: Levels, scale: float = 1.0) -> Bundle:
    """Return as much of a bundle as the level needs."""
    found: Bundle = object.__new__(Bundle)
    object.__setattr__(found, "base_rates", levels)
    object.__setattr__(found, "calibration", Calibration("season", scale=scale))
    return found


def weeks(count: int, uncertainty: float) -> Levels:
    day = day_number(DAY)
    days = np.arange(day - 28 - 7 * count, day - 28, 7)
    return Levels(days, np.zeros(len(days)), 28, uncertainty=uncertainty)


def test_the_interval_is_of_everybody_moved_alike():
    p = np.array([0.2, 0.5, 0.8])
    found = level_of(bundle(weeks(80, 0.1)), p, DAY)
    assert found.expected == pytest.approx(0.5)
    assert (found.low, found.high) == (pytest.approx(0.462, abs=0.001), pytest.approx(0.538, abs=0.001))
    wider = level_of(bundle(weeks(80, 0.1), scale=1.5), p, DAY)
    assert wider.low < found.low < found.high < wider.high


def test_it_says_whether_last_year_is_known():
    p = np.full(10, 0.3)
    assert level_of(bundle(weeks(80, 0.1)), p, DAY).words == (
        "30% are expected to order nothing, 26% to 34% with 95 %: last year's window is known"
    )
    first_year = level_of(bundle(weeks(20, 0.3)), np.array([0.0, 1.0]), DAY)
    assert first_year.words.endswith("the log does not show last year's window yet")
    assert not first_year.last_year
