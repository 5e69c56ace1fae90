"""The picture of a proposed horizon: how long gaps last, where the window lies, and who churns at each window."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from features.churn.horizon import GapCurve, ProposedHorizon
from training.plots.canvas import ACCENT, INK, MUTED, SECOND, new_figure, percent, plain_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SEGMENT_COLOURS = ("#0072B2", "#009E73", "#CC79A7", "#56B4E9", "#7c3aed", INK)
SHOWN_HORIZONS = 4


def horizon_figure(proposed: ProposedHorizon, title: str) -> Figure:
    """Draw the share of gaps longer than n days, the proposed window, and the churn at each window.

    Args:
        proposed: the proposal; its largest segments are drawn as thin lines.
        title: whose gaps these are.
    """
    figure = new_figure(9.6, 4.4)
    left, right = figure.subplots(1, 2, width_ratios=(3, 2))
    for axes in (left, right):
        plain_axes(axes)
    _draw_curve(left, proposed, title)
    _draw_rates(right, proposed)
    return figure


def _draw_curve(axes: Axes, proposed: ProposedHorizon, title: str) -> None:
    days = proposed.definition.horizon_days
    upto = np.arange(0, max(SHOWN_HORIZONS * days, 14) + 1)
    largest = sorted(proposed.segments.items(), key=lambda item: -item[1].gaps)[: len(SEGMENT_COLOURS)]
    for (name, segment), colour in zip(largest, SEGMENT_COLOURS, strict=False):
        axes.step(upto, _still_open(segment.curve, upto), where="post", color=colour, linewidth=1, label=name, zorder=3)
    axes.step(
        upto, _still_open(proposed.curve, upto), where="post", color=ACCENT, linewidth=2.2, label="all still silent"
    )
    axes.axhline(proposed.curve.never_back, color=MUTED, linewidth=1, linestyle="--", label="never comes back")
    axes.axvline(days, color=INK, linewidth=1, linestyle=":")
    axes.text(days, 0.97, f" {days} days: {proposed.curve.share_covered(days):.0%} of gaps", color=INK, va="top")
    axes.set(xlim=(0, upto[-1]), ylim=(0, 1.01), xlabel="days since the order", ylabel="share of silences")
    axes.set_title(f"How long silences last: {title}")
    axes.legend(frameon=False, loc="upper right", bbox_to_anchor=(1, 0.92))
    percent(axes, "y")


def _draw_rates(axes: Axes, proposed: ProposedHorizon) -> None:
    known = [each for each in proposed.windows if each.base_rate is not None]
    names = [str(each.definition.horizon_days) for each in known]
    colours = [ACCENT if each.definition == proposed.definition else SECOND for each in known]
    axes.bar(names, [each.base_rate or 0.0 for each in known], color=colours, width=0.7)
    for rate in (0.1, 0.9):
        axes.axhline(rate, color=MUTED, linewidth=1, linestyle="--")
    axes.grid(axis="x", visible=False)
    axes.set(ylim=(0, 1.01), xlabel="horizon, days", ylabel="churned of who could", title="Who churns, by horizon")
    percent(axes, "y")


def _still_open(curve: GapCurve, upto: np.typing.NDArray[np.int64]) -> list[float]:
    """Return the share of gaps still open after so many days, as far as it is known; NaN beyond."""
    return [curve.survival.after(day) if day <= curve.reach_days else float("nan") for day in upto]
