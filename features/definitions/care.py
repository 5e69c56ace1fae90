"""Care: what went wrong, as far as orders tell: returns."""

from __future__ import annotations

from features.aggregates import Count, Last, Sum
from features.arithmetic import ratio
from features.feature import Example, Feature, Words

LATELY_DAYS = 60
MUCH_RETURNED = 0.15

FEATURES = (
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
