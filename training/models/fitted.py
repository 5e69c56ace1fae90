"""The interface of a fitted candidate, and how it is stored: as JSON and text, never as pickle."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol, cast

import numpy as np

from features.errors import ModelRefused
from training.dataset import Dataset, Flags, Floats
from training.models.calibration import sigmoid

# (earlier dates, latest date): the earlier ones are learnt from, the latest one is predicted. None where history is
# short.
EarlyStoppingSplit = tuple[Dataset, Dataset] | None


class Explained(NamedTuple):
    """Log-odds and where they come from: the base plus what the features add is exactly the log-odds.

    Args:
        log_odds: of churn, one per row.
        added: by each feature, rows × features.
        base: what every row begins with.
    """

    log_odds: Floats
    added: Floats
    base: float

    @property
    def probability(self) -> Floats:
        """The probability of churn, one per row."""
        return sigmoid(self.log_odds)


class Fitted(Protocol):
    """A fitted candidate: features in, log-odds of churn out.

    `X` is always a float array of customers × features, in the order of `names`, NaN = None.
    """

    @property
    def names(self) -> tuple[str, ...]:
        """The features it takes, in order."""
        ...

    def log_odds(self, X: Floats) -> Floats:
        """Return the log-odds of churn, one per row."""
        ...

    def explained(self, X: Floats) -> Explained:
        """Return the log-odds and what each feature adds to them; work that both need is done once."""
        ...

    def to_files(self, folder: Path) -> None:
        """Write itself into a folder that exists."""
        ...


@dataclass(frozen=True, eq=False)
class Fit:
    """A fitted candidate, and what the same candidate fitted on earlier dates predicted for the latest date.

    `out_of_sample` is (raw log-odds, churned) of the rows of the latest date; None where history is too short.
    """

    fitted: Fitted
    out_of_sample: tuple[Floats, Flags] | None


def fit_twice(learn: Callable[[Dataset], Fitted], data: Dataset, split: EarlyStoppingSplit) -> Fit:
    """Fit on everything, and once more on the earlier dates alone to predict the latest one."""
    if split is None:
        return Fit(learn(data), None)
    earlier, latest = split
    return Fit(learn(data), (learn(earlier).log_odds(latest.values), latest.y))


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write a JSON file; floats keep every bit, NaN is refused."""
    path.write_text(json.dumps(content, indent=1, allow_nan=False) + "\n", encoding="utf-8")


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON file that a model needs.

    Raises:
        ModelRefused: the file is missing, or is no JSON object.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelRefused(f"{path.name} is missing from {path.parent}; run regulars train") from None
    except (OSError, ValueError) as error:
        raise ModelRefused(f"{path} is corrupt ({error}); run regulars train") from None
    if not isinstance(content, dict):
        raise ModelRefused(f"{path} is corrupt (not a JSON object); run regulars train")
    return cast("dict[str, Any]", content)


def nullable(values: Floats) -> list[float | None]:
    """Return floats for JSON, NaN as null.

    >>> nullable(np.array([1.5, np.nan]))
    [1.5, None]
    """
    return [None if np.isnan(value) else float(value) for value in values]


def from_nullable(values: list[float | None]) -> Floats:
    """Return what `nullable` was given.

    >>> from_nullable([1.5, None])
    array([1.5, nan])
    """
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)
