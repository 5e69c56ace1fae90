"""Candidates that know one thing about a customer: when the orders came. P(no order in the horizon | history), exactly.

`gap_hazard`, `bg_nbd` and `pareto_nbd` differ in how they come to that probability. Here is what they share: which rows
they learn from, the line in log-odds that brings the probability to the labels where that helps, what each of the three
inputs adds, and the file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import cache
from itertools import combinations
from math import factorial
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from training.dataset import Dataset, Flags, Floats
from training.metrics import log_loss
from training.models.btyd import BGNBD, ParetoNBD, fit_bgnbd, fit_paretonbd
from training.models.calibration import fit_line
from training.models.fitted import Explained, Fit, Held, read_json, write_json
from training.models.gap_hazard import GapHazard, fit_gap_hazard
from training.models.history import INPUTS, Histories, followed_histories, inputs

FILE = "silence.json"
# More customers than these change the ranking little and cost seconds (decision 6).
CUSTOMERS_TO_FIT = 2_000
# A line has two numbers.
ROWS_FOR_LINE = 50_000
LEAST_PROBABILITY = 1e-9


class Silence(Protocol):
    """What says how likely a silence is."""

    def silent(self, seen: Histories, time: float) -> Floats:
        """Return P(no order in the next `time` days | history)."""
        ...


@dataclass(frozen=True, eq=False)
class BySilence:
    """A probability of silence, as a candidate.

    Args:
        names: the features it takes; it looks at three of them.
        model: what says how likely a silence is.
        horizon_days: of how many days.
        typical: frequency, tenure and silence of the typical customer of training, whose log-odds are the base.
        slope: of the line from the model's log-odds to those of the labels; 1 where the model stands as it is.
        intercept: of that line.
    """

    names: tuple[str, ...]
    model: Silence
    horizon_days: int
    typical: tuple[float, float, float]
    slope: float = 1.0
    intercept: float = 0.0

    def log_odds(self, X: Floats) -> Floats:
        """Return the log-odds of churn, one per row."""
        return self._of_inputs(inputs(self.names, X))

    def explained(self, X: Floats) -> Explained:
        """Return the log-odds and what frequency, tenure and silence add, each against the typical customer.

        Shapley values of a game of three players: a player who is away has the typical customer's value. With the base
        they sum to the log-odds exactly. Sundararajan and Najmi (2020), "baseline Shapley".
        """
        added = np.zeros(X.shape)
        found = shapley(self._of_inputs, inputs(self.names, X), np.array(self.typical))
        added[:, [self.names.index(name) for name in INPUTS]] = found.added
        return found._replace(added=added)

    def _of_inputs(self, columns: Floats) -> Floats:
        p = self.model.silent(Histories.of(*columns.T), self.horizon_days)
        p = np.clip(p, LEAST_PROBABILITY, 1 - LEAST_PROBABILITY)
        return np.asarray(self.slope * np.log(p / (1 - p)) + self.intercept, dtype=np.float64)

    def to_files(self, folder: Path) -> None:
        """Write itself as JSON."""
        model = self.model.to_dict() if isinstance(self.model, GapHazard) else asdict(self.model)  # type: ignore[call-overload]
        line = {"slope": self.slope, "intercept": self.intercept}
        facts = {"names": list(self.names), "horizon_days": self.horizon_days, "typical": list(self.typical)}
        write_json(folder / FILE, {**facts, **line, "model": model})


def shapley(value: Callable[[Floats], Floats], rows: Floats, base_row: Floats) -> Explained:
    """Return a function of a few inputs, their Shapley values against one base row, and the function's value there.

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
    """Return who is in each coalition that is not empty, the smaller ones first."""
    some = [players for count in range(1, size + 1) for players in combinations(range(size), count)]
    return {players: np.isin(np.arange(size), players) for players in some}


@dataclass(frozen=True)
class Kind:
    """One way to a probability of silence.

    Args:
        learn: from a dataset; the second argument is what an earlier twin learnt, to begin the search at, or None.
        read: from JSON.
    """

    learn: Callable[[Dataset, Any], Silence]
    read: Callable[[dict[str, Any]], Silence]


def some_customers(seen: Histories) -> Histories:
    """Return at most 2,000 customers, drawn alike every time."""
    if len(seen) <= CUSTOMERS_TO_FIT:
        return seen
    return seen.take(np.random.default_rng(0).choice(len(seen), CUSTOMERS_TO_FIT, replace=False))


GAP_HAZARD = Kind(lambda data, _: fit_gap_hazard(data), GapHazard.from_dict)
BG_NBD = Kind(
    lambda data, twin: fit_bgnbd(some_customers(followed_histories(data)), twin), lambda facts: BGNBD(**facts)
)
PARETO_NBD = Kind(
    lambda data, twin: fit_paretonbd(some_customers(followed_histories(data)), twin), lambda facts: ParetoNBD(**facts)
)


def fit_silence(kind: Kind, data: Dataset, held: Held) -> Fit:
    """Learn on everything; the line to the labels is kept if a twin of earlier dates was better on the latest with it.

    Without a date to see that on, the line is kept: labels know more about the level than a formula does.
    """
    if held is None:
        return Fit(_lined(_learn(kind, data, None), data), None)
    earlier, latest = held
    bare = _learn(kind, earlier, None)
    lined = _lined(bare, earlier)
    better = min((lined, bare), key=lambda twin: _surprise(twin, latest))
    full = _learn(kind, data, bare.model)
    return Fit(_lined(full, data) if better is lined else full, (better.log_odds(latest.values), latest.y))


def _learn(kind: Kind, data: Dataset, twin: Silence | None) -> BySilence:
    names, horizon = data.features.names, data.definition.horizon_days
    usual = np.nan_to_num(np.nanmedian(inputs(names, data.values), axis=0)) if len(data) else np.zeros(len(INPUTS))
    typical = (float(usual[0]), float(usual[1]), float(usual[2]))
    return BySilence(names, kind.learn(data, twin), horizon, typical)


def _lined(found: BySilence, data: Dataset) -> BySilence:
    some = slice(None, None, max(1, len(data) // ROWS_FOR_LINE))
    slope, intercept = fit_line(found.log_odds(data.values[some]), data.y[some], towards=1.0, weight=1.0)
    # A falling line would turn the ranking around: then everyone gets the base rate.
    return replace(found, slope=max(slope, 0.0), intercept=intercept)


def _surprise(found: BySilence, data: Dataset) -> float:
    return log_loss(data.y, np.exp(-np.logaddexp(0, -found.log_odds(data.values))))


def read_silence(kind: Kind, folder: Path) -> BySilence:
    """Read what `BySilence.to_files` wrote."""
    content = read_json(folder / FILE)
    usual = [float(value) for value in content["typical"]]
    return BySilence(
        names=tuple(content["names"]),
        model=kind.read(content["model"]),
        horizon_days=int(content["horizon_days"]),
        typical=(usual[0], usual[1], usual[2]),
        slope=float(content["slope"]),
        intercept=float(content["intercept"]),
    )
