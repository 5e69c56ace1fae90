"""How the features and the probabilities were distributed in training: what drift is later measured against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from training.dataset import Floats

LEVELS = np.linspace(0, 1, 21)


@dataclass(frozen=True)
class Reference:
    """One column's distribution: quantiles at every twentieth, from least to greatest, and the share of None.

    >>> Reference.of(np.array([1.0, 3.0, np.nan, 2.0])).missing
    0.25
    """

    quantiles: tuple[float, ...]
    missing: float

    @classmethod
    def of(cls, column: Floats) -> Reference:
        """Take the distribution of a column; a column without a value has no quantiles."""
        known = column[~np.isnan(column)]
        quantiles = tuple(float(value) for value in np.quantile(known, LEVELS)) if len(known) else ()
        return cls(quantiles, 1 - len(known) / len(column) if len(column) else 0.0)

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {"quantiles": list(self.quantiles), "missing": self.missing}

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Reference:
        """Read what `to_dict` gave."""
        return cls(tuple(float(value) for value in content["quantiles"]), float(content["missing"]))


def references(names: Sequence[str], values: Floats) -> dict[str, Reference]:
    """Return the distribution of each column.

    >>> sorted(references(["a"], np.array([[1.0], [2.0]])))
    ['a']
    """
    return {name: Reference.of(values[:, place]) for place, name in enumerate(names)}
