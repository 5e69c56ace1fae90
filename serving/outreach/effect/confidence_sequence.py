"""An interval that may be looked at every week: it holds the truth at all looks together, whenever one stops.

The 95 % interval of a fixed sample holds at one look that was chosen beforehand. Who looks every Monday and stops where
it leaves 0 is wrong far more often. A confidence sequence is wider by half and holds at every look at once.

Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas (2024), "Time-uniform central limit theory and asymptotic confidence
sequences", Annals of Statistics 52: theorem 2.2 for the boundary, proposition 2.5 for effects that move over time,
section 3 for differences adjusted for what was known. It holds for large samples, as the central limit theorem does:
the least numbers below which nothing is said are its beginning.
"""

from __future__ import annotations

import math

from serving.outreach.effect.estimate import LEVEL, Estimate, student_quantile
from serving.outreach.plan.policy import TUNED_ACCOUNTS

METHOD = "asymptotic confidence sequence, Waudby-Smith et al. 2024"
FIXED_METHOD = "Student's t, one look at a number of accounts fixed beforehand"
ALPHA = 1 - LEVEL


def sequence_around(
    value: float,
    error: float,
    accounts: int,
    degrees_of_freedom: float = float("inf"),
    tuned_accounts: int = TUNED_ACCOUNTS,
    bias: float = 0.0,
) -> Estimate:
    """Return a value with the 95 % interval that holds however often one looks.

    Args:
        value: the estimate.
        error: its standard error, cluster-robust by account and adjusted as that of the fixed-sample interval.
        accounts: how many it was estimated from.
        degrees_of_freedom: degrees of freedom behind the error; a small sample widens as Student's t does.
        tuned_accounts: the number of accounts at which the interval is narrowest, declared beforehand.
        bias: how far the value may be off to either side; the interval reaches as much farther.

    >>> sequence_around(0.0, 1.0, 2_000)
    Estimate(value=0.0, low=-3.035209, high=3.035209)
    """
    small_sample = student_quantile(1 - ALPHA / 2, degrees_of_freedom) / student_quantile(1 - ALPHA / 2, math.inf)
    reach = round(standard_errors(accounts, tuned_accounts) * small_sample, 6) * error + bias
    return Estimate(value, value - reach, value + reach)


def standard_errors(accounts: int, tuned_accounts: int = TUNED_ACCOUNTS, alpha: float = ALPHA) -> float:
    """Return how many standard errors the interval reaches to each side.

    Theorem 2.2 divides by the number of accounts what is left to the standard error here.

    Args:
        accounts: how many the estimate is from.
        tuned_accounts: at which the interval is narrowest.
        alpha: the chance that any of the intervals misses the truth.

    >>> [round(standard_errors(n), 2) for n in (200, 500, 2_000, 8_000)]
    [3.86, 3.26, 3.04, 3.13]
    """
    time = accounts * _rho_squared(tuned_accounts, alpha)
    return math.sqrt(2 * (time + 1) / time * math.log(math.sqrt(time + 1) / alpha))


def _rho_squared(tuned_accounts: int, alpha: float) -> float:
    """Return the parameter that makes the interval narrowest at a number of accounts (appendix B.2, approximate)."""
    twice = -2 * math.log(alpha)
    return (twice + math.log(twice + 1)) / tuned_accounts
