"""Care: what went wrong, as far as orders tell: returns."""

from __future__ import annotations

from typing import Any

import numpy as np

from features.aggregates import Count, Last, Sum
from features.arithmetic import ratio
from features.definitions.telling import Row
from features.feature import Example, Feature, Words

LATELY_DAYS = 60
MUCH_RETURNED = 0.15
OFTEN_RETURNED, AS_OFTEN = 0.25, 2  # of the order days, and times the own share before


def _comes_back_more_often(row: Row) -> Any:
    """Return whether a clearly larger part of the orders came back than before, from one of four on.

    Chance makes counts differ by their square root: a share that was never above nought tells by one return.
    """
    now, orders = row["return_days_90d"], row["order_days_90d"]
    before, orders_before = row["return_days_90d_before"], row["order_days_90d_before"]
    expected = orders * before / np.maximum(orders_before, 1)
    often = (now <= orders) & (now >= OFTEN_RETURNED * orders) & (now >= AS_OFTEN * expected)
    return (orders_before >= 2) & (now >= 1) & often & (now - expected >= np.sqrt(expected))


def _never_before(row: Row) -> Any:
    return _comes_back_more_often(row) & (row["return_days_90d_before"] == 0)


def _as_before(row: Row) -> Any:
    return _comes_back_more_often(row) & (row["return_days_90d_before"] > 0)


_MORE_OFTEN = "sent something back on {return_days_90d} in the last 90 while ordering on {order_days_90d}"

FEATURES = (
    Feature(
        name="return_days_90d",
        family="care",
        unit="days",
        meaning="days with a return in the last 90 days",
        value=Count(on="returns", days=90),
        if_none=0,
        example=Example(1, orders=[(5, 20)], returns=[(3, 20), (91, 9)]),
        words=(
            Words(
                f"{_MORE_OFTEN}, never in the 90 before while ordering on {{order_days_90d_before}}",
                _never_before,
                as_risk=True,
                fact="returns",
            ),
            Words(
                f"{_MORE_OFTEN}, on {{return_days_90d_before}} in the 90 before while ordering on "
                "{order_days_90d_before}",
                _as_before,
                as_risk=True,
                fact="returns",
            ),
        ),
    ),
    Feature(
        name="return_days_90d_before",
        family="care",
        unit="days",
        meaning="days with a return in the 90 days before the last 90",
        value=Count(on="returns", days=90, skip=90),
        if_none=0,
        example=Example(1, orders=[(95, 20)], returns=[(90, 20), (91, 9)]),
    ),
    Feature(
        name="return_days_365d",
        family="care",
        unit="count",
        meaning="days with a return in the last 365 days",
        value=Count(on="returns", days=365),
        if_none=0,
        example=Example(1, orders=[(5, 20)], returns=[(3, 20), (366, 9)]),
    ),
    Feature(
        name="days_since_return",
        family="care",
        unit="days",
        meaning="days since the last return",
        value=Last("age_days", on="returns"),
        example=Example(3, orders=[(5, 20)], returns=[(3, 20)]),
        words=(
            Words(
                "sent something back {days_since_return} ago",
                lambda row: row["days_since_return"] <= LATELY_DAYS,
                as_risk=True,
                fact="returns",
            ),
        ),
    ),
    Feature(
        name="returned_365d",
        family="care",
        unit="money",
        meaning="money returned in the last 365 days",
        value=Sum("returned", days=365),
        if_none=0,
        example=Example(20, orders=[(5, 20)], returns=[(3, 20), (366, 9)]),
    ),
    Feature(
        name="returned_share_365d",
        family="care",
        unit="share",
        meaning="money returned in the last 365 days as part of the money spent then",
        value=lambda f: ratio(f.returned_365d, f.spend_365d),
        if_none=0,
        example=Example(0.5, orders=[(5, 40)], returns=[(3, 20)]),
        words=(
            Words(
                "returned {returned_share_365d} of what was bought in the last 365 days",
                lambda row: (row["returned_share_365d"] >= MUCH_RETURNED) & (row["returned_share_365d"] <= 1),
                as_risk=True,
                fact="returns",
            ),
        ),
    ),
)
