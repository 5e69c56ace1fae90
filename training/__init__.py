"""From features to a chosen, recorded model.

The names below are the public ones, imported when first asked for; docs/python.md shows them at work.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from features.lazy_names import lazy_names

if TYPE_CHECKING:
    from training.backtest.backtest import backtest_candidates
    from training.backtest.bands import between, noise_floor, tenths, wilson
    from training.backtest.choice import difference
    from training.backtest.report import report
    from training.backtest.report_text import season_lines
    from training.backtest.segments import segments
    from training.backtest.shortlist import shortlist
    from training.dataset import build_dataset
    from training.forecasts.base_rate import base_rates, read_weeks
    from training.gift_shop import simulate_gift_shop
    from training.metrics import at_top, auroc, ece, evaluate, reliability
    from training.models.blend import learn_weights
    from training.models.calibration import calibrate, sigmoid
    from training.models.candidates import WEIGHTS, fit
    from training.one_customer.course import expected_course
    from training.plots.course import course_figure, risk_map_figure
    from training.plots.kpis import five_points_figure, seven_years_figure
    from training.refit import Refit
    from training.splits import TEST_DATES, latest_dates, rolling_origin, training_dates
else:
    __getattr__, __dir__ = lazy_names(__name__)

__all__ = [
    # training rows and dates
    "build_dataset",
    "TEST_DATES",
    "latest_dates",
    "rolling_origin",
    "training_dates",
    # candidates
    "learn_weights",
    "calibrate",
    "sigmoid",
    "WEIGHTS",
    "fit",
    "Refit",
    # backtest
    "backtest_candidates",
    "between",
    "noise_floor",
    "tenths",
    "wilson",
    "difference",
    "report",
    "season_lines",
    "segments",
    "shortlist",
    # metrics
    "at_top",
    "auroc",
    "ece",
    "evaluate",
    "reliability",
    # base rate
    "base_rates",
    "read_weeks",
    # one customer
    "expected_course",
    # pictures
    "course_figure",
    "risk_map_figure",
    "five_points_figure",
    "seven_years_figure",
    # a simulated shop
    "simulate_gift_shop",
]
