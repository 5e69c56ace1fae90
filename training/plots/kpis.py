"""Two pictures of what retention is worth: arithmetic on the shop's own figures, not a forecast."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from features.kpis.yearly import (
    DISCOUNT,
    GOOD,
    POINTS,
    POOR,
    YEARS,
    Yearly,
    customers_over_years,
    five_points_more,
    lifetime_spend,
)
from features.money import Money
from training.plots.canvas import ACCENT, INK, MUTED, SECOND, percent, stacked

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# The height of a number beside a line, as a share of the axis.
LABEL_ROOM = 0.06
# Reichheld and Schefter (2000), "E-Loyalty: Your Secret Weapon on the Web", Harvard Business Review 78(4), 105–113.
REPORTED = (
    "Reported in practice for five per cent more of the customers kept: 25 to 95 % more profit (Reichheld, 2000)."
)
NO_PROMISE = "Arithmetic on the shop's own figures, not a promise."


def five_points_figure(year: Yearly, money: Money) -> Figure:
    """Draw what a customer spends from now on, by yearly retention, with the shop and five points more marked.

    Args:
        year: the shop's year.
        money: its currency.
    """
    figure, (axes,) = stacked(8.6, 4.6)
    now, more = year.retention, min(year.retention + POINTS, 1.0)
    rates = np.linspace(max(0.0, now - 0.3), min(1.0, now + 0.2), 101)
    axes.plot(rates, [_worth(year, rate, money) for rate in rates], color=INK, linewidth=1.6)
    beside: tuple[tuple[float, str, str, str, tuple[int, int]], ...] = (
        (now, ACCENT, "now", "right", (-9, 7)),
        (more, SECOND, "five points more", "left", (9, -24)),
    )
    for rate, colour, label, side, offset in beside:
        axes.vlines(rate, 0, _worth(year, rate, money), color=colour, linewidth=1, linestyle=":")
        axes.plot([rate], [_worth(year, rate, money)], "o", color=colour, markersize=8)
        worth = money.text(lifetime_spend(year.spend, rate))
        axes.annotate(
            f"{label}: {rate:.1%} kept\n{worth} a customer", (rate, _worth(year, rate, money)), offset, color=colour,
            textcoords="offset points", ha=side, fontsize=9,
        )  # fmt: skip
    axes.set(ylim=(0, None), xlabel="kept in a year", ylabel=f"spend from now on, {money.currency} a customer")
    axes.margins(y=0.15)
    gain = five_points_more(now)
    axes.set_title(f"Five points more retention: {gain:.0%} more of what a customer spends from now on")
    formula = f"m (1 + i) / (1 + i − r), m = {money.text(year.spend)} a year, i = {DISCOUNT:.0%} (Gupta et al. 2004)"
    _write_below(figure, f"{formula}; spend, before any cost.", NO_PROMISE, REPORTED)
    percent(axes, "x")
    return figure


def seven_years_figure(year: Yearly) -> Figure:
    """Draw how many customers the shop would have over seven years at 90 %, at 80 % and at its own retention.

    Args:
        year: the shop's year; what it gains in a year is the same on every line.
    """
    figure, (axes,) = stacked(8.6, 4.6)
    lines = ((GOOD, SECOND, 1.8, "-"), (POOR, MUTED, 1.8, "-"), (year.retention, ACCENT, 2.2, "--"))
    ends = []
    for rate, colour, width, style in lines:
        customers = np.array(customers_over_years(rate, year.gained, YEARS)) * year.active
        named = f"{rate:.1%} kept, as now" if rate == year.retention else f"{rate:.0%} kept"
        axes.plot(range(YEARS + 1), customers, color=colour, linewidth=width, linestyle=style, label=named)
        ends.append(float(customers[-1]))
    for end, at, (_, colour, *_) in zip(ends, _apart(ends), lines, strict=True):
        axes.annotate(f"{end:,.0f}", (YEARS, at), (6, 0), textcoords="offset points", color=colour, va="center",
                      annotation_clip=False)  # fmt: skip
    axes.set(xlim=(0, YEARS), ylim=(0, None), xlabel="years from now", ylabel="active customers")
    axes.yaxis.set_major_formatter("{x:,.0f}")
    axes.set_title(f"After seven years at 90 % retention: {ends[0] / ends[1]:.1f} times as many customers as at 80 %")
    axes.legend(frameon=False, loc="upper left")
    how = f"Each year keeps the share r and gains {year.gained:.1%} of the customers: {year.active:,} × (r + g)^years."
    _write_below(figure, how, NO_PROMISE)
    return figure


def _worth(year: Yearly, rate: float, money: Money) -> float:
    return float(money.major(lifetime_spend(year.spend, rate)))


def _apart(ends: list[float]) -> list[float]:
    """Return the height to write each number at, so that none covers another."""
    room, at, last = LABEL_ROOM * max(ends), list(ends), -np.inf
    for line in np.argsort(ends):
        at[line] = last = max(ends[line], last + room)
    return at


def _write_below(figure: Figure, *sentences: str) -> None:
    # A dollar is money here, not the beginning of a formula.
    figure.supxlabel("\n".join(sentences).replace("$", r"\$"), fontsize=8, color=INK, x=0.01, ha="left")
