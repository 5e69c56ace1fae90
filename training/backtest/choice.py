"""Is one candidate better than another, or was it chance: paired differences, standard errors, and intervals.

A customer appears on several test dates, so customers, not rows, are resampled. Every date's mean has the same weight:
the latest date tells most about tomorrow, and the earlier ones that it was no accident.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.log import Texts
from training.dataset import Flags, Floats
from training.metrics import Z_95, log_loss, row_log_loss

RESAMPLES = 200
# More rows than these make no better interval and cost time.
MOST_ROWS = 20_000
COVERAGE = (2.5, 97.5)

# One test date: who churned, the predicted probability of each, whose row it is.
Rows = tuple[Flags, Floats, Texts]


@dataclass(frozen=True)
class Difference:
    """How much higher one mean log loss is than another on the same rows, in nats, and the standard error of that.

    >>> Difference(0.002, 0.003).is_noise
    True
    """

    mean: float
    standard_error: float

    @property
    def is_noise(self) -> bool:
        """Whether the first is no worse than the second by more than one standard error."""
        return self.mean <= self.standard_error

    @property
    def is_gain(self) -> bool:
        """Whether the first is better than the second by more than one standard error."""
        return self.mean + self.standard_error < 0

    @property
    def low(self) -> float:
        """The lower end of the 95 % interval."""
        return self.mean - Z_95 * self.standard_error

    @property
    def high(self) -> float:
        """The upper end of the 95 % interval."""
        return self.mean + Z_95 * self.standard_error


def difference(candidate: Sequence[Rows], rival: Sequence[Rows]) -> Difference:
    """Return the paired difference of the mean log loss over dates; both must be of the same rows.

    The standard error is the cluster-robust one, a customer being a cluster. Liang and Zeger (1986).

    Args:
        candidate: one element per test date.
        rival: the same rows, predicted by another.

    >>> y, who = np.array([True, False]), np.array(["ann", "bob"], dtype=object)
    >>> difference([(y, np.array([0.9, 0.1]), who)], [(y, np.array([0.5, 0.5]), who)]).mean < 0
    True
    """
    gaps = [row_log_loss(a[0], a[1]) - row_log_loss(b[0], b[1]) for a, b in zip(candidate, rival, strict=True)]
    mean = float(np.mean([gap.mean() for gap in gaps]))
    parts = np.concatenate([(gap - gap.mean()) / len(gap) for gap in gaps]) / len(gaps)
    customers = pd.factorize(np.concatenate([rows[2] for rows in candidate]))[0]
    return Difference(mean, float(np.sqrt((np.bincount(customers, parts) ** 2).sum())))


def better_on_dates(candidate: Sequence[Rows], rival: Sequence[Rows]) -> bool:
    """Return whether the first has the lower log loss beyond the chance of dates: paired t-test, 95 %, one side.

    Student (1908). A shift of the level moves everyone on a date alike, so its chance is that of dates, not of
    customers: thousands of customers are no better evidence of it than one.

    Args:
        candidate: one element per test date.
        rival: the same rows, predicted by another.

    >>> y, who = np.array([True, False]), np.array(["ann", "bob"], dtype=object)
    >>> better_on_dates([(y, np.array([0.9, 0.1]), who)], [(y, np.array([0.5, 0.5]), who)])  # one date is no proof
    False
    """
    from scipy.stats import t

    gained = np.array([log_loss(*b[:2]) - log_loss(*a[:2]) for a, b in zip(candidate, rival, strict=True)])
    if len(gained) < 2:
        return False
    error = float(gained.std(ddof=1) / np.sqrt(len(gained)))
    return bool(gained.mean() > t.ppf(0.95, len(gained) - 1) * error)


def default_unless_beaten(default: str, apart: Mapping[str, Difference]) -> str:
    """Return the default, or else the best of those that are better than it by more than one standard error.

    Args:
        default: the name of the one that is taken without proof against it.
        apart: how much worse than the default each other one is.

    >>> default_unless_beaten("blend", {"line": Difference(-0.005, 0.01), "trees": Difference(-0.02, 0.01)})
    'trees'
    """
    better = [name for name, one in apart.items() if one.is_gain]
    return min(better, key=lambda name: apart[name].mean, default=default)


def surely(chances: Sequence[float], false_alarms: float = 0.05) -> frozenset[int]:
    """Return the places of those of many comparisons that chance does not explain, all of them taken together.

    Holm (1979): the chance of a single false one stays below `false_alarms`, however the comparisons depend on each
    other.

    Args:
        chances: of each comparison, where there is no difference.
        false_alarms: the chance of one or more.

    >>> sorted(surely([0.02])), sorted(surely([0.02, 0.4, 0.5])), sorted(surely([0.02, 0.001]))
    ([0], [], [0, 1])
    """
    found: set[int] = set()
    for rank, place in enumerate(sorted(range(len(chances)), key=lambda place: chances[place])):
        if chances[place] > false_alarms / (len(chances) - rank):
            break
        found.add(place)
    return frozenset(found)


def intervals(dates: Sequence[Rows]) -> dict[str, tuple[float, float]]:
    """Return 95 % bootstrap intervals of the mean over dates of log loss, Brier score and AUROC.

    Customers are drawn with replacement, each with all its dates; percentiles. Efron (1979).

    Args:
        dates: one element per test date.

    >>> y, who = np.array([True, False] * 50), np.arange(100).astype(object)
    >>> intervals([(y, np.full(100, 0.5), who)])["auroc"]
    (0.5, 0.5)
    """
    codes = pd.factorize(np.concatenate([rows[2] for rows in dates]))[0]
    ends = np.cumsum([len(rows[0]) for rows in dates])[:-1]
    random = np.random.default_rng(0)
    drawn = random.random(codes.max(initial=0) + 1) < MOST_ROWS / max(len(codes), 1)
    parts = [(*rows[:2], code) for rows, code in zip(dates, np.split(codes, ends), strict=True)]
    some = [_resampled(y[drawn[code]], p[drawn[code]], code[drawn[code]], len(drawn)) for y, p, code in parts]
    stretch = np.sqrt(min(1.0, MOST_ROWS / max(len(codes), 1)))  # the interval of a sample is too wide for all rows
    return {name: _ends(np.array([each[name] for each in some]), float(stretch)) for name in some[0]}


def _ends(drawn: Floats, stretch: float) -> tuple[float, float]:
    """Return the percentiles over resamples of the mean over dates; `drawn` is dates × resamples."""
    known = drawn[:, np.isfinite(drawn).all(axis=0)].mean(axis=0)
    if not len(known):
        return float("nan"), float("nan")
    middle = np.median(known)
    low, high = (middle + (np.percentile(known, end) - middle) * stretch for end in COVERAGE)
    return float(low), float(high)


def _resampled(y: Flags, p: Floats, customer: np.typing.NDArray[np.int64], customers: int) -> dict[str, Floats]:
    order = np.argsort(p, kind="stable")
    y, p, customer = y[order], p[order], customer[order]
    tied = np.unique(p, return_inverse=True)[1]
    loss, square = row_log_loss(y, p), (p - y) ** 2
    found: dict[str, list[float]] = {"log_loss": [], "brier": [], "auroc": []}
    # The same seed on every date: a customer who is drawn twice is drawn twice on all dates.
    random = np.random.default_rng(1)
    for _ in range(RESAMPLES):
        weight = random.poisson(1.0, customers)[customer].astype(np.float64)
        total = max(float(weight.sum()), 1.0)
        found["log_loss"].append(float(weight @ loss) / total)
        found["brier"].append(float(weight @ square) / total)
        found["auroc"].append(_auroc(y, weight, tied))
    return {name: np.array(values) for name, values in found.items()}


def _auroc(y: Flags, weight: Floats, tied: np.typing.NDArray[np.int64]) -> float:
    """Return the AUROC of weighted rows in ascending order of p; `tied` numbers the distinct values of p."""
    churned, kept = np.bincount(tied, weight * y), np.bincount(tied, weight * ~y)
    pairs = float(churned.sum() * kept.sum())
    below = np.cumsum(kept) - kept / 2
    return float(churned @ below) / pairs if pairs else float("nan")
