"""The distribution of each feature, and of the probabilities, in training: the reference that drift is measured by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from training.dataset import Floats

LEVELS = np.linspace(0, 1, 21)


@dataclass(frozen=True)
class Reference:
    """The distribution of one column: quantiles at every twentieth from minimum to maximum, and the share missing.

    >>> Reference.of(np.array([1.0, 3.0, np.nan, 2.0])).missing
    0.25
    """

    quantiles: tuple[float, ...]
    missing: float

    @classmethod
    def of(cls, column: Floats) -> Reference:
        """Return the distribution of a column; a column without a value has no quantiles."""
        known = column[~np.isnan(column)]
        quantiles = tuple(float(value) for value in np.quantile(known, LEVELS)) if len(known) else ()
        return cls(quantiles, 1 - len(known) / len(column) if len(column) else 0.0)

    def stability_index(self, column: Floats) -> float:
        """Return the population stability index of other values against this distribution.

        Σ (a − e) ln(a / e) over bins of a twentieth of the reference each, a being the actual share and e the expected
        one (Siddiqi, Credit Risk Scorecards, 2006). Equal edges make one bin; an empty bin counts as half a value.

        >>> usual = Reference.of(np.linspace(0, 1, 1000))
        >>> round(usual.stability_index(np.linspace(0, 1, 500)), 3), usual.stability_index(np.ones(500)) > 0.25
        (0.0, True)
        """
        inner, first = np.unique(np.asarray(self.quantiles[1:-1]), return_index=True)
        usual = np.diff(np.concatenate([[0.0], LEVELS[1:-1][first], [1.0]]))
        known = column[~np.isnan(column)]
        counts = np.bincount(np.searchsorted(inner, known, side="right"), minlength=len(inner) + 1)
        if not len(known):
            return 0.0
        now = np.maximum(counts, 0.5) / len(known)
        usual = np.maximum(usual, 0.5 / len(known))
        return float(np.sum((now - usual) * np.log(now / usual)))

    def position(self, column: Floats) -> float:
        """Return how high other values lie in this distribution on average: 0 below all, 0.5 as usual, 1 above all.

        It is the probability that one of them exceeds one of these, ties counting half, by twentieths. Mann and
        Whitney (1947). NaN where either has no value.

        >>> usual = Reference.of(np.linspace(0, 1, 1000))
        >>> round(usual.position(np.linspace(0, 1, 500)), 2), usual.position(np.full(9, 2.0))
        (0.5, 1.0)
        """
        known = column[~np.isnan(column)]
        if not len(known) or not self.quantiles:
            return float("nan")
        below, upto = (np.searchsorted(self.quantiles, known, side) for side in ("left", "right"))
        return float((below + upto).mean() / (2 * len(self.quantiles)))

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
    return {name: Reference.of(column) for name, column in zip(names, values.T, strict=True)}
