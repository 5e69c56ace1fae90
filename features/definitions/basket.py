"""Basket: what an order holds."""

from __future__ import annotations

from features.aggregates import Distinct, Mean, Share, Sum
from features.arithmetic import ratio
from features.definitions.telling import compared
from features.feature import Example, Feature

SMALLER, LARGER = 3 / 4, 4 / 3
DAYS_OF_BASKETS = 5  # repeat orders, so that the last three order days are half of what they are compared with
_RECENT = compared(
    "spent {recent_spend_per_order_day} on average on the last three order days, down from {spend_per_order_day} on a "
    "usual one",
    "spent {recent_spend_per_order_day} on average on the last three order days, up from {spend_per_order_day} on a "
    "usual one",
    fact="basket",
    down=lambda row: (
        (row["frequency"] >= DAYS_OF_BASKETS) & (row["recent_spend_per_order_day"] > 0)
        & (row["recent_spend_per_order_day"] <= SMALLER * row["spend_per_order_day"])
    ),
    up=lambda row: (
        (row["frequency"] >= DAYS_OF_BASKETS)
        & (row["recent_spend_per_order_day"] >= LARGER * row["spend_per_order_day"])
    ),
)  # fmt: skip

FEATURES = (
    Feature(
        name="lines_per_order_day",
        family="basket",
        unit="count",
        meaning="order lines on a usual order day",
        value=Mean("lines"),
        example=Example(1, orders=[(5, 20), (90, 10)]),
    ),
    Feature(
        name="lines_90d",
        family="basket",
        unit="count",
        meaning="order lines in the last 90 days",
        value=Sum("lines", days=90),
        if_none=0,
        risk_falls_with_it=True,
        example=Example(2, orders=[(5, 20), (90, 10), (91, 10)]),
    ),
    Feature(
        name="units_per_order_day",
        family="basket",
        unit="count",
        meaning="units on a usual order day",
        value=Mean("units"),
        example=Example(3, orders=[(5, 20, {"units": 4}), (90, 10, {"units": 2})]),
    ),
    *(
        Feature(
            name=f"products_{days}d",
            family="basket",
            unit="count",
            meaning=f"different products bought in the last {days} days",
            value=Distinct("product", days=days),
            if_none=0,
            risk_falls_with_it=True,
            example=Example(1, orders=[(5, 20, {"product_id": "a"}), (days, 10, {"product_id": "a"})]),
        )
        for days in (90, 365)
    ),
    Feature(
        name="recent_spend_per_order_day",
        family="basket",
        unit="money",
        meaning="money spent on an order day, over the last three",
        value=Mean("spend", last=3),
        example=Example(20, orders=[(5, 10), (6, 20), (7, 30), (90, 99)]),
    ),
    Feature(
        name="basket_change",
        family="basket",
        unit="ratio",
        meaning="money on the last three order days against a usual one: below 1 the basket shrinks",
        value=lambda f: ratio(f.recent_spend_per_order_day, f.spend_per_order_day),
        risk_falls_with_it=True,
        example=Example(0.5, orders=[(5, 10), (6, 10), (7, 10), (90, 50)]),
        words=_RECENT,
    ),
    Feature(
        name="discount_365d",
        family="discount",
        unit="money",
        meaning="discount received in the last 365 days",
        value=Sum("discount", days=365),
        if_none=0,
        example=Example(5, orders=[(5, 20, {"discount": 5}), (366, 10, {"discount": 9})]),
    ),
    Feature(
        name="discounted_share",
        family="discount",
        unit="share",
        meaning="part of the spending that was on days with a discount",
        value=Share("spend", where="discounted"),
        if_none=0,
        example=Example(0.75, orders=[(5, 30, {"discount": 5}), (90, 10)]),
    ),
    Feature(
        name="weekend_share",
        family="basket",
        unit="share",
        meaning="part of the order days that fell on a Saturday or Sunday",
        value=Mean("weekend"),
        example=Example(0.5, orders=[(4, 20), (6, 10)]),  # day 0 is a Thursday: a Sunday and a Friday
    ),
)
