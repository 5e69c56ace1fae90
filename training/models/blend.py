"""The blend: a weighted mean of several candidates' log-odds. Where their errors differ, the mean errs less.

The weights are learnt from predictions for later dates than the parts were fitted on: those of the backtest, or of the
latest training date. Each date's level is free, as it says nothing of who is told apart. They are pulled towards usual
ones, which lean on the models of rhythm alone where there are few rows. A blend is as explainable as its parts:
contributions are averaged like the log-odds, so their sum stays exact.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from features.log import Ints
from training.dataset import Flags, Floats
from training.log_odds import shift_to, sigmoid
from training.models.fitted import Explained, Fit, Fitted, read_json, write_json

FILE = "blend.json"
# To move a weight by 0.1 takes a gain of a hundredth of this, in nats of log loss over all later rows.
PULL = 20.0
# More rows of a date than these move no weight: they share what was peculiar to it, and tell nothing of other dates.
MOST_ROWS = 4_000


@dataclass(frozen=True, eq=False)
class Blend:
    """A weighted mean of fitted candidates in log-odds.

    Args:
        names: the features it takes, in order.
        parts: the fitted candidates by name.
        weights: of each part, by name; they sum to 1.
    """

    names: tuple[str, ...]
    parts: Mapping[str, Fitted]
    weights: Mapping[str, float]

    def log_odds(self, X: Floats) -> Floats:
        """Return the log-odds of churn, one per row."""
        weighted = [self.weights[name] * part.log_odds(X) for name, part in self.parts.items()]
        return np.asarray(np.sum(weighted, axis=0), dtype=np.float64)

    def explained(self, X: Floats) -> Explained:
        """Return the weighted means of the parts' log-odds, contributions and bases."""
        parts = [(self.weights[name], part.explained(X)) for name, part in self.parts.items()]
        log_odds = np.sum([weight * one.log_odds for weight, one in parts], axis=0)
        added = np.sum([weight * one.added for weight, one in parts], axis=0)
        return Explained(log_odds, added, sum(weight * one.base for weight, one in parts))

    def to_files(self, folder: Path) -> None:
        """Write each part into a folder of its own, and a JSON file with their names and weights."""
        for name, part in self.parts.items():
            (folder / name).mkdir()
            part.to_files(folder / name)
        write_json(folder / FILE, {"names": list(self.names), "weights": dict(self.weights)})


def read_blend(folder: Path, read_part: Callable[[str, Path], Fitted]) -> Blend:
    """Read what `Blend.to_files` wrote; `read_part` reads a candidate by name from its folder."""
    content = read_json(folder / FILE)
    weights = {name: float(weight) for name, weight in content["weights"].items()}
    return Blend(tuple(content["names"]), {name: read_part(name, folder / name) for name in weights}, weights)


def blended(parts: Mapping[str, Fit], usual: Mapping[str, float], known: Mapping[str, float] | None = None) -> Fit:
    """Blend fits of the same rows.

    Args:
        parts: the fits by name.
        usual: what the weights are pulled to, used alone where there is no latest date to learn from; they sum to 1.
        known: the weights where a backtest has learnt them; by default they are learnt on the latest date.
    """
    names = next(iter(parts.values())).fitted.names
    fitted = {name: part.fitted for name, part in parts.items()}
    later = [part.out_of_sample for part in parts.values() if part.out_of_sample is not None]
    if len(later) < len(parts):
        return Fit(Blend(names, fitted, dict(known or usual)), None)
    log_odds, y = np.column_stack([one for one, _ in later]), later[0][1]
    weights = known or weights_of([(log_odds, y)], {name: usual[name] for name in parts})
    mixed = log_odds @ np.array([weights[name] for name in parts])
    return Fit(Blend(names, fitted, {name: weights[name] for name in parts}), (mixed, y))


def weights_of(dates: Sequence[tuple[Floats, Flags]], usual: Mapping[str, float]) -> dict[str, float]:
    """Return the weights of each part by name, learnt from several dates.

    Args:
        dates: per date, the log-odds of the parts, rows × parts in the order of `usual`, and who churned.
        usual: what they are pulled to.
    """
    some = [(log_odds[:: _step(y)], y[:: _step(y)]) for log_odds, y in dates]
    date = np.repeat(np.arange(len(some)), [len(y) for _, y in some])
    log_odds, y = np.concatenate([one for one, _ in some]), np.concatenate([one for _, one in some])
    found = learn_weights(log_odds, y, np.array(list(usual.values())), date)
    return dict(zip(usual, found.tolist(), strict=True))


def _step(y: Flags) -> int:
    return max(1, -(-len(y) // MOST_ROWS))


def learn_weights(log_odds: Floats, y: Flags, usual: Floats, date: Ints | None = None) -> Floats:
    """Return the weights with the highest likelihood of later rows, each date's level set true, pulled to usual ones.

    They are at least 0 and sum to 1. Stacking, Wolpert (1992), with a ridge.

    Args:
        log_odds: rows × parts.
        y: who churned.
        usual: a weight per part.
        date: the number of each row's date, ascending; None for a single one.

    >>> y, usual = np.array([True, False] * 400), np.array([0.5, 0.5])
    >>> learn_weights(np.array([[2.0, 0.0], [-2.0, 0.0]] * 400), y, usual).round(6)
    array([1., 0.])
    """
    from scipy.optimize import minimize

    rows = np.split(np.arange(len(y)), np.flatnonzero(np.diff(date)) + 1) if date is not None else [np.arange(len(y))]

    def cost(weights: Floats) -> tuple[float, Floats]:
        at = _with_true_levels(log_odds @ weights, y, rows)
        loss = float((np.logaddexp(0, at) - y * at).sum() + PULL * ((weights - usual) ** 2).sum())
        return loss, log_odds.T @ (sigmoid(at) - y) + 2 * PULL * (weights - usual)

    whole = {"type": "eq", "fun": lambda weights: weights.sum() - 1}
    found = minimize(cost, usual, jac=True, bounds=[(0, 1)] * len(usual), constraints=[whole], method="SLSQP")
    weights = np.clip(found.x, 0, None).round(9) if found.success else usual
    return np.asarray(weights / weights.sum(), dtype=np.float64)


def _with_true_levels(log_odds: Floats, y: Flags, rows: Sequence[Ints]) -> Floats:
    """Return log-odds shifted on each date; at the best shift the likelihood is flat in it, so no slope is owed."""
    found = log_odds.copy()
    for on in rows:
        half = 0.5 / len(on)
        found[on] += shift_to(log_odds[on], float(np.clip(y[on].mean(), half, 1 - half)))
    return found
