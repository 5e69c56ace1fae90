"""The pictures of a backtest: are the probabilities true, who is found on a short list, what the model looks at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from training.dataset import Flags, Floats
from training.metrics import ece, reliability

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, MUTED, ACCENT, SECOND = "#1f2933", "#9aa5b1", "#c2410c", "#0f766e"
MOST_FEATURES = 20


def reliability_figure(y: Flags, p: Floats, title: str) -> Figure:
    """Draw what was said against what was done, ten bins of equal count, with 95 % intervals and a histogram.

    Args:
        y: who churned, over all test dates.
        p: what was said of each.
        title: the candidate's name.
    """
    figure, (top, bottom) = _figure(6.0, 6.4, rows=2, heights=(4, 1))
    found = reliability(y, p)
    error = 1.96 * np.sqrt(found.done * (1 - found.done) / found.count)
    top.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle="--", label="perfectly true")
    top.errorbar(
        found.said, found.done, yerr=error, fmt="o-", color=ACCENT, ecolor=MUTED, elinewidth=1, label="out of time"
    )
    top.set(xlim=(0, 1), ylim=(0, 1), ylabel="churned", title=f"{title}: said against done (ECE {ece(y, p):.3f})")
    top.legend(frameon=False, loc="upper left")
    bottom.hist(p, bins=np.linspace(0, 1, 41).tolist(), color=ACCENT, alpha=0.75)
    bottom.set(xlim=(0, 1), xlabel="probability of churn", ylabel="customers")
    _percent(top, "both")
    _percent(bottom, "x")
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
    _percent(axes, "both")
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
    """Write figures as PNG, `<name>.png` each."""
    paths = tuple(folder / f"{name}.png" for name in figures)
    for path, figure in zip(paths, figures.values(), strict=True):
        figure.savefig(path, dpi=144, facecolor="white")
    return paths


def _figure(width: float, height: float, rows: int = 1, heights: Sequence[float] = (1,)) -> tuple[Figure, list[Axes]]:
    # Without pyplot there is no global state, and no screen is looked for.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    grid: Any = figure.subplots(rows, 1, squeeze=False, gridspec_kw={"height_ratios": heights})
    axes = list(grid[:, 0])
    for one in axes:
        one.spines[["top", "right"]].set_visible(False)
        one.grid(color="#e4e7eb", linewidth=0.8)
        one.set_axisbelow(True)
        one.tick_params(colors=INK, labelsize=9)
        one.title.set_fontsize(11)
    return figure, axes


def _percent(axes: Axes, which: str) -> None:
    from matplotlib.ticker import PercentFormatter

    both: list[Any] = [axes.xaxis, axes.yaxis]
    for axis in both if which == "both" else both[:1]:
        axis.set_major_formatter(PercentFormatter(1, decimals=0))
