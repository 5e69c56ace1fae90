"""The pictures of a backtest: are the probabilities true, who is found on a short list, what the model looks at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from features.atomic_write import whole
from training.backtest.bands import wilson
from training.dataset import Flags, Floats
from training.metrics import Bins, ece, reliability

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from training.backtest.report import OnDate

INK, MUTED, ACCENT, SECOND = "#1f2933", "#9aa5b1", "#c2410c", "#0f766e"
MOST_FEATURES = 20
# Small multiples stand in rows of so many.
A_ROW = 3


def reliability_figure(y: Flags, p: Floats, title: str) -> Figure:
    """Draw what was said against what was done, ten bins of equal count, with 95 % intervals and a histogram.

    Args:
        y: who churned, over all test dates.
        p: what was said of each.
        title: the candidate's name.
    """
    figure, (top, bottom) = _figure(6.0, 6.4, rows=2, heights=(4, 1))
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
    """Draw what was said against what was done, one small picture per test date.

    Args:
        dates: (test date, who churned, what was said of each), oldest first.
        title: the candidate's name.
    """
    from matplotlib.figure import Figure

    columns = min(A_ROW, len(dates))
    rows = -(-len(dates) // columns)
    figure = Figure(figsize=(3.0 * columns, 3.1 * rows + 0.3), layout="constrained")
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
    """Draw the churn rate of each test date beside what was said, and what the season's forecast let expect.

    Args:
        dates: of a report, oldest first.
        title: the candidate's name.
    """
    figure, (axes,) = _figure(6.4, 4.0)
    places = np.arange(len(dates))
    known = [(place, each.level) for place, each in zip(places, dates, strict=True) if each.level is not None]
    if known:
        middle = np.array([level.expected for _, level in known])
        ends = np.array([[level.expected - level.low, level.high - level.expected] for _, level in known]).T
        axes.errorbar(
            [place for place, _ in known], middle, yerr=ends, fmt="s", color=SECOND, ecolor=SECOND, elinewidth=6,
            alpha=0.4, label="forecast of the level, 95%",
        )  # fmt: skip
    axes.plot(places, [each.said for each in dates], "o--", color=ACCENT, linewidth=1.1, label="said")
    axes.plot(places, [each.base_rate for each in dates], "o-", color=INK, linewidth=1.6, label="left")
    axes.set_xticks(places, [str(each.test_date) for each in dates], rotation=20)
    axes.set(ylabel="share of the customers", title=f"{title}: the churn rate, forecast and observed")
    axes.margins(y=0.2)
    figure.legend(loc="outside lower center", ncols=3, frameon=False, fontsize=9)
    percent(axes, "y")
    return figure


def list_size_figure(lists: Mapping[str, Sequence[tuple[Flags, Floats]]], size: int) -> Figure:
    """Draw precision and capture of a list by its length, the mean over the test dates, the shop's length marked.

    Args:
        lists: per candidate, (who churned, what was said of each) of each date; the first one is drawn boldest.
        size: the length that the shop can handle, customers.
    """
    figure, (top, bottom) = _figure(6.4, 6.0, rows=2, heights=(1, 1))
    colours = [ACCENT, SECOND, INK, "#7c3aed"]
    for place, (name, dates) in enumerate(lists.items()):
        shortest = min(len(y) for y, _ in dates)
        sizes = np.arange(1, shortest + 1)
        hits = [np.cumsum(y[np.argsort(-p, kind="stable")])[:shortest] for y, p in dates]
        captured = [found / max(int(y.sum()), 1) for found, (y, _) in zip(hits, dates, strict=True)]
        style: dict[str, Any] = {"color": colours[place % 4], "linewidth": 1.1 if place else 2.2, "label": name}
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


def gains_figure(y: Flags, said: Mapping[str, Floats]) -> Figure:
    """Draw which part of the churned a list of any length would hold, one line per candidate.

    Args:
        y: who churned, over all test dates.
        said: probabilities of the same rows, by candidate; the first one is drawn boldest.
    """
    figure, (axes,) = _figure(6.4, 4.8)
    share = np.arange(1, len(y) + 1) / max(len(y), 1)
    axes.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle="--", label="any order")
    colours = [ACCENT, SECOND, INK, "#7c3aed"]
    for place, (name, p) in enumerate(said.items()):
        found = np.cumsum(y[np.argsort(-p, kind="stable")]) / max(int(y.sum()), 1)
        axes.plot(share, found, color=colours[place % len(colours)], linewidth=2.2 if place == 0 else 1.1, label=name)
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
    figure, (axes,) = _figure(6.4, 1.2 + 0.26 * len(ordered))
    axes.barh([name for name, _ in ordered], [value for _, value in ordered], color=ACCENT, height=0.7)
    axes.set(xlabel="mean absolute contribution, log-odds", title=f"{title}: what moves the score")
    axes.grid(axis="y", visible=False)
    return figure


def write_figures(figures: Mapping[str, Figure], folder: Path) -> tuple[Path, ...]:
    """Write figures as PNG, `<name>.png` each, whole or not at all."""
    paths = tuple(folder / f"{name}.png" for name in figures)
    for path, figure in zip(paths, figures.values(), strict=True):
        with whole(path) as half:
            figure.savefig(half, dpi=144, facecolor="white", format="png")
    return paths


def _figure(width: float, height: float, rows: int = 1, heights: Sequence[float] = (1,)) -> tuple[Figure, list[Axes]]:
    # Without pyplot there is no global state, and no screen is looked for.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    grid: Any = figure.subplots(rows, 1, squeeze=False, gridspec_kw={"height_ratios": heights})
    axes = list(grid[:, 0])
    for one in axes:
        plain_axes(one)
    return figure, axes


def plain_axes(axes: Axes) -> None:
    """Give axes the look that all our pictures share."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="#e4e7eb", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(colors=INK, labelsize=9)
    axes.title.set_fontsize(11)


def _diagonal(axes: Axes, found: Bins) -> None:
    ends = [wilson(round(done * count), int(count)) for done, count in zip(found.done, found.count, strict=True)]
    error = np.abs(np.transpose(ends) - found.done)
    axes.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle="--", label="perfectly true")
    axes.errorbar(
        found.said, found.done, yerr=error, fmt="o-", color=ACCENT, ecolor=MUTED, elinewidth=1, label="out of time"
    )


def percent(axes: Axes, which: str) -> None:
    """Write shares on an axis as per cent; `which` is x, y or both."""
    from matplotlib.ticker import PercentFormatter

    named: dict[str, list[Any]] = {"x": [axes.xaxis], "y": [axes.yaxis], "both": [axes.xaxis, axes.yaxis]}
    for axis in named[which]:
        axis.set_major_formatter(PercentFormatter(1, decimals=0))
