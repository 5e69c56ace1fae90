"""Recency, frequency, monetary value: when last, how often, how much."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from features.aggregates import Count, First, Last, Max, Mean, Sum
from features.feature import SILENCE, Example, Feature, against, ordered_within, where

WINDOWS_DAYS = (7, 14, 30, 60, 90, 180, 365)
MONEY_WINDOWS_DAYS = (30, 90, 365)


def _spent(name: str) -> Callable[[Mapping[str, float]], bool]:
    """Return a test whether anything was spent; that nothing was spent is no news."""
    return lambda row: row[name] > 0


RECENCY = (
    Feature(
        name="days_since_order",
        family="recency",
        unit="days",
        meaning="days since the last order",
        value=Last("age_days"),
        risk_falls_with_it=False,
        example=Example(5, orders=[(5, 20), (90, 10)]),
        words=SILENCE,
    ),
    Feature(
        name="tenure_days",
        family="tenure",
        unit="days",
        meaning="days since the first order",
        value=First("age_days"),
        example=Example(90, orders=[(5, 20), (90, 10)]),
        words=("customer for {tenure_days}",),
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
        words=("repeat orders in {tenure_days}: {frequency}",),
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
            words=ordered_within(days, f"ordered on {{order_days_{days}d}} in the last {days}"),
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
            words=ordered_within(
                days, *where(_spent(f"spend_{days}d"), f"spent {{spend_{days}d}} in the last {days} days")
            ),
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
        words=("spends {spend_per_order_day} on a usual order day",),
    ),
    Feature(
        name="last_spend",
        family="money",
        unit="money",
        meaning="money spent on the last order day",
        value=Last("spend"),
        example=Example(20, orders=[(5, 20), (90, 10)]),
        words=where(
            _spent("last_spend"),
            *against("spent {last_spend} last time", "last_spend", "spend_per_order_day", " on a usual order day"),
        ),
    ),
    Feature(
        name="largest_spend",
        family="money",
        unit="money",
        meaning="money spent on the largest order day",
        value=Max("spend"),
        example=Example(20, orders=[(5, 20), (90, 10)]),
        words=("spent {largest_spend} on the largest order day",),
    ),
)

FEATURES = (*RECENCY, *FREQUENCY, *MONEY)
