"""The pictures that explain a score: where a customer stands among the shop's own, and where the silence leads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from training.forecasts.risk_map import RiskMap
from training.one_customer.course import Course
from training.plots.canvas import ACCENT, INK, MUTED, SECOND, new_figure, percent, plain_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def risk_map_figure(risk_map: RiskMap, at: tuple[int, int] | None = None) -> Figure:
    r"""Draw silence × orders: in each cell the share that was gone, and how many customers it is counted from.

    Args:
        risk_map: of the shop; `bundle.risk_map`.
        at: days since the last order and order days of a customer, who is drawn as a dot; None = nobody.

    >>> some = RiskMap((1, 8), (1, 2), np.array([[40, 40], [90, 30]]), np.array([[20, 30], [9, 12]]), 90)
    >>> [text.get_text() for text in risk_map_figure(some, at=(12, 5)).axes[0].texts][0]
    '50%\n40'
    """
    figure = new_figure(1.5 + 1.1 * len(risk_map.silent_from), 1.8 + 0.7 * len(risk_map.orders_from))
    axes = figure.add_subplot()
    share = risk_map.share
    darkest = 1.5 * max(0.01, float(np.nanmax(share, initial=0.01)))  # dark ink stays readable on every cell
    axes.imshow(share, cmap="Oranges", vmin=0, vmax=darkest, origin="lower")
    for (row, column), customers in np.ndenumerate(risk_map.customers):
        known = f"{share[row, column]:.0%}" if share[row, column] == share[row, column] else "–"
        axes.text(column, row, f"{known}\n{customers:,}", ha="center", va="center", fontsize=9, color=INK)
    if at is not None:
        row, column = risk_map.place(*at)
        axes.plot(column + 0.36, row + 0.3, "o", color=ACCENT, markeredgecolor="white", markersize=11)
    _name_axes(axes, risk_map)
    axes.set_title(f"Share that ordered nothing in {risk_map.gone_days} days, and of how many customers")
    return figure


def _name_axes(axes: Axes, risk_map: RiskMap) -> None:
    axes.set_xticks(range(len(risk_map.silences)), [_span(*ends) for ends in risk_map.silences])
    axes.set_yticks(range(len(risk_map.orders)), [_span(*ends) for ends in risk_map.orders])
    axes.set(xlabel="days since the last order", ylabel="order days so far")
    axes.tick_params(colors=INK, labelsize=9, length=0)
    axes.spines[:].set_visible(False)


def _span(first: int, last: int | None) -> str:
    if last is None:
        return f"{first}+"
    return f"{first}" if first == last else f"{first}–{last}"


def course_figure(course: Course) -> Figure:
    """Draw how likely the customer is to have left, day by day, if no order comes, and when the list takes them.

    Args:
        course: of a customer.
    """
    figure = new_figure(7.2, 3.6)
    axes = figure.add_subplot()
    plain_axes(axes)
    days = np.arange(len(course.dates))
    axes.plot(days, course.probability, color=MUTED, label="orders nothing within the horizon")
    axes.plot(days, course.left, color=ACCENT, linewidth=2.2, label="has left")
    axes.plot(days[:1], course.left[:1], "o", color=ACCENT)
    for day, words, colour in ((course.listed_on, "the list may take them", SECOND), (course.lost_on, "lost", INK)):
        if day is not None:
            after = (day - course.dates[0]).days
            axes.axvline(after, color=colour, linewidth=1, linestyle=":")
            axes.text(after, 0.02, f" {words}: {day}", color=colour, fontsize=9, va="bottom")
    axes.set(ylim=(0, 1.01), xlim=(0, days[-1]), title="If no order comes")
    axes.set(xlabel=f"days after {course.dates[0]}", xticks=days[:: max(7, 14 * (len(days) // 90))])
    axes.legend(frameon=False, loc="upper left")
    percent(axes, "y")
    return figure
