"""The pictures of a backtest report."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from training.backtest.results import Backtest
from training.backtest.shortlist import shortlist

if TYPE_CHECKING:
    from matplotlib.figure import Figure
from training.backtest.report import _dates


def report_figures(
    backtest: Backtest, candidate: str | None = None, *, list_size: int | None = None
) -> dict[str, Figure]:
    """Return the pictures of a candidate's backtest, by file name without suffix.

    Args:
        backtest: the evidence.
        candidate: its name; by default the chosen one.
        list_size: customers on a list that the shop can handle; None for a tenth of the population.
    """
    from training.plots.backtest import (
        base_rate_figure,
        list_size_figure,
        reliability_by_date_figure,
        reliability_figure,
    )

    result, rule = backtest.candidates[candidate or backtest.chosen], backtest.candidates[backtest.best_rule]
    dates = _dates(result, backtest.forecasts)
    sizes = shortlist(backtest, result.name, list_size).sizes
    lists = {one.name: [(date.y, date.p) for date in one.by_date] for one in dict.fromkeys((result, rule))}
    return {
        "reliability": reliability_figure(result.y, result.p, result.name),
        "reliability_by_date": reliability_by_date_figure(
            [(str(date.test_date), date.y, date.p) for date in result.by_date], result.name
        ),
        "base_rate": base_rate_figure(dates, result.name),
        "list_size": list_size_figure(lists, round(float(np.mean(sizes)))),
    }
