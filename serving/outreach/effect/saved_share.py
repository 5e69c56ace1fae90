"""P(saved | contacted, would have churned) of each playbook: what was believed before, moved by our own holdout.

Of those who would have churned uncontacted, 1 − kept_C of all, the lists saved kept_T − kept_C. That ratio is what a
playbook saves net of the sleeping dogs that it wakes, and by intention to treat: with the share of entries that are
really worked on as it has been. What was believed and what was seen are both normal on that scale and are weighted by
their precision (Gelman et al. 2013, "Bayesian Data Analysis", section 2.5).

Playbooks learn from one another a little: what is believed of two of them errs together with a correlation of SHARED,
so a shop where one playbook saves less than the books say expects somewhat less of the others (section 5.4).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd

from serving.outreach.effect.estimate import percent
from serving.outreach.effect.group import compare_kept

SHARED = 0.3
Z_90 = NormalDist().inv_cdf(0.95)


@dataclass(frozen=True)
class Prior:
    """What is believed of a playbook before any outcome: the mean, and a range that holds it with 90 %.

    >>> round(Prior(0.15, 0.05, 0.25).standard_deviation, 4)
    0.0608
    """

    mean: float
    low: float
    high: float

    @property
    def standard_deviation(self) -> float:
        """Of the normal law whose middle 90 % is as wide as the range."""
        return (self.high - self.low) / (2 * Z_90)


@dataclass(frozen=True)
class Saved:
    """A playbook's saved share as the ranking uses it, with a 90 % range, and what it came from.

    Args:
        mean: what the ranking uses, 0 to 1.
        low: lower end of the 90 % range.
        high: upper end.
        seen: the share by the holdout alone; None where too few have settled.
        seen_error: its standard error.
        prior: what was believed before.
        treated: settled accounts behind `seen`.
        holdout: settled accounts held out.
    """

    mean: float
    low: float
    high: float
    seen: float | None
    seen_error: float | None
    prior: Prior
    treated: int
    holdout: int

    def to_dict(self) -> dict[str, Any]:
        """Return the figures, None where unknown."""
        return {**vars(self), "prior": dict(vars(self.prior))}

    @property
    def words(self) -> str:
        """Where the share comes from."""
        said = (
            f"{percent(self.mean)} ({percent(self.low)} to {percent(self.high)}); believed {percent(self.prior.mean)}"
        )
        if self.seen is None:
            return f"{said}, too few outcomes of its own ({self.treated:,} treated, {self.holdout:,} held out)"
        return f"{said}, seen {percent(self.seen)} ({self.treated:,} treated, {self.holdout:,} held out)"


def saved_shares(settled: pd.DataFrame, priors: Mapping[str, Prior], *, shared: float = SHARED) -> dict[str, Saved]:
    """Return the saved share of every playbook that has a prior.

    Args:
        settled: what `serving.outreach.effect.settled.settled` gives; first episodes of the cell `ranked` are used.
        priors: playbook → what is believed of it.
        shared: correlation between the errors of two priors; 0 = each learns from its own outcomes alone.

    >>> none = pd.DataFrame(columns=["number", "cell", "playbook", "arm"])
    >>> saved_shares(none, {"call": Prior(0.15, 0.05, 0.25)})["call"].mean
    0.15
    """
    names = list(priors)
    first = settled[(settled["number"] == 1) & (settled["cell"] == "ranked")]
    parts = {name: first[first["playbook"] == name] for name in names}
    seen = {name: found for name, part in parts.items() if (found := _seen(part)) is not None}
    mean, deviation = _posterior(names, priors, seen, shared)
    return {
        name: _saved(mean[place], deviation[place], seen.get(name), priors[name], parts[name])
        for place, name in enumerate(names)
    }


def _seen(episodes: pd.DataFrame) -> tuple[float, float] | None:
    """Return (kept_T − kept_C) / (1 − kept_C) and its standard error by the delta method; None where too few."""
    gap = compare_kept(episodes) if len(episodes) else None
    if gap is None or gap.holdout.value >= 1:
        return None
    lost_treated, lost = 1 - gap.treated.value, 1 - gap.holdout.value
    variance = gap.treated.variance / lost**2 + lost_treated**2 / lost**4 * gap.holdout.variance
    return 1 - lost_treated / lost, float(np.sqrt(variance))


def _posterior(
    names: list[str], priors: Mapping[str, Prior], seen: Mapping[str, tuple[float, float]], shared: float
) -> tuple[np.typing.NDArray[np.float64], np.typing.NDArray[np.float64]]:
    """Return mean and standard deviation of each playbook given what was seen; all are normal together."""
    mean = np.array([priors[name].mean for name in names], dtype=np.float64)
    spread = np.array([priors[name].standard_deviation for name in names], dtype=np.float64)
    belief = np.outer(spread, spread) * (shared + (1 - shared) * np.eye(len(names)))
    known = [place for place, name in enumerate(names) if name in seen]
    if known:
        values, errors = np.array([seen[names[place]] for place in known], dtype=np.float64).T
        pull = belief[:, known] @ np.linalg.inv(belief[np.ix_(known, known)] + np.diag(errors**2))
        mean = mean + pull @ (values - mean[known])
        belief = belief - pull @ belief[known]
    return mean, np.sqrt(np.maximum(np.diag(belief), 0.0))


def _saved(
    mean: float, deviation: float, seen: tuple[float, float] | None, prior: Prior, episodes: pd.DataFrame
) -> Saved:
    low, middle, high = (min(max(float(mean + z * deviation), 0.0), 1.0) for z in (-Z_90, 0.0, Z_90))
    treated = int((episodes["arm"] == "treated").sum())
    value, error = seen if seen is not None else (None, None)
    return Saved(middle, low, high, value, error, prior, treated, len(episodes) - treated)
