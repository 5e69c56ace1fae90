"""The scores of a simulated shop: from what it has seen of each customer before a week, never from the truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from serving.outreach.simulation.shop import (
    ACTIVE_WEEKS,
    BEFORE_WEEKS,
    HORIZON_WEEKS,
    USUAL_VALUE,
    WEEKS,
    Flags,
    Floats,
    Ints,
    TrialShop,
)
from serving.outreach.simulation.weekly_list import PLAYBOOKS
from serving.scores import bands


@dataclass(frozen=True, eq=False)
class SeenBefore:
    """What the shop has seen of each customer before a week."""

    first: Ints
    last: Ints
    orders: Ints
    money: Floats

    @classmethod
    def before(cls, week: int, ordered: Flags, amount: Floats) -> SeenBefore:
        """Read it off the orders of the weeks before."""
        past = ordered[:week]
        return cls(
            first=np.where(past.any(axis=0), past.argmax(axis=0), WEEKS).astype(np.int64),
            last=np.where(past.any(axis=0), week - 1 - past[::-1].argmax(axis=0), -WEEKS).astype(np.int64),
            orders=past.sum(axis=0).astype(np.int64),
            money=(amount[:week] * past).sum(axis=0),
        )

    @classmethod
    def nothing(cls, customers: int) -> SeenBefore:
        """Return what is known before the first week."""
        never = np.full(customers, WEEKS)
        return cls(never, -never, np.zeros(customers, dtype=np.int64), np.zeros(customers))

    def add(self, week: int, orders: Flags, amount: Floats) -> SeenBefore:
        """Return what is known after one more week."""
        return SeenBefore(
            first=np.where(orders, np.minimum(self.first, week), self.first),
            last=np.where(orders, week, self.last),
            orders=self.orders + orders,
            money=self.money + np.where(orders, amount, 0.0),
        )


@dataclass(frozen=True)
class Scorer:
    """A model of the whole shop's rates, never of one customer's: honest, calibrated on the year before, imperfect.

    P(still a customer) given the silence, as in the Pareto/NBD (Schmittlein, Morrison and Colombo 1987) with each
    customer's rate at its posterior mean; noise; then a logistic calibration (Platt 1999).
    """

    intercept: float = 0.0
    slope: float = 1.0

    def raw(self, known: SeenBefore, week: int, noise: Floats) -> tuple[Floats, Floats]:
        """Return the log-odds of no order within the horizon before calibration, and the rate, orders a week."""
        seen, silent = np.maximum(known.last - known.first, 0), np.maximum(week - known.last - 1, 0)
        rate = (4.0 + known.orders) / (10.0 + seen)
        both = rate + 1 / 60
        alive = 1 / (1 + (1 / 60) / both * np.expm1(np.minimum(both * silent, 50.0)))
        orders = alive * rate / both * -np.expm1(-both * HORIZON_WEEKS)
        orders = np.clip(orders, 1e-6, 1 - 1e-6)
        return np.log((1 - orders) / orders) + noise, rate

    def scores(self, shop: TrialShop, known: SeenBefore, week: int) -> pd.DataFrame:
        """Return one row per customer who can churn: with an order in the last half year."""
        who = np.flatnonzero((known.last >= week - ACTIVE_WEEKS) & (known.first < week))
        log_odds, rate = self.raw(known, week, shop.noise[week])
        probability = 1 / (1 + np.exp(-(self.intercept + self.slope * log_odds[who])))
        value = (known.money[who] + 2 * USUAL_VALUE) / (known.orders[who] + 2)
        expected = rate[who] * HORIZON_WEEKS / -np.expm1(-rate[who] * HORIZON_WEEKS) * value
        return pd.DataFrame(
            {
                "customer": who,
                "probability": probability,
                "band": pd.Series(bands(probability), dtype=object),
                "state": pd.Series(np.where(known.orders[who] == 1, "new", "active"), dtype=object),
                "expected_spend": np.round(expected).astype(np.int64),
                "reason": pd.Series(np.array(PLAYBOOKS, dtype=object)[shop.reason[who]], dtype=object),
            }
        )


def calibrated(shop: TrialShop, ordered: Flags) -> Scorer:
    """Return a scorer calibrated on the year before the first list, whose horizons have all ended by then."""
    log_odds, churned = [], []
    for week in range(ACTIVE_WEEKS, BEFORE_WEEKS - HORIZON_WEEKS + 1, 6):
        known = SeenBefore.before(week, ordered, shop.amount)
        can = (known.last >= week - ACTIVE_WEEKS) & (known.first < week)
        log_odds.append(Scorer().raw(known, week, shop.noise[week])[0][can])
        churned.append(~ordered[week : week + HORIZON_WEEKS, can].any(axis=0))
    return Scorer(*_logistic(np.concatenate(log_odds), np.concatenate(churned)))


def _logistic(x: Floats, y: Flags) -> tuple[float, float]:
    design, weights = np.column_stack([np.ones(len(x)), x]), np.zeros(2)
    for _ in range(25):
        p = 1 / (1 + np.exp(-(design @ weights)))
        hessian = design.T @ (design * (p * (1 - p))[:, None])
        weights = weights + np.linalg.solve(hessian, design.T @ (y - p))
    return float(weights[0]), float(weights[1])
