"""A small model of what comes of an own past: learnt on earlier dates, to be judged on later ones against simple rules.

It forecasts what is no churn: whether an account shrinks, whether a category is bought no more. A case is a few
numbers, so the model is a logistic regression on them and their products, held by a ridge; its rivals are rules of one
of these numbers, calibrated on the same cases. `training/backtest/own_past.py` judges whether it serves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from features.log import Texts
from training.dataset import Flags, Floats
from training.models.calibration import fit_line, sigmoid
from training.models.fitted import read_json, write_json

TESTS, LEAST_TESTS = 5, 2
MOST_LEARNT = 12  # dates that a model learns from
RIDGE = 0.01  # inverse strength
FARTHEST = 3.0  # standard deviations from the mean: what lies farther counts as so far
FILE = "products.json"


@dataclass(frozen=True, eq=False)
class Cases:
    """What was known on a date, and what came of it.

    Args:
        values: rows × names; NaN where not known.
        y: whether it came true.
        who: the customer of each row.
    """

    values: Floats
    y: Flags
    who: Texts

    @classmethod
    def joined(cls, parts: Sequence[Cases]) -> Cases:
        """Put the cases of several dates one under the other."""
        return cls(*(np.concatenate([getattr(each, name) for each in parts]) for name in ("values", "y", "who")))


@dataclass(frozen=True, eq=False)
class Question:
    """What is asked of an own past.

    Args:
        what: in words, such as "accounts that shrink".
        names: of the numbers that are known of a row.
        rules: names of those by which a rule would decide, and whether the chance rises with it.
        cases: those of a day number.
        window_days: within which it comes true.
        first_day: the earliest day number on which it can be asked.
        end: the first day number that no label may read.
    """

    what: str
    names: tuple[str, ...]
    rules: Mapping[str, int]
    cases: Callable[[int], Cases]
    window_days: int
    first_day: int
    end: int
    known: dict[int, Cases] = field(default_factory=dict)

    def on(self, day: int) -> Cases:
        """Return the cases of a day; each day is computed once."""
        if day not in self.known:
            self.known[day] = self.cases(day)
        return self.known[day]

    @property
    def step_days(self) -> int:
        """How far learnt days lie apart: half a window, so that a test day a window later meets the same ones."""
        return max(self.window_days // 2, 1)

    def learnt_on(self, day: int) -> list[int]:
        """Return the days whose window had ended by a day, the latest first."""
        return list(range(day - self.window_days, self.first_day - 1, -self.step_days))[:MOST_LEARNT]

    @property
    def tests(self) -> list[int]:
        """The days to be judged on, oldest first: each has one to learn from."""
        step = 2 * self.step_days
        days = [self.end - self.window_days - step * number for number in range(TESTS)]
        return [day for day in reversed(days) if self.learnt_on(day)]

    def until(self, day: int) -> Cases:
        """Return all that was known on a day."""
        return Cases.joined([self.on(each) for each in self.learnt_on(day)])


@dataclass(frozen=True, eq=False)
class Products:
    """A logistic regression on standardised numbers, their squares and their products.

    Args:
        names: of the numbers.
        mean: of each in training.
        deviation: of each in training, above 0.
        weights: log-odds per number, then per pair of numbers, each with itself too.
        base: log-odds where all are 0.
    """

    names: tuple[str, ...]
    mean: Floats
    deviation: Floats
    weights: Floats
    base: float

    def log_odds(self, values: Floats) -> Floats:
        """Return the log-odds of each row; a number that is not known counts as the mean."""
        return np.asarray(_design(values, self.mean, self.deviation) @ self.weights + self.base)

    def probability(self, values: Floats) -> Floats:
        """Return the probability of each row."""
        return sigmoid(self.log_odds(values))

    def to_files(self, folder: Path) -> None:
        """Write itself as JSON."""
        arrays = {name: getattr(self, name).tolist() for name in ("mean", "deviation", "weights")}
        write_json(folder / FILE, {"names": list(self.names), **arrays, "base": self.base})


def read_products(folder: Path) -> Products:
    """Read what `Products.to_files` wrote.

    Raises:
        ModelRefused: the file is missing or corrupt.
    """
    content = read_json(folder / FILE)
    mean, deviation, weights = (np.array(content[name], dtype=np.float64) for name in ("mean", "deviation", "weights"))
    return Products(tuple(content["names"]), mean, deviation, weights, float(content["base"]))


def _design(values: Floats, mean: Floats, deviation: Floats) -> Floats:
    near = np.clip(np.nan_to_num((values - mean) / deviation), -FARTHEST, FARTHEST)
    first, second = np.triu_indices(values.shape[1])
    return np.hstack([near, near[:, first] * near[:, second]])


def fit_products(names: Sequence[str], cases: Cases) -> Products:
    """Learn from cases, of which some came true and some did not.

    Args:
        names: of their numbers.
        cases: those known.
    """
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    mean, deviation = np.nanmean(cases.values, axis=0), np.nanstd(cases.values, axis=0)
    deviation = np.where(deviation > 0, deviation, 1.0)
    with threadpool_limits(1):  # threads of the linear algebra would spend their time waiting for each other
        model = LogisticRegression(C=RIDGE, solver="newton-cholesky")
        model.fit(_design(cases.values, mean, deviation), cases.y)
    return Products(tuple(names), mean, deviation, model.coef_[0], float(model.intercept_[0]))


@dataclass(frozen=True)
class Rule:
    """Log-odds by one of the numbers."""

    name: str
    column: int
    slope: float
    intercept: float

    def probability(self, values: Floats) -> Floats:
        """Return the calibrated probability of each row."""
        return sigmoid(self.slope * np.nan_to_num(values[:, self.column]) + self.intercept)


@dataclass(frozen=True, eq=False)
class Verdict:
    """Whether a model of an own past serves, and why.

    Args:
        is_on: whether it does.
        words: the reason in one sentence.
        letter: its grade against the best rule; None where nothing could be judged.
        rule: the best rule.
        measures: means over the test dates, by name; of the best rule as rule_….
    """

    is_on: bool
    words: str
    letter: str | None = None
    rule: str | None = None
    measures: Mapping[str, float] = field(default_factory=dict)

    @property
    def facts(self) -> dict[str, Any]:
        """What is kept of it."""
        return {**asdict(self), "measures": dict(self.measures)}


Judge = Callable[[Question], Verdict]


def learn(question: Question, day: int) -> Products:
    """Return the model of what was known on a day."""
    return fit_products(question.names, question.until(day))


def learn_rule(question: Question, name: str, day: int) -> Rule:
    """Return a rule by one number, calibrated on what was known on a day; a wrong direction gives everyone the mean."""
    some, column = question.until(day), question.names.index(name)
    evidence = np.nan_to_num(some.values[:, column])
    slope, intercept = fit_line(evidence, some.y)
    if slope * question.rules[name] < 0:
        slope, intercept = 0.0, fit_line(np.zeros(len(some.y)), some.y)[1]
    return Rule(name, column, slope, intercept)
