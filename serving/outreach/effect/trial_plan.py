"""How long the shop's own trial takes: by the first entries that its lists had week by week, and by their own spend.

The rate of first entries and the variance of an outcome are estimates, so the weeks are, too. Their logarithms add:
the error of the weeks is that of both together (delta method). Weeks are counted at 80 % power and the 5 % level, as
`plan_sample` counts them, for one look; whoever looks every week needs as many more as the wider interval says.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from statistics import NormalDist

import numpy as np
import pandas as pd

from serving.outreach.effect.comparison import Floats
from serving.outreach.effect.confidence_sequence import standard_errors
from serving.outreach.effect.estimate import ALPHA, LEVEL, POWER, estimate_around

Z = NormalDist().inv_cdf((1 + LEVEL) / 2)
LEAST_LISTS, LEAST_SETTLED = 4, 30
MOST_WEEKS = 5_200  # a century: no shop waits for it


@dataclass(frozen=True)
class Weeks:
    """Weeks of lists until an effect is seen, with a 95 % interval; None = more than a century."""

    value: int | None
    low: int | None
    high: int | None

    def __str__(self) -> str:
        if self.value is None:
            return "more than a century"
        return f"{self.value:,} weeks ({self.low or 0:,} to {'…' if self.high is None else f'{self.high:,}'})"


@dataclass(frozen=True)
class OwnPlan:
    """What the shop's own trial takes with the share that it holds out.

    Args:
        share: held out.
        first_entries_a_week: of accounts.
        first_entries_low: lower end of its 95 % interval.
        first_entries_high: upper end.
        from_settled: whether the variance of the money is that of settled episodes; else it is predicted.
        share_kept: weeks until the planned effect on the share kept is seen at one look.
        money_kept: the same for the money, without cutting or scaling it.
        share_kept_any_time: where somebody looks every week.
        money_kept_any_time: the same for the money.
    """

    share: float
    first_entries_a_week: float
    first_entries_low: float
    first_entries_high: float
    from_settled: bool
    share_kept: Weeks
    money_kept: Weeks
    share_kept_any_time: Weeks
    money_kept_any_time: Weeks

    def lines(self) -> Iterator[str]:
        """Say it in plain words."""
        yield (
            f"this shop holds out {self.share:.0%} and has {self.first_entries_a_week:,.1f} first entries a week "
            f"({self.first_entries_low:,.1f} to {self.first_entries_high:,.1f}); to see that effect it takes lists of"
        )
        yield f"for the share kept {self.share_kept}, looked at every week {self.share_kept_any_time}"
        spread = "as settled episodes spread" if self.from_settled else "by the predicted spread, until enough settle"
        yield f"for the money kept {self.money_kept}, looked at every week {self.money_kept_any_time}; {spread}"


def own_plan(
    begun: pd.DataFrame, settled: pd.DataFrame, *, share: float, saved_share: float, tuned_accounts: int
) -> OwnPlan | None:
    """Plan a shop's own trial; None where it holds nobody out, or has too few lists for a rate.

    Args:
        begun: first episodes that have begun: began_on, horizon_days, probability, expected_spend.
        settled: those of them that have settled, with `spent`.
        share: held out.
        saved_share: of would-be leavers, hoped to be saved.
        tuned_accounts: at which intervals of every week are narrowest.
    """
    rate = _rate(begun)
    if rate is None or not 0 < share < 1:
        return None
    probability, expected = (begun[name].to_numpy(dtype=np.float64) for name in ("probability", "expected_spend"))
    churn = float(probability.mean())
    hoped = churn * saved_share, float((probability * expected).mean()) * saved_share
    share_variance = churn * (1 - churn), 0.0
    from_settled = len(settled) >= LEAST_SETTLED
    money_variance = _variance(settled["spent"].to_numpy(dtype=np.float64)) if from_settled else _predicted(begun)
    per_arm = 1 / (share * (1 - share))

    def weeks(effect: float, variance: tuple[float, float], tuned: int | None = None) -> Weeks:
        return _weeks(effect, variance[0] * per_arm, variance[1], rate, tuned)

    return OwnPlan(
        share=share,
        first_entries_a_week=rate[0],
        first_entries_low=rate[0] * math.exp(-Z * rate[1]),
        first_entries_high=rate[0] * math.exp(Z * rate[1]),
        from_settled=from_settled,
        share_kept=weeks(hoped[0], share_variance),
        money_kept=weeks(hoped[1], money_variance),
        share_kept_any_time=weeks(hoped[0], share_variance, tuned_accounts),
        money_kept_any_time=weeks(hoped[1], money_variance, tuned_accounts),
    )


def _rate(begun: pd.DataFrame) -> tuple[float, float] | None:
    """Return first entries a week and the error of their logarithm, which counts that lists differ more than by chance.

    Those of the first list had gathered before it, and are left out.
    """
    if begun.empty:
        return None
    counts = begun.groupby("began_on").size().sort_index()
    days: list[date] = list(counts.index)
    if len(days) < LEAST_LISTS:
        return None
    later, weeks = counts.to_numpy(dtype=np.float64)[1:], np.diff([day.toordinal() for day in days]) / 7
    mean = later.sum() / weeks.sum()
    dispersion = max(1.0, float(((later - mean * weeks) ** 2 / (mean * weeks)).sum() / (len(later) - 1)))
    return float(mean), math.sqrt(dispersion / later.sum())


def _variance(values: Floats) -> tuple[float, float]:
    """Return a variance and the error of its logarithm, from the fourth moment: tails count."""
    centred = values - values.mean()
    variance = float((centred**2).mean())
    if variance == 0:
        return 0.0, 0.0
    kurtosis = float((centred**4).mean() / variance**2)
    return variance, math.sqrt(max(kurtosis - 1, 0.0) / len(values))


def _predicted(begun: pd.DataFrame) -> tuple[float, float]:
    """Return the variance of spends that are the expected one with the chance that there is an order, else nothing."""
    probability, expected = (begun[name].to_numpy(dtype=np.float64) for name in ("probability", "expected_spend"))
    orders = np.random.default_rng(0).random((200, len(begun))) >= probability
    return _variance((orders * expected).ravel())[0], _variance(expected)[1]


def _weeks(
    effect: float, variance: float, log_error_of_variance: float, rate: tuple[float, float], tuned: int | None
) -> Weeks:
    accounts = _accounts(effect, variance, tuned)
    error = math.hypot(rate[1], log_error_of_variance)
    ends = estimate_around(math.log(accounts / rate[0]), error) if 0 < accounts < math.inf else None
    if ends is None or ends.value is None or ends.low is None or ends.high is None:
        return Weeks(None, None, None)
    value, low, high = (math.ceil(math.exp(min(end, 50.0))) for end in (ends.value, ends.low, ends.high))
    return Weeks(*(each if each <= MOST_WEEKS else None for each in (value, low, high)))


def _accounts(effect: float, variance: float, tuned: int | None) -> float:
    """Return the accounts after which an effect is beyond chance with the planned power."""
    if effect <= 0 or variance <= 0:
        return math.inf
    power = NormalDist().inv_cdf(POWER)
    needed = variance * ((NormalDist().inv_cdf(1 - ALPHA / 2) + power) / effect) ** 2
    for _ in range(40 if tuned else 0):  # the reach changes slowly with the number: this settles
        needed = variance * ((standard_errors(max(1, round(needed)), tuned or 1) + power) / effect) ** 2
    return needed
