"""Trend: a window against the window before it, and the recent past against the longer one."""

from __future__ import annotations

from features.aggregates import Count, Decayed, Mean, Sum
from features.arithmetic import ratio, smoothed_ratio
from features.feature import Example, Feature, Words, against, ordered_within, where

WINDOWS_DAYS = (30, 90)
HALF_LIVES_DAYS = (7, 21, 63, 189)


def _compared(text: str, now: str, before: str, days: int) -> tuple[Words, ...]:
    """Return the sentences of a comparison of two windows, each of which holds something: nothing is no news."""
    return where(lambda row: row[now] > 0 and row[before] > 0, *against(text, now, before, f" in the {days} before"))


def _order_days_in_words(days: int) -> tuple[Words, ...]:
    now, text = f"order_days_{days}d", f"ordered on {{order_days_{days}d}} in the last {days}"
    return ordered_within(days, *_compared(text, now, f"{now}_before", days), text)


_SPEND_IN_WORDS = ordered_within(
    90, *_compared("spent {spend_90d} in the last 90 days", "spend_90d", "spend_90d_before", 90)
)


def _order_days_before(days: int) -> Feature:
    return Feature(
        name=f"order_days_{days}d_before",
        family="frequency",
        unit="days",
        meaning=f"days with an order in the {days} days before the last {days}",
        value=Count(days=days, skip=days),
        if_none=0,
        example=Example(2, orders=[(days, 20), (days + 1, 10), (2 * days, 10), (2 * days + 1, 99)]),
        words=_order_days_in_words(days),
    )


def _order_days_change(days: int) -> Feature:
    return Feature(
        name=f"order_days_{days}d_change",
        family="frequency",
        unit="ratio",
        meaning=f"order days of the last {days} days against the {days} before: below 1 they fall",
        value=lambda f: smoothed_ratio(f[f"order_days_{days}d"], f[f"order_days_{days}d_before"]),
        risk_falls_with_it=True,
        example=Example(0.5, orders=[(days + 1, 10)]),
        words=_order_days_in_words(days),
    )


FEATURES = (
    *(_order_days_before(days) for days in WINDOWS_DAYS),
    *(_order_days_change(days) for days in WINDOWS_DAYS),
    Feature(
        name="spend_90d_before",
        family="money",
        unit="money",
        meaning="money spent in the 90 days before the last 90",
        value=Sum("spend", days=90, skip=90),
        if_none=0,
        example=Example(30, orders=[(90, 99), (91, 20), (180, 10), (181, 99)]),
        words=_SPEND_IN_WORDS,
    ),
    Feature(
        name="spend_90d_change",
        family="money",
        unit="ratio",
        meaning="money of the last 90 days against the 90 before; None where nothing was spent before",
        value=lambda f: ratio(f.spend_90d, f.spend_90d_before),
        risk_falls_with_it=True,
        example=Example(2, orders=[(5, 40), (91, 20)]),
        words=_SPEND_IN_WORDS,
    ),
    *(
        Feature(
            name=f"order_pulse_{days}d",
            family="frequency",
            unit="score",
            meaning=f"orders, each counting half as much every {days} days",
            value=Decayed("orders", half_life_days=days),
            if_none=0,
            risk_falls_with_it=True,
            example=Example(0.75, orders=[(days, 20), (2 * days, 10)]),
            words=_order_days_in_words(30 if days <= 63 else 90),
        )
        for days in HALF_LIVES_DAYS
    ),
    Feature(
        name="order_pulse_change",
        family="frequency",
        unit="ratio",
        meaning="the short pulse of orders against the long one: it falls when the customer slows down",
        value=lambda f: ratio(f.order_pulse_21d, f.order_pulse_63d),
        risk_falls_with_it=True,
        example=Example(0.5 / 0.5 ** (1 / 3), orders=[(21, 20)]),
        words=_order_days_in_words(30),
    ),
    Feature(
        name="order_age_days",
        family="frequency",
        unit="days",
        meaning="how old the orders of the last year are on average",
        value=Mean("age_days", days=365),
        example=Example(20, orders=[(10, 20), (30, 20), (366, 99)]),
    ),
)
