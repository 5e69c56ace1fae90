"""A shop in weeks whose every potential outcome is known: what each customer does contacted, and what uncontacted.

Customers order by a Poisson process of their own rate and leave for good with a weekly probability of their own
(Pareto/NBD in weeks). A contact by the right playbook saves 20 % of those who have left, or leave within the horizon,
and do not order in it. Who is merely slow orders when the time has come, contacted or not. Of those who would have
ordered, a contact wakes 5 % up, and they leave. All chance is drawn beforehand, once per customer and week: two
policies meet the same shop, and what differs is what they did.

Shops are of two kinds. In one all buy at about the same pace; in the other usual gaps lie from 5 to 120 days.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from serving.outreach.simulation.weekly_list import COST, PLAYBOOKS, START

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

BEFORE_WEEKS, LIST_WEEKS, HORIZON_WEEKS, ACTIVE_WEEKS = 52, 52, 8, 26
WEEKS = BEFORE_WEEKS + LIST_WEEKS + HORIZON_WEEKS
SAVED_SHARE, SAVED_BY_WRONG_PLAYBOOK, WOKEN_SHARE = 0.20, 0.05, 0.05
MADE_SHARE, LEAKED_SHARE = 0.90, 0.01  # planned contacts that are made; held-out accounts that are called all the same
REASON_IS_RIGHT = 0.85
USUAL_VALUE, VALUE_SPREAD, ORDER_SPREAD = 4_000, 0.9, 0.5
SCORE_NOISE = 0.5
# Of one rhythm: rates by a gamma law of this shape, in orders per so many weeks, which the scorer knows.
ONE_RHYTHM = (4.0, 10.0)
# Mixed: gaps in days, log-normal, nineteen in twenty between these; and the gamma law with that mean and variance.
GAPS_DAYS = (5.0, 120.0)
MIXED_RHYTHMS = (1.15, 2.95)


@dataclass(frozen=True, eq=False)
class TrialShop:
    """People and all of their chance; arrays of chance are weeks × customers.

    Args:
        joined: the week of each customer's first order.
        rate: orders a week.
        leaving: weekly probability of leaving for good.
        value: mean order value, minor units.
        needs: the index in PLAYBOOKS of the right one.
        reason: the one that the shop's own facts point to, right for most.
        rhythm: shape and weeks of the gamma law of the rates, as far as the shop knows it.
    """

    start: ClassVar = START
    before_weeks: ClassVar = BEFORE_WEEKS
    list_weeks: ClassVar = LIST_WEEKS
    horizon_weeks: ClassVar = HORIZON_WEEKS
    contact_cost: ClassVar = COST
    saved_share: ClassVar = SAVED_SHARE
    saved_by_wrong_playbook: ClassVar = SAVED_BY_WRONG_PLAYBOOK
    woken_share: ClassVar = WOKEN_SHARE
    made_share: ClassVar = MADE_SHARE

    joined: Ints
    rate: Floats
    leaving: Floats
    value: Floats
    needs: Ints
    reason: Ints
    orders: Floats
    leaves: Floats
    amount: Floats
    day: Ints
    noise: Floats
    luck: Floats
    made: Floats
    when: Ints
    rhythm: tuple[float, float] = ONE_RHYTHM

    def __len__(self) -> int:
        return len(self.joined)

    @cached_property
    def ids(self) -> npt.NDArray[np.object_]:
        """The customers' ids, in the order of the arrays."""
        return np.array([f"{customer:06}" for customer in range(len(self))], dtype=object)

    @classmethod
    def of(cls, customers: int, seed: int, *, mixed: bool = False) -> TrialShop:
        """Draw a shop of so many customers, of one rhythm or of mixed ones."""
        random = np.random.default_rng(seed)
        size = (WEEKS, customers)
        needs = random.integers(0, len(PLAYBOOKS), customers)
        wrong = random.integers(0, len(PLAYBOOKS), customers)
        value = USUAL_VALUE * np.exp(VALUE_SPREAD * random.standard_normal(customers))
        return cls(
            joined=random.integers(0, BEFORE_WEEKS + LIST_WEEKS - 8, customers),
            rate=_mixed_rates(customers, random) if mixed else random.gamma(4.0, 0.4 / 4, customers),
            leaving=random.beta(1.0, 60.0, customers),
            value=value,
            needs=needs,
            reason=np.where(random.random(customers) < REASON_IS_RIGHT, needs, wrong),
            orders=random.random(size),
            leaves=random.random(size),
            amount=value * np.exp(ORDER_SPREAD * random.standard_normal(size) - ORDER_SPREAD**2 / 2),
            day=random.integers(0, 7, size),
            noise=SCORE_NOISE * random.standard_normal(size),
            luck=random.random(size),
            made=random.random(size),
            when=random.integers(0, HORIZON_WEEKS, size),
            rhythm=MIXED_RHYTHMS if mixed else ONE_RHYTHM,
        )

    def step(self, week: int, who: Ints, alive: Flags, returns: Flags) -> tuple[Flags, Flags]:
        """Return who orders in a week, and who is still a customer after it."""
        begins = self.joined[who] == week
        alive = alive | begins | returns
        orders = begins | returns | (alive & (self.orders[week, who] < -np.expm1(-self.rate[who])))
        return orders, alive & (self.leaves[week, who] >= self.leaving[who])

    def ahead(self, week: int, who: Ints, alive: Flags, returns_in: Ints) -> tuple[Flags, Floats, Flags]:
        """Return whether each orders within the horizon, the money, and who is a customer after it.

        `returns_in` is a week, −1 = never.
        """
        kept, spent = np.zeros(len(who), dtype=bool), np.zeros(len(who))
        for later in range(week, week + HORIZON_WEEKS):
            orders, alive = self.step(later, who, alive, returns_in == later)
            kept |= orders
            spent += np.where(orders, np.round(self.amount[later, who]), 0.0)
        return kept, spent, alive


def _mixed_rates(customers: int, random: np.random.Generator) -> Floats:
    """Return orders a week, by gaps of GAPS_DAYS."""
    low, high = np.log(GAPS_DAYS)
    gap_days = np.exp((low + high) / 2 + (high - low) / 4 * random.standard_normal(customers))
    return np.asarray(7 / np.clip(gap_days, *GAPS_DAYS), dtype=np.float64)
