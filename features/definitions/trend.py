"""Trend: a window against the window before it, and the recent past against the longer one."""

from __future__ import annotations

from features.aggregates import Count, Decayed, Mean, Sum
from features.arithmetic import ratio, smoothed_ratio
from features.definitions.telling import FALLEN, RISEN, compared, fallen, over_two_windows, risen
from features.feature import Example, Feature, Words
from features.language.typed_values import Number

WINDOWS_DAYS = (30, 90)
HALF_LIVES_DAYS = (7, 21, 63, 189)


def _order_days_in_words(days: int) -> tuple[Words, Words]:
    now, before = f"order_days_{days}d", f"order_days_{days}d_before"
    return compared(
        "ordered on {now} in the last {days}, down from {before} in the {days} before",
        "ordered on {now} in the last {days}, up from {before} in the {days} before",
        fields={"now": now, "before": before, "days": Number(days)},
        fact="pace",
        down=lambda row: (row[now] > 0) & fallen(row[now], row[before]),  # that nobody came is the silence once more
        up=lambda row: over_two_windows(row, days) & (row[before] > 0) & risen(row[now], row[before]),
    )


_SPEND_IN_WORDS = compared(
    "spent {spend_90d} in the last 90 days, down from {spend_90d_before} in the 90 before",
    "spent {spend_90d} in the last 90 days, up from {spend_90d_before} in the 90 before",
    fact="money",
    down=lambda row: (
        (row["spend_90d"] > 0) & (row["spend_90d"] <= FALLEN * row["spend_90d_before"])
        & (row["order_days_90d_before"] > 1)
    ),
    up=lambda row: (
        (row["spend_90d_before"] > 0) & (row["spend_90d"] >= RISEN * row["spend_90d_before"])
        & (row["order_days_90d"] > 1) & over_two_windows(row, 90)
    ),
)  # fmt: skip


def _order_days_before(days: int) -> Feature:
    return Feature(
        name=f"order_days_{days}d_before",
        family="frequency",
        unit="days",
        meaning=f"days with an order in the {days} days before the last {days}",
        value=Count(days=days, skip=days),
        if_none=0,
        example=Example(2, orders=[(days, 20), (days + 1, 10), (2 * days, 10), (2 * days + 1, 99)]),
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
