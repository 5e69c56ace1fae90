"""The last orders as a line of dots, and the silence since: how late somebody is, against the own rhythm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

DOTS = 8  # orders that are shown
EMPTY_SHARE = 0.06  # of the width, on either side


@dataclass(frozen=True)
class Timeline:
    """Positions on a line of a given width.

    Args:
        width: of the whole line.
        orders: where the orders stand, oldest first.
        due: where the next one was usual; None = no rhythm yet, or it lies ahead.
        today: where the line ends.
    """

    width: int
    orders: tuple[float, ...]
    due: float | None
    today: float


def timeline(orders: Sequence[date], usual_gap_days: float | None, today: date, width: int = 168) -> Timeline | None:
    """Return the timeline of order days; None where there is none.

    Args:
        orders: order days before today, oldest first.
        usual_gap_days: between two of them; None before the second one.
        today: the day that is looked from.
        width: of the line, in its own units.

    >>> found = timeline([date(2026, 1, 1), date(2026, 1, 11)], 10.0, date(2026, 1, 31), width=100)
    >>> found.orders, found.due, found.today
    ((6.0, 35.3), 64.7, 94.0)
    """
    shown = list(orders[-DOTS:])
    if not shown:
        return None
    span = max((today - shown[0]).days, 1)
    begin, length = width * EMPTY_SHARE, width * (1 - 2 * EMPTY_SHARE)

    def at(day: date) -> float:
        return round(begin + length * (day - shown[0]).days / span, 1)

    due = None if usual_gap_days is None else shown[-1] + timedelta(days=round(usual_gap_days))
    late = due is not None and due < today
    return Timeline(width, tuple(map(at, shown)), at(due) if late and due is not None else None, at(today))
