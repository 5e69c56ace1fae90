"""The sample size of the trial: how many weeks it takes to see what the lists save, for each share held out.

Holding out has a price: whoever is held out is not saved. A small share costs little a week but needs many weeks before
it says anything; the table shows both.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import Any

from features.errors import InputError
from serving.outreach.effect.estimate import ALPHA, POWER, percent
from serving.outreach.effect.trial_plan import OwnPlan

SHARES = (0.05, 0.10, 0.20, 0.50)
COLUMNS: tuple[str, ...] = ("held out", "treated needed", "held out needed", "weeks of lists", "weeks to know", "price")


@dataclass(frozen=True)
class Plan:
    """What it takes with one share held out.

    Args:
        share: of the accounts that is held out.
        treated: accounts needed in the treated arm.
        holdout: accounts needed in the holdout.
        weeks: weeks of lists until so many accounts have entered.
        weeks_to_know: those weeks plus the horizon of the last account.
        price: customers whom the holdout leaves unsaved until then, if the effect is as planned.
    """

    share: float
    treated: int
    holdout: int
    weeks: int
    weeks_to_know: int
    price: float


@dataclass(frozen=True)
class SamplePlan:
    """One plan per share held out, the assumptions behind them, and what the shop's own trial takes, if it is known."""

    customers_a_week: float
    churn_rate: float
    saved_share: float
    horizon_days: int
    plans: tuple[Plan, ...]
    own: OwnPlan | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return assumptions and plans for JSON."""
        assumed = {name: value for name, value in vars(self).items() if name not in ("plans", "own")}
        own = None if self.own is None else asdict(self.own)
        plans = [dict(vars(plan)) for plan in self.plans]
        return {**assumed, "power": POWER, "alpha": ALPHA, "plans": plans, "own": own}

    def lines(self) -> Iterator[str]:
        """Say the assumptions and each plan in plain words."""
        yield (
            f"to see {percent(self.saved_share)} of the {percent(self.churn_rate)} who would leave being saved, with "
            f"{POWER:.0%} power at the {ALPHA:.0%} level, with {self.customers_a_week:,.0f} new accounts a "
            f"week on the lists and a horizon of {self.horizon_days} days:"
        )
        for plan in self.plans:
            yield (
                f"hold out {plan.share:.0%}: {plan.weeks:,} weeks of lists, known after {plan.weeks_to_know:,} "
                f"({plan.treated:,} treated, {plan.holdout:,} held out, of whom {plan.price:,.0f} are left unsaved)"
            )
        yield from () if self.own is None else self.own.lines()

    def rows(self) -> list[list[str]]:
        """Return the table for people, its cells in COLUMNS."""
        return [
            [f"{p.share:.0%}", f"{p.treated:,}", f"{p.holdout:,}", f"{p.weeks:,}", f"{p.weeks_to_know:,}"]
            + [f"{p.price:,.0f}"]
            for p in self.plans
        ]


def plan_sample(
    customers_a_week: float,
    churn_rate: float,
    saved_share: float,
    *,
    horizon_days: int,
    shares: Sequence[float] = SHARES,
) -> SamplePlan:
    """Plan the trial for each share held out.

    Args:
        customers_a_week: accounts that enter the lists for the first time, both arms together.
        churn_rate: the share of them that leaves uncontacted.
        saved_share: the smallest saved share of those leavers that is worth detecting.
        horizon_days: days until an episode is settled.
        shares: of the accounts, to be held out.

    Raises:
        InputError: a share is not between 0 and 1, or nobody comes on the lists.

    >>> plan_sample(200, 0.5, 0.2, horizon_days=56, shares=[0.5]).plans[0]
    Plan(share=0.5, treated=388, holdout=388, weeks=4, weeks_to_know=12, price=38.8)
    """
    named = {"churn_rate": churn_rate, "saved_share": saved_share}
    wrong = [f"{name} {value}" for name, value in named.items() if not 0 < value < 1]
    wrong += [f"holdout share {share}" for share in shares if not 0 < share < 1]
    wrong += [f"{customers_a_week} customers a week"] if customers_a_week <= 0 else []
    if wrong:
        raise InputError(f"shares are between 0 and 1, and customers a week above 0; not {', '.join(wrong)}")

    def plan(share: float) -> Plan:
        holdout = accounts_needed(churn_rate, churn_rate * (1 - saved_share), share)
        treated = math.ceil(holdout * (1 - share) / share)
        weeks = math.ceil((holdout + treated) / customers_a_week)
        price = round(holdout * churn_rate * saved_share, 1)
        return Plan(share, treated, holdout, weeks, weeks + math.ceil(horizon_days / 7), price)

    plans = tuple(plan(share) for share in shares)
    return SamplePlan(customers_a_week, churn_rate, saved_share, horizon_days, plans)


def accounts_needed(churn_held_out: float, churn_treated: float, share: float) -> int:
    """Return how many accounts must be held out to tell two churn rates apart.

    Fleiss, Levin and Paik (2003), "Statistical Methods for Rates and Proportions", 3rd edition, section 4.4: unequal
    groups, r treated per held-out account, without the correction for continuity.

    >>> accounts_needed(0.5, 0.4, 0.5)
    388
    """
    r = (1 - share) / share
    middle = (churn_held_out + r * churn_treated) / (1 + r)
    z_alpha, z_power = NormalDist().inv_cdf(1 - ALPHA / 2), NormalDist().inv_cdf(POWER)
    if_none = z_alpha * math.sqrt((r + 1) * middle * (1 - middle))
    if_some = z_power * math.sqrt(r * churn_held_out * (1 - churn_held_out) + churn_treated * (1 - churn_treated))
    return math.ceil((if_none + if_some) ** 2 / (r * (churn_held_out - churn_treated) ** 2))
