"""Candidates that use only when a customer ordered: P(no order in the horizon | history), computed exactly.

`gap_hazard`, `bg_nbd` and `pareto_nbd` differ in how they compute that probability. They share what stands here: the
rows they learn from, the line in log-odds that fits the probability to the labels where that helps, the contribution of
each of the three inputs, and the file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import cache
from itertools import combinations
from math import factorial
from pathlib import Path
from typing import Any

import numpy as np

from training.dataset import Dataset, Flags, Floats
from training.metrics import log_loss
from training.models.btyd import BGNBD, ParetoNBD, fit_bgnbd, fit_paretonbd
from training.models.calibration import fit_line, sigmoid
from training.models.fitted import EarlyStoppingSplit, Explained, Fit, read_json, write_json
from training.models.gap_hazard import GapHazard, fit_gap_hazard
from training.models.history import INPUTS, Histories, followed_histories, inputs

FILE = "silence.json"
# More customers than these change the ranking little and cost seconds (decision 6).
CUSTOMERS_TO_FIT = 2_000
# A line has two parameters: more rows do not change it.
ROWS_FOR_LINE = 50_000
LEAST_PROBABILITY = 1e-9
NoOrderModel = GapHazard | BGNBD | ParetoNBD


@dataclass(frozen=True, eq=False)
class NoOrderCandidate:
    """P(no order in the horizon) as a candidate.

    Args:
        names: the features it takes; it uses three of them.
        model: of when orders come.
        horizon_days: the horizon.
        typical: the three inputs of the typical customer of training, whose log-odds are the base.
        slope: of the line from the model's log-odds to the labels; 1 where the model is used as it is.
        intercept: of that line.
    """

    names: tuple[str, ...]
    model: NoOrderModel
    horizon_days: int
    typical: tuple[float, float, float]
    slope: float = 1.0
    intercept: float = 0.0

    def log_odds(self, X: Floats) -> Floats:
        """Return the log-odds of churn, one per row."""
        return self._of_inputs(inputs(self.names, X))

    def explained(self, X: Floats) -> Explained:
        """Return the log-odds and what each of the three inputs adds, against the typical customer.

        They are Shapley values of a game of three players: an absent player has the typical customer's value. With the
        base they sum to the log-odds exactly. Sundararajan and Najmi (2020), "baseline Shapley".
        """
        added = np.zeros(X.shape)
        found = shapley(self._of_inputs, inputs(self.names, X), np.array(self.typical))
        added[:, [self.names.index(name) for name in INPUTS]] = found.added
        return found._replace(added=added)

    def _of_inputs(self, columns: Floats) -> Floats:
        p = self.model.no_order_probability(Histories.of(*columns.T), self.horizon_days)
        p = np.clip(p, LEAST_PROBABILITY, 1 - LEAST_PROBABILITY)
        return np.asarray(self.slope * np.log(p / (1 - p)) + self.intercept, dtype=np.float64)

    def to_files(self, folder: Path) -> None:
        """Write itself as JSON."""
        model = self.model.to_dict() if isinstance(self.model, GapHazard) else asdict(self.model)
        line = {"slope": self.slope, "intercept": self.intercept}
        facts = {"names": list(self.names), "horizon_days": self.horizon_days, "typical": list(self.typical)}
        write_json(folder / FILE, {**facts, **line, "model": model})


def shapley(value: Callable[[Floats], Floats], rows: Floats, base_row: Floats) -> Explained:
    """Return the values of a function of a few inputs, their Shapley values against a base row, and its value there.

    Shapley (1953). Every coalition of inputs is evaluated once: 2 to the number of inputs.

    >>> shapley(lambda at: at[:, 0] * at[:, 1], np.array([[3.0, 5.0]]), np.array([1.0, 1.0]))
    Explained(log_odds=array([15.]), added=array([[6., 8.]]), base=1.0)
    """
    size = rows.shape[1]
    coalitions = _coalitions(size)
    mixed = [np.where(there, rows, base_row) for there in coalitions.values()]
    # All at once: for a single customer the calls would cost more than the sums.
    values = value(np.concatenate([base_row[None, :], *mixed]))
    base = float(values[0])
    at: dict[tuple[int, ...], Floats] = {(): np.full(len(rows), base)}
    at |= dict(zip(coalitions, values[1:].reshape(len(coalitions), len(rows)), strict=True))
    added = np.zeros(rows.shape)
    for players, reached in at.items():
        for player in players:
            before = at[tuple(other for other in players if other != player)]
            orders = factorial(len(players) - 1) * factorial(size - len(players))
            added[:, player] += orders / factorial(size) * (reached - before)
    return Explained(at[tuple(range(size))], added, base)


@cache
def _coalitions(size: int) -> dict[tuple[int, ...], Flags]:
    """Return the members of each coalition that is not empty, the smaller ones first."""
    some = [players for count in range(1, size + 1) for players in combinations(range(size), count)]
    return {players: np.isin(np.arange(size), players) for players in some}


@dataclass(frozen=True)
class Kind:
    """How one kind of model is fitted and read.

    Args:
        learn: from a dataset; the search begins at the second argument, the model of earlier dates, or None.
        read: from JSON.
    """

    learn: Callable[[Dataset, Any], NoOrderModel]
    read: Callable[[dict[str, Any]], NoOrderModel]


def some_customers(seen: Histories) -> Histories:
    """Return at most 2,000 customers, always the same ones."""
    if len(seen) <= CUSTOMERS_TO_FIT:
        return seen
    return seen.take(np.random.default_rng(0).choice(len(seen), CUSTOMERS_TO_FIT, replace=False))


GAP_HAZARD = Kind(lambda data, _: fit_gap_hazard(data), GapHazard.from_dict)
BG_NBD = Kind(
    lambda data, start: fit_bgnbd(some_customers(followed_histories(data)), start), lambda facts: BGNBD(**facts)
)
PARETO_NBD = Kind(
    lambda data, start: fit_paretonbd(some_customers(followed_histories(data)), start), lambda facts: ParetoNBD(**facts)
)


def fit_no_order(kind: Kind, data: Dataset, split: EarlyStoppingSplit) -> Fit:
    """Fit on everything; the line to the labels is kept if it was better on the latest date, fitted on earlier ones.

    Without a date to judge that on, the line is kept: labels know more about the level than a formula does.
    """
    if split is None:
        return Fit(_with_line(_learn(kind, data, None), data), None)
    earlier, latest = split
    bare = _learn(kind, earlier, None)
    lined = _with_line(bare, earlier)
    better = min((lined, bare), key=lambda each: _log_loss(each, latest))
    full = _learn(kind, data, bare.model)
    return Fit(_with_line(full, data) if better is lined else full, (better.log_odds(latest.values), latest.y))


def _learn(kind: Kind, data: Dataset, start: NoOrderModel | None) -> NoOrderCandidate:
    names, horizon = data.features.names, data.definition.horizon_days
    usual = np.nan_to_num(np.nanmedian(inputs(names, data.values), axis=0)) if len(data) else np.zeros(len(INPUTS))
    typical = (float(usual[0]), float(usual[1]), float(usual[2]))
    return NoOrderCandidate(names, kind.learn(data, start), horizon, typical)


def _with_line(found: NoOrderCandidate, data: Dataset) -> NoOrderCandidate:
    some = slice(None, None, max(1, len(data) // ROWS_FOR_LINE))
    slope, intercept = fit_line(found.log_odds(data.values[some]), data.y[some], towards=1.0, weight=1.0)
    # A falling line would reverse the ranking: then everyone gets the base rate.
    return replace(found, slope=max(slope, 0.0), intercept=intercept)


def _log_loss(found: NoOrderCandidate, data: Dataset) -> float:
    return log_loss(data.y, sigmoid(found.log_odds(data.values)))


def read_no_order(kind: Kind, folder: Path) -> NoOrderCandidate:
    """Read what `NoOrderCandidate.to_files` wrote."""
    content = read_json(folder / FILE)
    usual = [float(value) for value in content["typical"]]
    return NoOrderCandidate(
        names=tuple(content["names"]),
        model=kind.read(content["model"]),
        horizon_days=int(content["horizon_days"]),
        typical=(usual[0], usual[1], usual[2]),
        slope=float(content["slope"]),
        intercept=float(content["intercept"]),
    )
