"""Recency, frequency, monetary value: when last, how often, how much."""

from __future__ import annotations

from typing import Any

from features.aggregates import Count, First, Last, Max, Mean, Sum
from features.definitions.silence import SILENCE_IN_WORDS
from features.definitions.telling import Row, compared
from features.feature import BESIDE_THE_SHOP, Example, Feature, FilledFrom, Words
from features.language.typed_values import Number

WINDOWS_DAYS = (7, 14, 30, 60, 90, 180, 365)
MONEY_WINDOWS_DAYS = (30, 90, 365)
SHOP_WINDOWS_DAYS = (90, 365)  # in which a customer is compared with the shop
SMALL, LARGE = 1 / 2, 2
FEW_ORDER_DAYS = 4
SELDOM = "ordered on {now} in the last {days}, half of the customers here on at least {usual}"
OFTEN = "ordered on {now} in the last {days}, half of the customers here on at most {usual}"


def _against_the_shop(days: int) -> tuple[Words, ...]:
    """Return the sentences that compare how often a customer came with the shop's usual."""
    name, shop = f"order_days_{days}d", f"shop_order_days_{days}d"
    fields: dict[str, FilledFrom] = {"now": name, "usual": shop, "days": Number(days)}

    def seldom(row: Row) -> Any:
        came = row[name] > 0  # else it is the silence
        return came & (row["tenure_days"] >= days) & (row[name] <= SMALL * row[shop])

    def often(row: Row) -> Any:
        return (row[name] >= LARGE * row[shop]) & (row[name] >= FEW_ORDER_DAYS)

    return (
        Words(SELDOM, seldom, as_risk=True, fact="pace", fields=fields, rank=BESIDE_THE_SHOP),
        Words(OFTEN, often, as_risk=False, fact="pace", fields=fields, rank=BESIDE_THE_SHOP),
    )


_LAST_BASKET = compared(
    "spent {last_spend} last time, down from {spend_per_order_day} on a usual order day",
    "spent {last_spend} last time, up from {spend_per_order_day} on a usual order day",
    fact="basket",
    down=lambda row: (
        (row["frequency"] >= FEW_ORDER_DAYS) & (row["last_spend"] > 0)
        & (row["last_spend"] <= SMALL * row["spend_per_order_day"])
    ),
    up=lambda row: (row["frequency"] >= FEW_ORDER_DAYS) & (row["last_spend"] >= LARGE * row["spend_per_order_day"]),
)  # fmt: skip
_FIRST_BASKET = (
    Words(
        "spent {last_spend} on the only order so far, half of the customers here spend at least "
        "{shop_spend_per_order_day} on an order day",
        lambda row: (
            (row["frequency"] == 0) & (row["last_spend"] > 0)
            & (row["last_spend"] <= SMALL * row["shop_spend_per_order_day"])
        ),
        as_risk=True,
        fact="basket",
    ),
    Words(
        "spent {last_spend} on the only order so far, half of the customers here spend at most "
        "{shop_spend_per_order_day} on an order day",
        lambda row: (row["frequency"] == 0) & (row["last_spend"] >= LARGE * row["shop_spend_per_order_day"]),
        as_risk=False,
        fact="basket",
    ),
)  # fmt: skip

RECENCY = (
    Feature(
        name="days_since_order",
        family="recency",
        unit="days",
        meaning="days since the last order",
        value=Last("age_days"),
        risk_falls_with_it=False,
        example=Example(5, orders=[(5, 20), (90, 10)]),
        words=SILENCE_IN_WORDS,
    ),
    Feature(
        name="tenure_days",
        family="tenure",
        unit="days",
        meaning="days since the first order",
        value=First("age_days"),
        example=Example(90, orders=[(5, 20), (90, 10)]),
    ),
)

FREQUENCY = (
    Feature(
        name="frequency",
        family="frequency",
        unit="count",
        meaning="repeat purchases: order days after the first one",
        value=Count("gap_days"),
        if_none=0,
        risk_falls_with_it=True,
        example=Example(1, orders=[(5, 20), (90, 10)]),
    ),
    *(
        Feature(
            name=f"order_days_{days}d",
            family="frequency",
            unit="days",
            meaning=f"days with an order in the last {days} days",
            value=Count(days=days),
            if_none=0,
            risk_falls_with_it=True,
            example=Example(2, orders=[(1, 20), (days, 10), (days + 1, 99)]),
            words=_against_the_shop(days) if days in SHOP_WINDOWS_DAYS else (),
        )
        for days in WINDOWS_DAYS
    ),
)

MONEY = (
    *(
        Feature(
            name=f"spend_{days}d",
            family="money",
            unit="money",
            meaning=f"money spent in the last {days} days",
            value=Sum("spend", days=days),
            if_none=0,  # no order in the window means nothing was spent
            risk_falls_with_it=True,
            example=Example(30, orders=[(5, 20), (days, 10), (days + 1, 99)]),
        )
        for days in MONEY_WINDOWS_DAYS
    ),
    Feature(
        name="spend_per_order_day",
        family="money",
        unit="money",
        meaning="money spent on a usual order day",
        value=Mean("spend"),
        example=Example(15, orders=[(5, 20), (90, 10)]),
    ),
    Feature(
        name="last_spend",
        family="money",
        unit="money",
        meaning="money spent on the last order day",
        value=Last("spend"),
        example=Example(20, orders=[(5, 20), (90, 10)]),
        words=(*_FIRST_BASKET, *_LAST_BASKET),
    ),
    Feature(
        name="largest_spend",
        family="money",
        unit="money",
        meaning="money spent on the largest order day",
        value=Max("spend"),
        example=Example(20, orders=[(5, 20), (90, 10)]),
    ),
)

FEATURES = (*RECENCY, *FREQUENCY, *MONEY)
