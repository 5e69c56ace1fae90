"""The risk map as a table: the shop's own customers by silence and by orders, and where one of them stands."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from training.forecasts.risk_map import RiskMap

WARMEST = 10  # the styles know cells from heat-0 to heat-10

# The first and the last number of a part; no last one where it has no end.
Span = tuple[int, int | None]


@dataclass(frozen=True)
class Cell:
    """One cell of the table.

    Args:
        share: of its customers that was gone; None where there were too few.
        heat: how warm it is shown, beside the warmest cell.
        is_here: whether the customer stands in it.
    """

    share: float | None
    heat: int
    is_here: bool


@dataclass(frozen=True)
class RiskTable:
    """The table: the silences of its columns, its rows with their orders, and what gone means, days."""

    silences: tuple[Span, ...]
    rows: tuple[tuple[Span, tuple[Cell, ...]], ...]
    gone_days: int


def risk_table(risk_map: RiskMap, days_since_order: int, order_days: int) -> RiskTable:
    """Return the table of a shop with one customer in it; the row of most orders comes first.

    Rows and columns of which nothing is known are left out, but for those of the customer.

    Args:
        risk_map: of the shop.
        days_since_order: the customer's silence.
        order_days: on how many days the customer has ordered.

    >>> some = RiskMap((1, 8), (1, 4), np.array([[40, 40], [90, 9]]), np.array([[20, 40], [9, 9]]), 90)
    >>> found = risk_table(some, days_since_order=9, order_days=2)
    >>> found.rows[0][1][1], found.rows[1][1][1]
    (Cell(share=None, heat=0, is_here=False), Cell(share=1.0, heat=10, is_here=True))
    """
    here = risk_map.place(days_since_order, order_days)
    share = risk_map.share
    known = [value for value in share.ravel().tolist() if not math.isnan(value)]
    warmest = max(known, default=0.0) or 1.0

    def cell(row: int, column: int) -> Cell:
        value = float(share[row, column])
        is_here = (row, column) == here
        return Cell(None, 0, is_here) if math.isnan(value) else Cell(value, round(WARMEST * value / warmest), is_here)

    told = ~np.isnan(share)
    told[here] = True
    shown = np.flatnonzero(told.any(axis=0)).tolist()
    rows = [
        (risk_map.orders[row], tuple(cell(row, column) for column in shown))
        for row in np.flatnonzero(told.any(axis=1)).tolist()
    ]
    silences = tuple(risk_map.silences[column] for column in shown)
    return RiskTable(silences, tuple(reversed(rows)), risk_map.gone_days)
