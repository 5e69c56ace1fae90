"""Season: what the customer did in the coming weeks of last year.

The window of n days that begins at `as_of` was, a year ago, the ages 366 − n … 365. Whoever was not a customer then has
done nothing in it, which `tenure_days` tells apart.
"""

from __future__ import annotations

from features.aggregates import Count
from features.feature import Example, Feature, Words

WINDOWS_DAYS, YEAR_DAYS = (30, 90), 365


def _last_year(days: int) -> Feature:
    name = f"order_days_{days}d_last_year"
    return Feature(
        name=name,
        family="season",
        unit="days",
        meaning=f"days with an order in the {days} days that begin now, a year ago",
        value=Count(days=days, skip=YEAR_DAYS - days),
        if_none=0,
        example=Example(2, orders=[(5, 20), (YEAR_DAYS - days, 99), (YEAR_DAYS - days + 1, 20), (YEAR_DAYS, 10)]),
        words=(
            Words(f"ordered on {{{name}}} in these {days} days of last year", lambda row: row[name] > 0, as_risk=False),
        ),
    )


FEATURES = tuple(_last_year(days) for days in WINDOWS_DAYS)
