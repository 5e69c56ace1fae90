"""The risk map: how long customers had been silent, how often they had ordered, and which share was gone afterwards.

The matrix that packages of BTYD models draw (recency × frequency, Fader, Hardie and Lee 2005) shows what a model
expects. This one holds no model: it counts, of the shop's own customers on the training dates, who ordered nothing
afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from features.churn.labels import ChurnDefinition, label_table
from features.clock import date_of
from features.log import Ints, Log
from training.dataset import Dataset, Flags, Floats
from training.models.fitted import read_json, write_json

FILE = "risk_map.json"
# The share of fewer customers tells of chance, and of persons.
LEAST_CUSTOMERS = 30
# Silences grow rare and telling, so the last columns hold fewer customers than the first.
SILENCE_LEVELS = (0.25, 0.5, 0.7, 0.85, 0.95)
# Of those with two order days and more; those with one are a row of their own.
ORDER_LEVELS = (0.25, 0.5, 0.75)


@dataclass(frozen=True, eq=False)
class RiskMap:
    """Customers by silence and by order days, each counted once per training date.

    Args:
        silent_from: the first day of silence of each column, ascending; the last column has no end.
        orders_from: the fewest order days of each row, ascending; the last row has no end.
        customers: how many stood there, rows × columns.
        gone: how many of them ordered nothing in `gone_days`.
        gone_days: days.
    """

    silent_from: tuple[int, ...]
    orders_from: tuple[int, ...]
    customers: Ints
    gone: Ints
    gone_days: int

    @classmethod
    def of(cls, silent_days: Floats, order_days: Floats, gone: Flags, gone_days: int) -> RiskMap:
        """Count customers, one element each.

        Args:
            silent_days: days since the last order, 1 or more.
            order_days: on how many days the customer had ordered, 1 or more.
            gone: who ordered nothing in `gone_days`.
            gone_days: days.

        >>> found = RiskMap.of(np.array([1.0, 9.0, 9.0]), np.array([1.0, 4.0, 4.0]), np.array([False, True, False]), 90)
        >>> found.silences, found.orders, found.customers.tolist(), found.gone.tolist()
        ([(1, 1), (2, None)], [(1, 1), (2, None)], [[1, 0], [0, 2]], [[0, 0], [0, 1]])
        """
        silent_from = _from_on(silent_days, SILENCE_LEVELS, 1)
        orders_from = (1, *_from_on(order_days[order_days > 1], ORDER_LEVELS, 2))
        place = _place(orders_from, order_days) * len(silent_from) + _place(silent_from, silent_days)
        shape = len(orders_from), len(silent_from)
        counted = [np.bincount(some, minlength=shape[0] * shape[1]).reshape(shape) for some in (place, place[gone])]
        return cls(silent_from, orders_from, counted[0], counted[1], gone_days)

    @property
    def share(self) -> Floats:
        """The share that was gone, rows × columns; NaN where fewer than 30 customers stood."""
        enough = self.customers >= LEAST_CUSTOMERS
        return np.where(enough, self.gone / np.maximum(self.customers, 1), np.nan)

    def place(self, days_since_order: int, order_days: int) -> tuple[int, int]:
        """Return the row and the column in which a customer stands.

        Args:
            days_since_order: the silence.
            order_days: on how many days the customer has ordered.
        """
        row, column = (
            int(_place(limits, np.array([float(value)]))[0])
            for limits, value in ((self.orders_from, order_days), (self.silent_from, days_since_order))
        )
        return row, column

    @property
    def silences(self) -> list[tuple[int, int | None]]:
        """The first and the last day of silence of each column; no last one of the last."""
        return _spans(self.silent_from)

    @property
    def orders(self) -> list[tuple[int, int | None]]:
        """The fewest and the most order days of each row; no most of the last."""
        return _spans(self.orders_from)

    def to_files(self, folder: Path) -> None:
        """Write itself as JSON."""
        counts: dict[str, Any] = {"customers": self.customers.tolist(), "gone": self.gone.tolist()}
        edges = {"silent_from": list(self.silent_from), "orders_from": list(self.orders_from)}
        write_json(folder / FILE, {**edges, **counts, "gone_days": self.gone_days})


def count_risk_map(log: Log, data: Dataset, window_days: int, until: int) -> RiskMap | None:
    """Count the customers of the training dates; None where there is no row, or where rows say nothing of a history.

    Args:
        log: the shop's log.
        data: the training rows.
        window_days: gone = no order in so many days; the horizon where no such window has ended.
        until: the first day number that no label may read.
    """
    if not len(data) or not {"days_since_order", "frequency"} <= set(data.features.names):
        return None
    days = [day for day in data.days if day + window_days <= until]
    rows, gone, lasted = np.ones(len(data), dtype=bool), data.y, data.definition.horizon_days
    if days:
        rows, lasted = np.isin(data.as_of, days), window_days
        own = log.only(np.unique(data.customer_id[rows]))  # the rows may be of some customers of a large shop
        definition = ChurnDefinition(window_days, data.definition.active_days)
        gone = label_table(own, [date_of(day) for day in days], definition)["churned"].to_numpy(dtype=bool)
    silent, repeats = (data.X[name].to_numpy(dtype=np.float64)[rows] for name in ("days_since_order", "frequency"))
    return RiskMap.of(silent, repeats + 1, gone, lasted)


def read_risk_map(folder: Path) -> RiskMap:
    """Read what `RiskMap.to_files` wrote.

    Raises:
        ModelRefused: the file is missing, or is no JSON object.
    """
    content = read_json(folder / FILE)
    customers, gone = (np.array(content[name], dtype=np.int64) for name in ("customers", "gone"))
    edges = (tuple(map(int, content[name])) for name in ("silent_from", "orders_from"))
    silent_from, orders_from = edges
    return RiskMap(silent_from, orders_from, customers, gone, int(content["gone_days"]))


def _from_on(values: Floats, levels: tuple[float, ...], first: int) -> tuple[int, ...]:
    """Return where parts of some values begin; a part that nobody stands in is none."""
    if not len(values):
        return ()
    ends = np.quantile(values, levels, method="inverted_cdf").astype(np.int64)
    inside = sorted({int(end) + 1 for end in ends if first <= end < values.max()})
    return (first, *inside)


def _place(begin: tuple[int, ...], values: Floats) -> Ints:
    return np.maximum(np.searchsorted(begin, values, side="right") - 1, 0).astype(np.int64)


def _spans(begin: tuple[int, ...]) -> list[tuple[int, int | None]]:
    ends = [later - 1 for later in begin[1:]]
    return list(zip(begin, [*ends, None], strict=True))
