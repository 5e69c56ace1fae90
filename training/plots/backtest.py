"""The pictures of a backtest: are the probabilities true, who is found on a short list, what the model looks at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from training.backtest.bands import wilson
from training.backtest.report import OnDate, Report
from training.backtest.results import Backtest
from training.dataset import Flags, Floats
from training.metrics import Bins, ece, reliability
from training.plots.canvas import ACCENT, INK, MUTED, SECOND, new_figure, percent, plain_axes, stacked

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = (ACCENT, SECOND, INK, "#7c3aed")
MOST_FEATURES = 20
SMALL_PICTURES_A_ROW = 3


def report_figures(backtest: Backtest, report: Report) -> dict[str, Figure]:
    """Return the pictures of a report, by file name without suffix.

    Args:
        backtest: the evidence.
        report: of one of its candidates.
    """
    result, rule = backtest.candidates[report.candidate], backtest.candidates[backtest.best_rule]
    lists = {one.name: [(date.y, date.p) for date in one.by_date] for one in dict.fromkeys((result, rule))}
    return {
        "reliability": reliability_figure(result.y, result.p, result.name),
        "reliability_by_date": reliability_by_date_figure(
            [(str(date.test_date), date.y, date.p) for date in result.by_date], result.name
        ),
        "base_rate": base_rate_figure(report.dates, result.name),
        "list_size": list_size_figure(lists, round(float(np.mean(report.shortlist.sizes)))),
    }


def reliability_figure(y: Flags, p: Floats, title: str) -> Figure:
    """Draw predicted against observed churn, ten bins of equal count, with 95 % intervals and a histogram.

    Args:
        y: who churned, over all test dates.
        p: the predicted probability of each.
        title: the candidate's name.
    """
    figure, (top, bottom) = stacked(6.0, 6.4, heights=(4, 1))
    found = reliability(y, p)
    _diagonal(top, found)
    top.set(xlim=(0, 1), ylim=(0, 1), ylabel="churned")
    top.set_title(f"{title}: said against done, all dates together (ECE {ece(y, p):.3f})")
    top.legend(frameon=False, loc="upper left")
    bottom.hist(p, bins=np.linspace(0, 1, 41).tolist(), color=ACCENT, alpha=0.75)
    bottom.set(xlim=(0, 1), xlabel="probability of churn", ylabel="customers")
    percent(top, "both")
    percent(bottom, "x")
    return figure


def reliability_by_date_figure(dates: Sequence[tuple[str, Flags, Floats]], title: str) -> Figure:
    """Draw predicted against observed churn, one small picture per test date.

    Args:
        dates: (test date, who churned, the predicted probability of each), oldest first.
        title: the candidate's name.
    """
    columns = min(SMALL_PICTURES_A_ROW, len(dates))
    rows = -(-len(dates) // columns)
    figure = new_figure(3.0 * columns, 3.1 * rows + 0.3)
    grid: list[Axes] = list(figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True).flat)
    for axes, (day, y, p) in zip(grid, dates, strict=False):
        plain_axes(axes)
        _diagonal(axes, reliability(y, p))
        axes.set(xlim=(0, 1), ylim=(0, 1), title=f"{day}: ECE {ece(y, p):.3f}")
        percent(axes, "both")
    for axes in grid[len(dates) :]:
        axes.set_visible(False)
    figure.suptitle(f"{title}: said against done, date by date", fontsize=11)
    figure.supxlabel("probability of churn", fontsize=9)
    figure.supylabel("churned", fontsize=9)
    return figure


def base_rate_figure(dates: Sequence[OnDate], title: str) -> Figure:
    """Draw the observed churn rate of each test date, the predicted one, and the season's forecast.

    Args:
        dates: of a report, oldest first.
        title: the candidate's name.
    """
    figure, (axes,) = stacked(6.4, 4.0)
    positions = np.arange(len(dates))
    known = [(x, each.level) for x, each in zip(positions, dates, strict=True) if each.level is not None]
    if known:
        middle = np.array([level.expected for _, level in known])
        ends = np.array([[level.expected - level.low, level.high - level.expected] for _, level in known]).T
        axes.errorbar(
            [x for x, _ in known], middle, yerr=ends, fmt="s", color=SECOND, ecolor=SECOND, elinewidth=6,
            alpha=0.4, label="forecast of the level, 95%",
        )  # fmt: skip
    axes.plot(positions, [each.predicted for each in dates], "o--", color=ACCENT, linewidth=1.1, label="said")
    axes.plot(positions, [each.base_rate for each in dates], "o-", color=INK, linewidth=1.6, label="left")
    axes.set_xticks(positions, [str(each.test_date) for each in dates], rotation=20)
    axes.set(ylabel="share of the customers", title=f"{title}: the churn rate, forecast and observed")
    axes.margins(y=0.2)
    figure.legend(loc="outside lower center", ncols=3, frameon=False, fontsize=9)
    percent(axes, "y")
    return figure


def list_size_figure(lists: Mapping[str, Sequence[tuple[Flags, Floats]]], size: int) -> Figure:
    """Draw precision and capture of a list by its length, the mean over the test dates, the shop's length marked.

    Args:
        lists: per candidate, (who churned, the predicted probability of each) of each date; the first is drawn boldest.
        size: the length that the shop can handle, customers.
    """
    figure, (top, bottom) = stacked(6.4, 6.0, heights=(1, 1))
    for number, (name, dates) in enumerate(lists.items()):
        shortest = min(len(y) for y, _ in dates)
        sizes = np.arange(1, shortest + 1)
        hits = [np.cumsum(y[np.argsort(-p, kind="stable")])[:shortest] for y, p in dates]
        captured = [found / max(int(y.sum()), 1) for found, (y, _) in zip(hits, dates, strict=True)]
        style: dict[str, Any] = {"color": COLOURS[number % 4], "linewidth": 1.1 if number else 2.2, "label": name}
        top.plot(sizes, np.mean(hits, axis=0) / sizes, **style)
        bottom.plot(sizes, np.mean(captured, axis=0), **style)
    rate = float(np.mean([y.mean() for y, _ in next(iter(lists.values()))]))
    top.axhline(rate, color=MUTED, linewidth=1, linestyle="--", label="anybody")
    bottom.plot([0, shortest], [0, 1], color=MUTED, linewidth=1, linestyle="--", label="anybody")
    for axes, what in ((top, "of the list left"), (bottom, "of all who left")):
        axes.axvline(size, color=INK, linewidth=1, linestyle=":", label=f"a list of {size:,}")
        axes.set(xlim=(0, shortest), ylim=(0, 1.02), ylabel=what)
        percent(axes, "y")
    top.set_title("What a list of any length would have held")
    bottom.set_xlabel("customers on the list")
    bottom.legend(frameon=False, loc="lower right")
    return figure


def gains_figure(y: Flags, predicted: Mapping[str, Floats]) -> Figure:
    """Draw which part of the churned a list of any length would hold, one line per candidate.

    Args:
        y: who churned, over all test dates.
        predicted: probabilities of the same rows, by candidate; the first one is drawn boldest.
    """
    figure, (axes,) = stacked(6.4, 4.8)
    share = np.arange(1, len(y) + 1) / max(len(y), 1)
    axes.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle="--", label="any order")
    for number, (name, p) in enumerate(predicted.items()):
        found = np.cumsum(y[np.argsort(-p, kind="stable")]) / max(int(y.sum()), 1)
        axes.plot(share, found, color=COLOURS[number % 4], linewidth=1.1 if number else 2.2, label=name)
    axes.set(
        xlim=(0, 1), ylim=(0, 1.01), xlabel="customers on the list", ylabel="of all who churned", title="Who is found"
    )
    axes.legend(frameon=False, loc="lower right")
    percent(axes, "both")
    return figure


def importance_figure(importance: Mapping[str, float], title: str) -> Figure:
    """Draw the features that move the log-odds most.

    Args:
        importance: mean absolute contribution per feature, log-odds.
        title: the candidate's name.
    """
    ordered = sorted(importance.items(), key=lambda item: item[1])[-MOST_FEATURES:]
    figure, (axes,) = stacked(6.4, 1.2 + 0.26 * len(ordered))
    axes.barh([name for name, _ in ordered], [value for _, value in ordered], color=ACCENT, height=0.7)
    axes.set(xlabel="mean absolute contribution, log-odds", title=f"{title}: what moves the score")
    axes.grid(axis="y", visible=False)
    return figure


def _diagonal(axes: Axes, found: Bins) -> None:
    bins = zip(found.observed, found.count, strict=True)
    ends = [wilson(round(share * count), int(count)) for share, count in bins]
    error = np.abs(np.transpose(ends) - found.observed)
    axes.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle="--", label="perfectly true")
    axes.errorbar(
        found.predicted,
        found.observed,
        yerr=error,
        fmt="o-",
        color=ACCENT,
        ecolor=MUTED,
        elinewidth=1,
        label="out of time",
    )
