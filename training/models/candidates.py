"""The candidates by name, the safest first: rules, probability models, the blend, learned models on their own.

A candidate is added in one place: a module of its own in this folder, and a line in `_ALL`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from features.errors import ModelRefused, suggest
from training.dataset import Dataset
from training.models.blend import blended, read_blend
from training.models.exposure import adjust_exposure
from training.models.fitted import EarlyStoppingSplit, Fit, Fitted
from training.models.logistic import fit_logistic, read_logistic
from training.models.rules import fit_rule, read_rule
from training.models.silence import BG_NBD, GAP_HAZARD, PARETO_NBD, Kind, fit_no_order, read_no_order
from training.models.trees import USUAL, TreeSettings, fit_trees, read_trees

# A model of fewer churned or fewer kept rows than this would memorise the customers.
LEAST_ROWS_OF_A_CLASS = 30
Learn = Callable[[Dataset, EarlyStoppingSplit, TreeSettings], Fit]


@dataclass(frozen=True)
class Candidate:
    """A kind of model by name: how it is fitted, and how a fitted one is read back.

    Args:
        name: the name in backtests, bundles and MLflow.
        is_rule: a rule is what a model has to beat.
        fit: takes the training rows, their early-stopping split, and the settings of trees, where it has some.
        read: reads the fitted candidate from a bundle's folder.
    """

    name: str
    is_rule: bool
    fit: Learn
    read: Callable[[Path], Fitted]


def _treeless(learn: Callable[[Dataset, EarlyStoppingSplit], Fit]) -> Learn:
    return lambda data, split, trees: learn(data, split)


def _no_order(name: str, kind: Kind) -> Candidate:
    return Candidate(name, False, _treeless(partial(fit_no_order, kind)), partial(read_no_order, kind))


BLEND = "blend"
# Their errors differ: trees find interactions, the line extrapolates calmly, the curves know only the rhythm.
WEIGHTS = {"gap_hazard": 0.10, "bg_nbd": 0.10, "pareto_nbd": 0.10, "logistic": 0.15, "lightgbm": 0.55}
# Of the parts, those that are learnt from many columns: each alone is a bet on one way of erring.
LEARNED = ("logistic", "lightgbm")
# With few rows, what is learnt from many columns is chance; a rhythm takes three.
THIN_WEIGHTS = {"gap_hazard": 0.30, "bg_nbd": 0.30, "pareto_nbd": 0.20, "logistic": 0.10, "lightgbm": 0.10}
ROWS_HALF_WAY = 10_000


def usual_weights(rows: int) -> dict[str, float]:
    """Return the weights of a blend before anything is learnt about them: with few rows, those of rhythm are larger.

    Args:
        rows: of training, over all dates.

    >>> round(usual_weights(0)["lightgbm"], 2), round(usual_weights(1_000_000)["lightgbm"], 2)
    (0.1, 0.55)
    """
    many = rows / (rows + ROWS_HALF_WAY)
    return {name: many * WEIGHTS[name] + (1 - many) * THIN_WEIGHTS[name] for name in WEIGHTS}


def _fit_blend(data: Dataset, split: EarlyStoppingSplit, trees: TreeSettings) -> Fit:
    parts = {name: CANDIDATES[name].fit(data, split, trees) for name in WEIGHTS}
    return blended(parts, usual_weights(len(data)))


_ALL = (
    Candidate("recency_rule", True, _treeless(partial(fit_rule, "days_since_order")), read_rule),
    Candidate("overdue_rule", True, _treeless(partial(fit_rule, "overdue")), read_rule),
    _no_order("gap_hazard", GAP_HAZARD),
    _no_order("bg_nbd", BG_NBD),
    _no_order("pareto_nbd", PARETO_NBD),
    # The default: whatever else is to serve has to prove that it is better (decision 9).
    Candidate(BLEND, False, _fit_blend, lambda folder: read_blend(folder, read_fitted)),
    Candidate("logistic", False, _treeless(fit_logistic), read_logistic),
    Candidate("lightgbm", False, fit_trees, read_trees),
)
CANDIDATES = {candidate.name: candidate for candidate in _ALL}
RULES = tuple(candidate.name for candidate in _ALL if candidate.is_rule)


def fit(name: str, data: Dataset, trees: TreeSettings = USUAL, weights: Mapping[str, float] | None = None) -> Fit:
    """Fit a candidate on a dataset; the latest date is held out once for what has to be judged on later rows.

    Args:
        name: of the candidate.
        data: what to learn from.
        trees: how trees grow.
        weights: of the blend's parts where a backtest has learnt them.

    >>> sorted(CANDIDATES)[:2]
    ['bg_nbd', 'blend']
    """
    return dict(fit_each((name,), data, trees, weights))[name]


def fit_each(
    names: Sequence[str], data: Dataset, trees: TreeSettings = USUAL, weights: Mapping[str, float] | None = None
) -> Iterator[tuple[str, Fit]]:
    """Fit candidates in the order of their names, one at a time; each part of a blend is fitted once.

    Args:
        names: of the candidates.
        data: what to learn from.
        trees: how trees grow.
        weights: of the blend's parts where a backtest has learnt them.

    >>> list(fit_each((), None))
    []
    """
    if not names:
        return
    data = adjust_exposure(data)
    split, fits = early_stopping_split(data), dict[str, Fit]()
    for name in names:
        # No function in here that calls itself: it would hold the rows of every date until the collector runs.
        for part in WEIGHTS if name == BLEND else (name,):
            if part not in fits:
                fits[part] = CANDIDATES[part].fit(data, split, trees)
        parts = {part: fits[part] for part in WEIGHTS} if name == BLEND else {}
        yield name, blended(parts, usual_weights(len(data)), weights) if parts else fits[name]


def early_stopping_split(data: Dataset) -> EarlyStoppingSplit:
    """Return (earlier dates, latest date), or None where either has too few rows to learn from or be judged on."""
    split = data.hold_out_last()
    return split if split is not None and all(enough_to_learn(part) for part in split) else None


def enough_to_learn(data: Dataset) -> bool:
    """Return whether there are enough churned and enough kept rows for a model."""
    return bool(min(data.y.sum(), (~data.y).sum()) >= LEAST_ROWS_OF_A_CLASS)


def read_fitted(name: str, folder: Path) -> Fitted:
    """Read a fitted candidate back.

    Raises:
        ModelRefused: the name is unknown here, or a file is missing or corrupt.
    """
    if name not in CANDIDATES:
        raise ModelRefused(f'no candidate is called "{name}".{suggest(name, CANDIDATES)}')
    try:
        return CANDIDATES[name].read(folder)
    except (KeyError, TypeError, ValueError) as error:
        raise ModelRefused(f"{folder} is corrupt ({type(error).__name__}: {error}); run regulars train") from None
