"""Who orders or spends clearly less than before, measured against the own former self while the shop as a whole holds.

Two windows of 90 days are compared, for customers of both. Nobody is called over chance: of the order days in both
windows the recent part must be lower than the shop's by more than chance shows in one of a hundred, and by half.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.log import Log

Flags = npt.NDArray[np.bool_]

WINDOW_DAYS = 90
AT_MOST = 0.5  # of what the own former window and the shop's change let expect
CLEAR_SCORE = -2.33  # one in a hundred of those who did not change lies below it
LEAST_ORDER_DAYS = 3  # in either window: the mean of fewer baskets says little
NEEDED = ("tenure_days", "order_days_90d", "order_days_90d_before", "spend_90d", "spend_90d_before", "basket_change")


@dataclass(frozen=True)
class ShopChange:
    """What the shop's customers of both windows did in the recent one, as a multiple of the one before.

    Args:
        orders: order days.
        spend: money.
    """

    orders: float
    spend: float

    @classmethod
    def of(cls, log: Log, as_of: int) -> ShopChange:
        """Read it off the log; 1 where nothing was ordered before."""
        orders, begin = log.streams["orders"], as_of - 2 * WINDOW_DAYS
        met_before = np.zeros(log.n_customers, dtype=bool)
        met_before[orders.customer[orders.day <= begin]] = True
        seen = met_before[orders.customer] & (orders.day >= begin) & (orders.day < as_of)
        recent = orders.day[seen] >= as_of - WINDOW_DAYS
        spend = orders.columns["spend"][seen]
        return cls(_ratio(recent.sum(), (~recent).sum()), _ratio(spend[recent].sum(), spend[~recent].sum()))


def _ratio(now: float, before: float) -> float:
    return float(now) / float(before) if before > 0 and now > 0 else 1.0


def falls(own: pd.DataFrame, shop: ShopChange) -> dict[str, Flags]:
    """Return `orders_fell` and `spend_fell` of each customer.

    Args:
        own: the columns NEEDED, money in minor units, NaN = unknown.
        shop: the change of the shop as a whole.

    >>> row = {"tenure_days": 400, "order_days_90d": 1, "order_days_90d_before": 12}
    >>> row |= {"spend_90d": 20, "spend_90d_before": 300, "basket_change": 0.9}
    >>> found = falls(pd.DataFrame([row]), ShopChange(1.0, 1.0))
    >>> bool(found["orders_fell"][0]), bool(found["spend_fell"][0])
    (True, False)
    """
    tenure, now, before, spend, spend_before, basket = (own[name].to_numpy(dtype=np.float64) for name in NEEDED)
    met_before, share = tenure >= 2 * WINDOW_DAYS, shop.orders / (1 + shop.orders)
    both = now + before
    with np.errstate(invalid="ignore", divide="ignore"):
        score = (now - both * share) / np.sqrt(both * share * (1 - share))
        fewer = met_before & (score <= CLEAR_SCORE) & (now <= AT_MOST * shop.orders * before)
        enough = np.minimum(now, before) >= LEAST_ORDER_DAYS
        less = met_before & enough & (spend <= AT_MOST * shop.spend * spend_before) & (basket <= AT_MOST)
    return {"orders_fell": fewer, "spend_fell": less}
