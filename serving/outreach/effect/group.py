"""The effect in one group of accounts, treated against held out: counts, shares, customers and money, with intervals.

Money has heavy tails, so a few large orders decide a mean. The estimate that counts caps no spend, because a capped
mean is not the money; it is adjusted for the expected spend on entry. A second estimate, with every spend capped at the
99th percentile, shows how much depends on the few.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import msgspec
import numpy as np
import pandas as pd
from msgspec import Meta

from features.money import Money
from serving.outreach.effect.comparison import Comparison, Flags, Floats, compare
from serving.outreach.effect.estimate import TOO_FEW, UNKNOWN, Estimate, MoneyEstimate, in_major_units, percent
from serving.scores import Share

# Below these there is no interval: the normal approximation fails, and one customer would decide.
LEAST_EPISODES, LEAST_EACH = 30, 5
# Heavy tails take more: with 60 held-out accounts a 95 % interval of the money held 89 % of the truths, with 150 93 %.
LEAST_FOR_MONEY = 150
CAP_QUANTILE = 0.99
COLUMNS: tuple[str, ...] = ("group", "treated", "held out", "stayed", "stayed held out", "points more", "kept", "money")


class GroupEffectAnswer(msgspec.Struct, frozen=True):
    """One group of accounts, treated against held out, by intention to treat."""

    name: Annotated[str, Meta(description='of the group; "all" overall')]
    treated: Annotated[int, Meta(description="accounts that were meant to be contacted")]
    holdout: Annotated[int, Meta(description="accounts that were held out")]
    contacted: Annotated[int, Meta(description="the treated accounts that really were contacted")]
    leaked: Annotated[int, Meta(description="the held-out accounts that were contacted all the same")]
    kept_treated: Annotated[
        Share | None, Meta(description="share of the treated that ordered within the horizon; null: none treated")
    ]
    kept_holdout: Annotated[
        Share | None, Meta(description="the same share of the held-out, as counted; null: none held out")
    ]
    kept_expected: Annotated[
        float | None,
        Meta(
            description="share of the treated that would have ordered uncontacted, predicted from the held-out at the "
            "same risk and value; as counted where there are too few for that; null: none held out"
        ),
    ]
    difference: Annotated[Estimate, Meta(description="kept_treated − kept_expected; 0.05 = five points")]
    customers_kept: Annotated[Estimate, Meta(description="difference × treated, customers")]
    money_each: Annotated[MoneyEstimate, Meta(description="mean difference of the spend per treated account")]
    money_kept: Annotated[MoneyEstimate, Meta(description="money_each × treated")]
    money_capped: Annotated[
        MoneyEstimate,
        Meta(description="money_kept with every spend capped at the 99th percentile: what does not depend on a few"),
    ]


@dataclass(frozen=True)
class GroupEffect:
    """One group's effect as it was measured: the fields of GroupEffectAnswer with money in minor units, and an error.

    Args:
        error: standard error of the difference; None where there are too few accounts.
    """

    name: str
    treated: int
    holdout: int
    contacted: int
    leaked: int
    kept_treated: float | None
    kept_holdout: float | None
    kept_expected: float | None
    difference: Estimate
    customers_kept: Estimate
    money_each: Estimate
    money_kept: Estimate
    money_capped: Estimate
    error: float | None

    @property
    def is_enough(self) -> bool:
        """Whether there were enough accounts for an interval."""
        return self.difference.low is not None

    def answer(self, money: Money) -> GroupEffectAnswer:
        """Return the group as it is answered."""
        return GroupEffectAnswer(
            **{
                name: getattr(self, name)
                for name in GroupEffectAnswer.__struct_fields__
                if not name.startswith("money_")
            },
            money_each=in_major_units(self.money_each, money),
            money_kept=in_major_units(self.money_kept, money),
            money_capped=in_major_units(self.money_capped, money),
        )

    def line(self, money: Money) -> str:
        """Say the effect in one sentence."""
        if not self.is_enough:
            return (
                f"{self.name}: {TOO_FEW} ({self.treated:,} treated, {self.holdout:,} held out; it takes "
                f"{LEAST_EPISODES} of each, of them {LEAST_EACH} who stayed and {LEAST_EACH} who did not)"
            )
        return (
            f"{self.name}: of {self.treated:,} we meant to contact {percent(self.kept_treated)} stayed, of "
            f"{self.holdout:,} held out {percent(self.kept_expected)} at the same risk and value: "
            f"{self.difference.as_points_more()} = {self.customers_kept.as_customers_kept()} and "
            f"{self.money_kept.as_money(money)}{'' if self.money_kept.low is not None else ' of the money'}"
        )

    def row(self, money: Money) -> list[str]:
        """Return the cells of a table for people, in COLUMNS."""
        shares = [percent(self.kept_treated), percent(self.kept_expected)]
        counts = [self.name, f"{self.treated:,}", f"{self.holdout:,}", *shares]
        if not self.is_enough:
            return [*counts, TOO_FEW, "–", "–"]
        return [*counts, self.difference.as_points(), self.customers_kept.as_count(), self.money_kept.as_money(money)]


def group_effect(name: str, episodes: pd.DataFrame) -> GroupEffect:
    """Compare treated with held out in one group.

    Args:
        name: of the group.
        episodes: settled ones, at most one per account: only then the intervals hold.
    """
    treated, kept = _arm_and_kept(episodes)
    contacted = episodes["contacted"].to_numpy(dtype=bool)
    share, money, capped = _comparisons(episodes, treated, kept)
    count = int(treated.sum())
    difference, each = (found.estimate() if found else UNKNOWN for found in (share, money))
    return GroupEffect(
        name=name,
        treated=count,
        holdout=int((~treated).sum()),
        contacted=int((contacted & treated).sum()),
        leaked=int((contacted & ~treated).sum()),
        kept_treated=_mean(kept[treated]),
        kept_holdout=_mean(kept[~treated]),
        kept_expected=share.holdout.value if share else _mean(kept[~treated]),
        difference=difference,
        customers_kept=difference * count,
        money_each=each,
        money_kept=each * count,
        money_capped=capped.estimate() * count if capped else UNKNOWN,
        error=share.standard_error if share else None,
    )


def compare_kept(episodes: pd.DataFrame) -> Comparison | None:
    """Compare the shares kept, adjusted for probability and expected spend; None where there are too few accounts."""
    return _comparisons(episodes, *_arm_and_kept(episodes))[0]


def _arm_and_kept(episodes: pd.DataFrame) -> tuple[Flags, Floats]:
    return (episodes["arm"] == "treated").to_numpy(dtype=bool), episodes["kept"].to_numpy(dtype=np.float64)


def _comparisons(
    episodes: pd.DataFrame, treated: Flags, kept: Floats
) -> tuple[Comparison | None, Comparison | None, Comparison | None]:
    """Compare the share kept, the spend, and the capped spend; each None where there are too few accounts for it."""
    if not is_enough(treated, kept):
        return None, None, None
    probability = episodes["probability"].to_numpy(dtype=np.float64)
    expected = episodes["expected_spend"].to_numpy(dtype=np.float64)
    drawn = episodes["account_id"].to_numpy(dtype=object), episodes["stratum"].to_numpy(dtype=object)
    share = compare(kept, treated, np.column_stack([probability, np.log1p(np.maximum(expected, 0))]), *drawn)
    if min(treated.sum(), (~treated).sum()) < LEAST_FOR_MONEY:
        return share, None, None
    spent = episodes["spent"].to_numpy(dtype=np.float64)
    capped = np.minimum(spent, np.quantile(spent, CAP_QUANTILE))
    known = np.column_stack([probability, expected, expected * (1 - probability)])
    return share, compare(spent, treated, known, *drawn), compare(capped, treated, known, *drawn)


def is_enough(treated: Flags, kept: Floats) -> bool:
    """Return whether both arms have enough accounts, of them enough who stayed and enough who did not.

    >>> is_enough(np.arange(60) < 30, np.arange(60) % 2.0), is_enough(np.arange(60) < 30, np.ones(60))
    (True, False)
    """
    arms = [kept[treated], kept[~treated]]
    return all(len(arm) >= LEAST_EPISODES and LEAST_EACH <= arm.sum() <= len(arm) - LEAST_EACH for arm in arms)


def _mean(values: Floats) -> float | None:
    return float(values.mean()) if len(values) else None
