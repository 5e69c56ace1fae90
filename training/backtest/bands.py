"""Calibration by probability band: of those predicted 60 to 70%, how many left, and what chance alone would show.

A customer is counted in a band once per test date. The horizons of two test dates do not overlap, so the rows of one
customer are independent draws; a season that moves everybody at once is not chance, and shows in the report by date.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from training.dataset import Flags, Floats
from training.metrics import BINS, Z_95, known

TENTHS = tuple(tenth / 10 for tenth in range(10))
# The churn rate of fewer customers says more about chance than about the model.
LEAST_CUSTOMERS = 30
SIMULATIONS = 200
# So many rows give the noise floor to two digits.
MOST_ROWS = 20_000


@dataclass(frozen=True)
class Band:
    """The customers whose predicted probability lies in a band, and how many of them left.

    Args:
        name: "60 to 70%", or the product's name of the band.
        low: lower edge, included.
        high: upper edge, excluded except for 1.
        customers: in it, once per test date.
        predicted: their mean probability; NaN where there is nobody.
        observed: the share that churned; NaN where there is nobody.
        interval: of that share, 95 %.
        is_merged: whether neighbours with too few customers were merged into it.
    """

    name: str
    low: float
    high: float
    customers: int
    predicted: float
    observed: float
    interval: tuple[float, float]
    is_merged: bool = False

    @property
    def sentence(self) -> str:
        """Predicted against observed, in words.

        >>> Band("60 to 70%", 0.6, 0.7, 812, 0.651, 0.64, (0.603, 0.672)).sentence
        'of those we called 60 to 70%, 64% left (812 customers, 60–67%)'
        """
        merged = "; bands with few customers are taken together" if self.is_merged else ""
        return (
            f"of those we called {self.name}, {self.observed:.0%} left "
            f"({self.customers:,} customers, {between(self.interval)}{merged})"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON, NaN as None."""
        return {
            "name": self.name,
            "low": self.low,
            "high": self.high,
            "customers": self.customers,
            "said": known(self.predicted),
            "left": known(self.observed),
            "interval": [known(end) for end in self.interval],
            "is_merged": self.is_merged,
        }


def between(ends: tuple[float, float]) -> str:
    """Return an interval of shares in words.

    >>> between((0.603, 0.672))
    '60–67%'
    """
    return f"{100 * ends[0]:.0f}–{ends[1]:.0%}"


def wilson(hits: int, customers: int) -> tuple[float, float]:
    """Return the 95 % interval of a share. Wilson (1927), equation 6 without continuity correction.

    Args:
        hits: how many customers churned.
        customers: out of how many.

    >>> [round(end, 3) for end in wilson(0, 10)]
    [0.0, 0.278]
    """
    if not customers:
        return float("nan"), float("nan")
    share, pull = hits / customers, Z_95**2 / customers
    middle = (share + pull / 2) / (1 + pull)
    half = Z_95 * math.sqrt(share * (1 - share) / customers + pull / (4 * customers)) / (1 + pull)
    return max(0.0, middle - half), min(1.0, middle + half)


def tenths(y: Flags, p: Floats) -> tuple[Band, ...]:
    """Return bands of ten points; one with fewer than 30 customers is merged into its smaller neighbour.

    A band without anybody is left out.

    Args:
        y: who churned.
        p: the predicted probability of each.

    >>> [band.name for band in tenths(np.array([True, False] * 30), np.array([0.95, 0.05] * 30))]
    ['0 to 10%', '90 to 100%']
    """
    tenth = np.searchsorted(np.array(TENTHS[1:]), p, side="right")
    parts = _merged(np.bincount(tenth, minlength=len(TENTHS)).tolist())
    edges = [*TENTHS, 1.0]
    return tuple(
        _band(_name(edges[first], edges[end]), edges[first], edges[end], y, p, (tenth >= first) & (tenth < end))
        for first, end in parts
    )


def named_bands(y: Flags, p: Floats, edges: Mapping[str, float]) -> tuple[Band, ...]:
    """Return the bands that a product shows.

    Args:
        y: who churned.
        p: the predicted probability of each.
        edges: from which probability on each band begins, ascending, the first 0.

    >>> [band.observed for band in named_bands(np.array([True, False]), np.array([0.5, 0.2]), {"low": 0, "high": 0.5})]
    [0.0, 1.0]
    """
    lows, names = list(edges.values()), list(edges)
    band = np.searchsorted(np.array(lows[1:]), p, side="right")
    ends = [*lows[1:], 1.0]
    return tuple(_band(name, lows[k], ends[k], y, p, band == k) for k, name in enumerate(names))


def _band(name: str, low: float, high: float, y: Flags, p: Floats, members: Flags) -> Band:
    customers, hits = int(members.sum()), int(y[members].sum())
    predicted = float(p[members].mean()) if customers else float("nan")
    observed = hits / customers if customers else float("nan")
    # A band that is named by its edges and spans more than a tenth was merged.
    merged = name == _name(low, high) and high - low > 1.5 / len(TENTHS)
    return Band(name, low, high, customers, predicted, observed, wilson(hits, customers), merged)


def _name(low: float, high: float) -> str:
    return f"{100 * low:.0f} to {high:.0%}"


def _merged(counts: Sequence[int]) -> list[tuple[int, int]]:
    """Return (first, end) of the tenths that form one band, merged until each has enough customers or one is left."""
    parts = [(tenth, tenth + 1) for tenth, count in enumerate(counts) if count]
    customers = [count for count in counts if count]
    while len(parts) > 1 and min(customers) < LEAST_CUSTOMERS:
        smallest = customers.index(min(customers))
        neighbours = [part for part in (smallest - 1, smallest + 1) if 0 <= part < len(parts)]
        other = min(neighbours, key=lambda part: customers[part])
        first, second = sorted((smallest, other))
        parts[first : second + 1] = [(parts[first][0], parts[second][1])]
        customers[first : second + 1] = [customers[first] + customers[second]]
    return parts


@dataclass(frozen=True)
class Floor:
    """The calibration error that perfectly calibrated probabilities would show by chance.

    Args:
        mean: over simulations.
        most: 95 % of the simulations show no more.
    """

    mean: float
    most: float


def noise_floor(dates: Sequence[Floats]) -> Floor:
    """Return the mean ECE over dates if each customer left with exactly the predicted probability.

    Outcomes are drawn 200 times with a fixed seed. Bröcker and Smith (2007), consistency resampling.

    Args:
        dates: predicted probabilities, one array per test date.

    >>> noise_floor([np.zeros(100)])
    Floor(mean=0.0, most=0.0)
    """
    some = [_drawn_ece(np.sort(p), seed) for seed, p in enumerate(dates) if len(p)]
    if not some:
        return Floor(float("nan"), float("nan"))
    drawn = np.mean(some, axis=0)
    return Floor(float(drawn.mean()), float(np.percentile(drawn, 95)))


def _drawn_ece(p: Floats, seed: int) -> Floats:
    """Return the ECE of each simulation of one date; `p` ascends."""
    rows, random = len(p), np.random.default_rng(seed)  # a seed per date: their chances are independent
    some = p[:: math.ceil(rows / MOST_ROWS)]
    parts = np.array_split(np.arange(len(some)), min(BINS, len(some)))
    starts = np.array([part[0] for part in parts])
    expected = np.add.reduceat(some, starts)
    found = [
        np.abs(np.add.reduceat((random.random(len(some)) < some).astype(np.float64), starts) - expected).sum()
        for _ in range(SIMULATIONS)
    ]
    # Gaps shrink with the square root of the rows: those of a sample are scaled to all rows.
    return np.asarray(np.array(found) / len(some) * math.sqrt(len(some) / rows), dtype=np.float64)
