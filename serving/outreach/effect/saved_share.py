"""P(saved | contacted, would have churned) of each playbook: its prior, updated by the shop's own holdout.

Of those who would have churned uncontacted, 1 − kept_C of all, the lists saved kept_T − kept_C. That ratio is net of
the customers whom a contact drives away (the sleeping dogs), and by intention to treat: it already includes that only
part of the entries is worked on. Prior and observation are both normal on that scale and are weighted by their
precision (Gelman et al. 2013, "Bayesian Data Analysis", section 2.5).

Playbooks learn from one another a little: the errors of two priors are correlated by SHARED, so a shop where one
playbook saves less than the books say expects somewhat less of the others too (section 5.4).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import pandas as pd

from serving.outreach.effect.group import compare_kept

SHARED = 0.3
Z_90 = NormalDist().inv_cdf(0.95)


@dataclass(frozen=True)
class Prior:
    """The saved share assumed of a playbook before any outcome: the mean, and its 90 % range.

    >>> round(Prior(0.15, 0.05, 0.25).standard_deviation, 4)
    0.0608
    """

    mean: float
    low: float
    high: float

    @property
    def standard_deviation(self) -> float:
        """Of the normal distribution whose middle 90 % is as wide as the range."""
        return (self.high - self.low) / (2 * Z_90)


@dataclass(frozen=True)
class SavedShare:
    """A playbook's saved share as the ranking uses it, with a 90 % range, and what it came from.

    Args:
        mean: what the ranking uses, 0 to 1.
        low: lower end of the 90 % range.
        high: upper end.
        seen: the share by the holdout alone; None where too few have settled.
        seen_error: its standard error.
        prior: the assumption before any outcome.
    """

    mean: float
    low: float
    high: float
    seen: float | None
    seen_error: float | None
    prior: Prior


def saved_shares(
    settled: pd.DataFrame, priors: Mapping[str, Prior], *, shared: float = SHARED
) -> dict[str, SavedShare]:
    """Return the saved share of every playbook that has a prior.

    Args:
        settled: what `serving.outreach.effect.settled.settled` gives; first episodes of the cell `ranked` are used.
        priors: playbook → its prior.
        shared: correlation between the errors of two priors; 0 = each learns from its own outcomes alone.

    >>> none = pd.DataFrame(columns=["number", "cell", "playbook", "arm"])
    >>> saved_shares(none, {"call": Prior(0.15, 0.05, 0.25)})["call"].mean
    0.15
    """
    names = list(priors)
    first = settled[(settled["number"] == 1) & (settled["cell"] == "ranked")]
    observed = {name: _observed(first[first["playbook"] == name]) for name in names}
    seen = {name: found for name, found in observed.items() if found is not None}
    means, deviations = _posterior(names, priors, seen, shared)
    return {
        name: _saved_share(mean, deviation, seen.get(name), priors[name])
        for name, mean, deviation in zip(names, means, deviations, strict=True)
    }


def _observed(episodes: pd.DataFrame) -> tuple[float, float] | None:
    """Return (kept_T − kept_C) / (1 − kept_C) and its standard error by the delta method; None where too few."""
    found = compare_kept(episodes) if len(episodes) else None
    if found is None or found.holdout.value >= 1:
        return None
    lost_treated, lost = 1 - found.treated.value, 1 - found.holdout.value
    variance = found.treated.variance / lost**2 + lost_treated**2 / lost**4 * found.holdout.variance
    return 1 - lost_treated / lost, float(np.sqrt(variance))


def _posterior(
    names: list[str], priors: Mapping[str, Prior], seen: Mapping[str, tuple[float, float]], shared: float
) -> tuple[np.typing.NDArray[np.float64], np.typing.NDArray[np.float64]]:
    """Return mean and standard deviation of each playbook's share given what was seen; all are jointly normal."""
    mean = np.array([priors[name].mean for name in names], dtype=np.float64)
    spread = np.array([priors[name].standard_deviation for name in names], dtype=np.float64)
    covariance = np.outer(spread, spread) * (shared + (1 - shared) * np.eye(len(names)))
    rows = [row for row, name in enumerate(names) if name in seen]
    if rows:
        values, errors = np.array([seen[names[row]] for row in rows], dtype=np.float64).T
        gain = covariance[:, rows] @ np.linalg.inv(covariance[np.ix_(rows, rows)] + np.diag(errors**2))
        mean = mean + gain @ (values - mean[rows])
        covariance = covariance - gain @ covariance[rows]
    return mean, np.sqrt(np.maximum(np.diag(covariance), 0.0))


def _saved_share(mean: float, deviation: float, seen: tuple[float, float] | None, prior: Prior) -> SavedShare:
    low, middle, high = (min(max(float(mean + z * deviation), 0.0), 1.0) for z in (-Z_90, 0.0, Z_90))
    value, error = seen if seen is not None else (None, None)
    return SavedShare(middle, low, high, value, error, prior)
