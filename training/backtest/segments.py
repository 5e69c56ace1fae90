"""The measures of a backtest for each segment: new customers, regulars, and the shop's own segments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from features.clock import day_number
from features.log import Ints, Log, Texts
from training.backtest.bands import Floor, noise_floor, wilson
from training.backtest.choice import intervals
from training.backtest.results import CandidateResult, DateResult, plain
from training.dataset import Flags, Floats
from training.metrics import auroc, brier, ece, known

# With fewer churned or kept customers, an AUROC is the luck of a few.
LEAST_OF_A_CLASS = 10
NO_SEGMENT = "no segment"

# The rows of each segment, one bool array per test date.
Members = Mapping[str, Sequence[Flags]]


@dataclass(frozen=True)
class Segment:
    """The measures of one segment, over all test dates.

    Args:
        name: of the segment.
        customers: once per test date.
        base_rate: the share that churned.
        base_rate_interval: 95 %.
        predicted: the mean probability.
        auroc: within the segment; NaN where fewer than 10 churned or stayed.
        auroc_interval: 95 %, NaN where the AUROC is.
        ece: calibration error.
        floor: what the ECE would be by chance if the percentages were true.
        brier: mean squared error.
    """

    name: str
    customers: int
    base_rate: float
    base_rate_interval: tuple[float, float]
    predicted: float
    auroc: float
    auroc_interval: tuple[float, float]
    ece: float
    floor: Floor
    brier: float

    @property
    def is_off(self) -> bool:
        """Whether the mean prediction lies outside the interval of the observed churn rate."""
        return not self.base_rate_interval[0] <= self.predicted <= self.base_rate_interval[1]

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON, NaN as None."""
        numbers = {
            "base_rate": self.base_rate,
            "said": self.predicted,
            "auroc": self.auroc,
            "ece": self.ece,
            "brier": self.brier,
            "ece_floor": self.floor.mean,
        }
        ends = {
            "base_rate_interval": [known(end) for end in self.base_rate_interval],
            "auroc_interval": [known(end) for end in self.auroc_interval],
        }
        return {"name": self.name, "customers": self.customers, **plain(numbers), **ends, "off": self.is_off}


def segments(result: CandidateResult, members: Members) -> tuple[Segment, ...]:
    """Return the measures of each segment that has customers, in the order given.

    Args:
        result: of the candidate.
        members: the rows of each segment, one bool array per test date.
    """
    found = (_segment(name, result, np.concatenate(list(rows))) for name, rows in members.items())
    return tuple(segment for segment in found if segment.customers)


def _segment(name: str, result: CandidateResult, members: Flags) -> Segment:
    who = np.concatenate([date.customer_id for date in result.by_date])[members]
    y, p = result.y[members], result.p[members]
    unknown = float("nan")
    can_be_ranked = min(int(y.sum()), int((~y).sum())) >= LEAST_OF_A_CLASS
    return Segment(
        name=name,
        customers=len(y),
        base_rate=float(y.mean()) if len(y) else unknown,
        base_rate_interval=wilson(int(y.sum()), len(y)),
        predicted=float(p.mean()) if len(y) else unknown,
        auroc=auroc(y, p) if can_be_ranked else unknown,
        auroc_interval=intervals([(y, p, who)])["auroc"] if can_be_ranked else (unknown, unknown),
        ece=ece(y, p),
        floor=noise_floor([p]),
        brier=brier(y, p),
    )


def members_of(
    log: Log, dates: Sequence[DateResult], segment_of: Mapping[str, str] = MappingProxyType({})
) -> dict[str, list[Flags]]:
    """Return the rows of new customers, of regulars, and of the shop's own segments.

    Args:
        log: the shop's log.
        dates: the results of a candidate, oldest first.
        segment_of: the segment of each customer id; empty where none are asked for.
    """
    ids = [date.customer_id for date in dates]
    days = [order_days(log, date.customer_id, day_number(date.test_date)) for date in dates]
    return {**new_and_regulars(days), **(by_segment(segment_of, ids) if segment_of else {})}


def order_days(log: Log, customer_id: Texts, as_of: int) -> Ints:
    """Return on how many days each customer had ordered before a day number."""
    orders = log.streams["orders"]
    counts = np.bincount(orders.customer[orders.day < as_of], minlength=log.n_customers)
    return np.asarray(counts[pd.Index(log.customer_ids).get_indexer(pd.Index(customer_id))], dtype=np.int64)


def new_and_regulars(order_days: Sequence[Ints]) -> dict[str, list[Flags]]:
    """Return the rows of customers who had ordered on a single day, and of those who had on more.

    Args:
        order_days: how many days each customer had ordered on before the date, one array per test date.

    >>> new_and_regulars([np.array([1, 3])])["regulars"]
    [array([False,  True])]
    """
    return {
        "new customers": [np.asarray(days == 1) for days in order_days],
        "regulars": [np.asarray(days > 1) for days in order_days],
    }


def by_segment(segment_of: Mapping[str, str], customers: Sequence[Texts]) -> dict[str, list[Flags]]:
    """Return the rows of each segment; customers without one get a segment of their own, the last.

    Args:
        segment_of: the segment of each customer id.
        customers: the customer ids, one array per test date.

    >>> by_segment({"ann": "firm"}, [np.array(["ann", "bob"], dtype=object)])["no segment"]
    [array([False,  True])]
    """
    named = [np.array([segment_of.get(one, NO_SEGMENT) for one in date], dtype=object) for date in customers]
    names = sorted({str(name) for date in named for name in date} - {NO_SEGMENT})
    return {name: [np.asarray(date == name) for date in named] for name in [*names, NO_SEGMENT]}


def built_in(values: pd.DataFrame) -> dict[str, Flags]:
    """Return the segments that every shop has: new customers, thirds by orders and money, halves by recency.

    They are read from the features; customers at a limit belong to the lower part.

    >>> list(built_in(pd.DataFrame({"frequency": [0.0, 1.0, 2.0, 3.0]})))
    ['new customers', 'few orders', 'some orders', 'many orders']
    """
    found: dict[str, Flags] = {}
    if "frequency" in values:
        found["new customers"] = values["frequency"].to_numpy() == 0
    parts = {
        "frequency": ("few orders", "some orders", "many orders"),
        "spend_365d": ("little money", "some money", "much money"),
        "days_since_order": ("short silence", "long silence"),
    }
    for feature, names in parts.items():
        if feature in values:
            found.update(_parts(values[feature].to_numpy(dtype=np.float64), names))
    return found


def _parts(values: Floats, names: Sequence[str]) -> dict[str, Flags]:
    limits = np.nanquantile(values, np.arange(1, len(names)) / len(names)) if len(values) else np.zeros(0)
    part = np.searchsorted(limits, values)
    return {name: part == number for number, name in enumerate(names)}
