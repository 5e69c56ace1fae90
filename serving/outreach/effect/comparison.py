"""How much more the treated did than the held-out, adjusted for what was known when the episode began.

What the treated would have done uncontacted is predicted from the holdout: a regression of the outcome on what was
known on entry is fitted to the held-out alone and read at the mean of the treated. The arms were drawn by lot, so the
adjustment barely moves the expected difference and only removes noise. Lin (2013), "Agnostic notes on regression
adjustments to experimental data"; read at the treated's mean, Kline (2011), "Oaxaca-Blinder as a reweighting
estimator". Strata held out at different shares are first weighted to the treated's mix (Horvitz and Thompson 1952).

The draw was of accounts, not of episodes: errors are cluster-robust by account, with the leverage correction of
MacKinnon and White (1985, HC2) and Welch's (1947) degrees of freedom.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from serving.outreach.effect.confidence_sequence import sequence_around
from serving.outreach.effect.estimate import Estimate, estimate_around
from serving.outreach.plan.policy import TUNED_ACCOUNTS

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

# The regression uses what was known only where the smaller arm has so many accounts per coefficient.
ACCOUNTS_PER_COEFFICIENT = 20
LEAST_OF_STRATUM = 10
LARGEST_LEVERAGE = 0.99


@dataclass(frozen=True)
class ArmMean:
    """The mean outcome of one arm, its variance, and the degrees of freedom behind that variance."""

    value: float
    variance: float
    degrees_of_freedom: float


@dataclass(frozen=True)
class Difference:
    """How much more the treated did, with what both kinds of intervals are made of.

    Args:
        value: the estimate, per treated account.
        standard_error: cluster-robust by account.
        degrees_of_freedom: behind the error.
        accounts: of both arms.
        bias: how far the estimate may be off to either side by what it assumes; both intervals hold for all of it.
    """

    value: float
    standard_error: float
    degrees_of_freedom: float
    accounts: int
    bias: float = 0.0

    def estimate(self) -> Estimate:
        """Return it with the 95 % interval of one look."""
        return estimate_around(self.value, self.standard_error, self.degrees_of_freedom, self.bias)

    def any_time(self, tuned_accounts: int = TUNED_ACCOUNTS) -> Estimate:
        """Return it with the 95 % interval that holds however often one looks."""
        found = self.value, self.standard_error, self.accounts, self.degrees_of_freedom
        return sequence_around(*found, tuned_accounts, self.bias)


@dataclass(frozen=True)
class Comparison:
    """What the treated did, and what they would have done uncontacted, as predicted from the holdout."""

    treated: ArmMean
    holdout: ArmMean
    accounts: int = 0

    @property
    def value(self) -> float:
        """How much higher the treated's mean is."""
        return self.treated.value - self.holdout.value

    @property
    def standard_error(self) -> float:
        """Of the difference; the arms are different accounts, so variances add."""
        return float(np.sqrt(self.treated.variance + self.holdout.variance))

    @property
    def degrees_of_freedom(self) -> float:
        """Degrees of freedom of the difference, by Welch and Satterthwaite."""
        parts = [mean.variance**2 / max(mean.degrees_of_freedom, 1.0) for mean in (self.treated, self.holdout)]
        return (self.treated.variance + self.holdout.variance) ** 2 / sum(parts) if sum(parts) else float("inf")

    @property
    def difference(self) -> Difference:
        """How much more the treated did."""
        return Difference(self.value, self.standard_error, self.degrees_of_freedom, self.accounts)

    def estimate(self) -> Estimate:
        """Return the difference with its 95 % interval of one look."""
        return self.difference.estimate()


def compare(
    outcome: Floats, treated: Flags, covariates: Floats, account: npt.ArrayLike, stratum: npt.ArrayLike
) -> Comparison:
    """Compare the treated's mean outcome with what the holdout says it would have been.

    Args:
        outcome: one per episode.
        treated: whether the episode's account was meant to be contacted, one per episode.
        covariates: what was known when each episode began, episodes × columns; ignored where the smaller arm has too
            few accounts.
        account: whose episode it is; an account is in one arm only.
        stratum: within which the holdout was drawn.

    >>> kept, treated = np.array([1.0, 1.0, 0.0, 1.0, 0.0, 0.0]), np.array([True] * 3 + [False] * 3)
    >>> found = compare(kept, treated, np.zeros((6, 0)), list("abcdef"), ["all"] * 6)
    >>> round(found.treated.value, 2), round(found.holdout.value, 2), round(found.standard_error, 3)
    (0.67, 0.33, 0.471)
    """
    codes = pd.factorize(np.asarray(account, dtype=object))[0]
    least = min(len(np.unique(codes[treated])), len(np.unique(codes[~treated])))
    covariates = _usable(covariates, least)
    centred = covariates - covariates[treated].mean(axis=0)
    weight = arm_weights(treated, pd.factorize(np.asarray(stratum, dtype=object))[0])
    both = [_mean_at_centre(outcome[arm], centred[arm], weight[arm], codes[arm]) for arm in (treated, ~treated)]
    return Comparison(both[0], both[1], len(np.unique(codes)))


def _usable(covariates: Floats, accounts: int) -> Floats:
    """Return the columns that vary, in standard deviations; none where there are too few accounts to learn from."""
    spread = covariates.std(axis=0) if len(covariates) else np.zeros(covariates.shape[1])
    varies = spread > 1e-12
    if accounts < ACCOUNTS_PER_COEFFICIENT * (int(varies.sum()) + 1):
        return covariates[:, :0]
    return np.asarray(covariates[:, varies] / spread[varies], dtype=np.float64)


def arm_weights(treated: Flags, stratum: npt.NDArray[np.int64]) -> Floats:
    """Return weights that give the holdout the treated's mix of strata; thin strata are pooled into one."""
    n_treated, n_holdout = (np.bincount(stratum[arm], minlength=int(stratum.max()) + 1) for arm in (treated, ~treated))
    thin = (n_holdout < LEAST_OF_STRATUM) | (n_treated < LEAST_OF_STRATUM)
    n_treated, n_holdout = (np.where(thin, count[thin].sum(), count) for count in (n_treated, n_holdout))
    ratio = np.where((n_holdout > 0) & (n_treated > 0), n_treated / np.maximum(n_holdout, 1), 1.0)
    return np.where(treated, 1.0, ratio[stratum])


def _mean_at_centre(outcome: Floats, centred: Floats, weight: Floats, account: npt.NDArray[np.int64]) -> ArmMean:
    """Return the weighted least-squares fit at the centre, which is its intercept, with cluster-robust variance."""
    design = np.column_stack([np.ones(len(outcome)), centred])
    bread = np.linalg.pinv(design.T @ (design * weight[:, None]))
    coefficients = bread @ (design.T @ (weight * outcome))
    pull = (design @ bread) * weight[:, None]
    leverage = np.clip((pull * design).sum(axis=1), 0, LARGEST_LEVERAGE)
    scores = pull[:, 0] * (outcome - design @ coefficients) / np.sqrt(1 - leverage)
    clusters = np.unique(account, return_inverse=True)[1]
    variance = float((np.bincount(clusters, scores) ** 2).sum())
    return ArmMean(float(coefficients[0]), variance, float(clusters.max() + 1 - design.shape[1]))
