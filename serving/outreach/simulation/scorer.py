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

LEFT_WEEKS = 3 * HORIZON_WEEKS


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

    Args:
        line: intercept and slope of the calibration of P(no order within the horizon).
        left_line: of P(no order within three horizons), by which a customer is said to have left.
    """

    line: tuple[float, float] = (0.0, 1.0)
    left_line: tuple[float, float] = (0.0, 1.0)

    def raw(self, shop: TrialShop, known: SeenBefore, week: int, weeks: int = HORIZON_WEEKS) -> tuple[Floats, Floats]:
        """Return the log-odds of no order within so many weeks before calibration, and the rate, orders a week."""
        seen, silent = np.maximum(known.last - known.first, 0), np.maximum(week - known.last - 1, 0)
        shape, prior_weeks = shop.rhythm
        rate = (shape + known.orders) / (prior_weeks + seen)
        both = rate + 1 / 60
        alive = 1 / (1 + (1 / 60) / both * np.expm1(np.minimum(both * silent, 50.0)))
        orders = alive * rate / both * -np.expm1(-both * weeks)
        orders = np.clip(orders, 1e-6, 1 - 1e-6)
        return np.log((1 - orders) / orders) + shop.noise[week], rate

    def scores(self, shop: TrialShop, known: SeenBefore, week: int) -> pd.DataFrame:
        """Return one row per customer who can churn: with an order in the last half year."""
        who = np.flatnonzero((known.last >= week - ACTIVE_WEEKS) & (known.first < week))
        log_odds, rate = self.raw(shop, known, week)
        probability = _probability(self.line, log_odds[who])
        left = _probability(self.left_line, self.raw(shop, known, week, LEFT_WEEKS)[0][who])
        since_days, gap_days = 7 * (week - known.last[who]), _usual_gap_days(known)[who]
        value = (known.money[who] + 2 * USUAL_VALUE) / (known.orders[who] + 2)
        expected = rate[who] * HORIZON_WEEKS / -np.expm1(-rate[who] * HORIZON_WEEKS) * value
        return pd.DataFrame(
            {
                "customer": who,
                "probability": probability,
                "left_probability": np.minimum(left, probability),
                "days_since_order": since_days,
                "usual_gap_days": gap_days,
                "order_days": known.orders[who],
                "overdue": since_days / gap_days,
                "band": pd.Series(bands(probability), dtype=object),
                "state": pd.Series(np.where(known.orders[who] == 1, "new", "active"), dtype=object),
                "expected_spend": np.round(expected).astype(np.int64),
                "reason": pd.Series(np.array(PLAYBOOKS, dtype=object)[shop.reason[who]], dtype=object),
            }
        )


def calibrated(shop: TrialShop, ordered: Flags) -> Scorer:
    """Return a scorer calibrated on the year before the first list, whose horizons have all ended by then."""
    return Scorer(_calibration(shop, ordered, HORIZON_WEEKS), _calibration(shop, ordered, LEFT_WEEKS))


def _calibration(shop: TrialShop, ordered: Flags, weeks: int) -> tuple[float, float]:
    log_odds, churned = [], []
    for week in range(ACTIVE_WEEKS, BEFORE_WEEKS - weeks + 1, 6):
        known = SeenBefore.before(week, ordered, shop.amount)
        can = (known.last >= week - ACTIVE_WEEKS) & (known.first < week)
        log_odds.append(Scorer().raw(shop, known, week, weeks)[0][can])
        churned.append(~ordered[week : week + weeks, can].any(axis=0))
    return _logistic(np.concatenate(log_odds), np.concatenate(churned))


def _probability(line: tuple[float, float], log_odds: Floats) -> Floats:
    intercept, slope = line
    return np.asarray(1 / (1 + np.exp(-(intercept + slope * log_odds))), dtype=np.float64)


def _usual_gap_days(known: SeenBefore) -> Floats:
    """Return the mean gap so far, at least a week; NaN before the second order."""
    gaps = np.where(known.orders > 1, known.orders - 1, np.nan)
    return np.asarray(7 * np.maximum((known.last - known.first) / gaps, 1.0), dtype=np.float64)


def _logistic(x: Floats, y: Flags) -> tuple[float, float]:
    design, weights = np.column_stack([np.ones(len(x)), x]), np.zeros(2)
    for _ in range(25):
        p = 1 / (1 + np.exp(-(design @ weights)))
        hessian = design.T @ (design * (p * (1 - p))[:, None])
        weights = weights + np.linalg.solve(hessian, design.T @ (y - p))
    return float(weights[0]), float(weights[1])
