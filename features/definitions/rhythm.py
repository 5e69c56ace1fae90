"""Rhythm: how long a customer usually waits, and how the present silence compares."""

from __future__ import annotations

from collections.abc import Mapping

from features.aggregates import Distinct, Last, Max, Mean, Quantile, Std
from features.arithmetic import ratio
from features.feature import Example, Feature, Words, ordered_within

# The last dozen gaps: enough for a median, recent enough to follow a customer whose rhythm changes.
GAPS = 12
WEEKS = (13, 26, 52)


def _has_rhythm(row: Mapping[str, float]) -> bool:
    """Return whether there are enough gaps for a rhythm: the mean of one gap is none."""
    return row["frequency"] >= 3


# Longer gaps are the risk here, so the sides are the other way round.
_SLOWER = (
    Words(
        "the last three gaps were {recent_gap_days} on average, up from {mean_gap_days}",
        lambda row: row["recent_gap_days"] > row["mean_gap_days"],
        as_risk=True,
    ),
    Words(
        "the last three gaps were {recent_gap_days} on average, down from {mean_gap_days}",
        lambda row: row["recent_gap_days"] < row["mean_gap_days"],
        as_risk=False,
    ),
)

FEATURES = (
    Feature(
        name="usual_gap_days",
        family="rhythm",
        unit="days",
        meaning=f"the usual gap between order days: the median of the last {GAPS}",
        value=Quantile("gap_days", q=0.5, last=GAPS),
        example=Example(30, orders=[(5, 20), (35, 10), (95, 10), (115, 10)]),
        words=("usually orders every {usual_gap_days}",),
    ),
    Feature(
        name="mean_gap_days",
        family="rhythm",
        unit="days",
        meaning="the mean gap between order days",
        value=Mean("gap_days"),
        example=Example(45, orders=[(5, 20), (35, 10), (95, 10)]),
        words=(Words("orders every {mean_gap_days} on average", _has_rhythm),),
    ),
    Feature(
        name="long_gap_days",
        family="rhythm",
        unit="days",
        meaning=f"a long gap for this customer: nine in ten of the last {GAPS} were shorter",
        value=Quantile("gap_days", q=0.9, last=GAPS),
        example=Example(57, orders=[(5, 20), (35, 10), (95, 10)]),
        words=("usually orders every {usual_gap_days}, nine in ten gaps were up to {long_gap_days}",),
    ),
    Feature(
        name="longest_gap_days",
        family="rhythm",
        unit="days",
        meaning="the longest gap between order days",
        value=Max("gap_days"),
        example=Example(60, orders=[(5, 20), (35, 10), (95, 10)]),
        words=("has been silent for up to {longest_gap_days} before",),
    ),
    Feature(
        name="gap_spread_days",
        family="rhythm",
        unit="days",
        meaning="how much the gaps differ: their standard deviation",
        value=Std("gap_days"),
        example=Example(10, orders=[(5, 20), (35, 10), (75, 10), (125, 10)]),
        words=("gaps between orders vary by {gap_spread_days} around {mean_gap_days}",),
    ),
    Feature(
        name="gap_irregularity",
        family="rhythm",
        unit="ratio",
        meaning="how irregular the rhythm is: standard deviation of the gaps over their mean",
        value=lambda f: ratio(f.gap_spread_days, f.mean_gap_days),
        example=Example(0.25, orders=[(5, 20), (35, 10), (75, 10), (125, 10)]),
        words=("gaps between orders vary by {gap_spread_days} around {mean_gap_days}",),
    ),
    Feature(
        name="last_gap_days",
        family="rhythm",
        unit="days",
        meaning="the gap before the last order day",
        value=Last("gap_days"),
        example=Example(30, orders=[(5, 20), (35, 10), (95, 10)]),
        words=("waited {last_gap_days} before the last order, usually {usual_gap_days}",),
    ),
    Feature(
        name="recent_gap_days",
        family="rhythm",
        unit="days",
        meaning="the mean of the last three gaps",
        value=Mean("gap_days", last=3),
        example=Example(45, orders=[(5, 20), (35, 10), (95, 10)]),
        words=_SLOWER,
    ),
    Feature(
        name="overdue",
        family="recency",
        unit="ratio",
        meaning="silence measured in usual gaps: 1 = the next order is due today",
        value=lambda f: ratio(f.days_since_order, f.usual_gap_days),
        risk_falls_with_it=False,
        example=Example(0.5, orders=[(15, 20), (45, 10), (75, 10)]),
        words=("no order for {days_since_order}, {overdue} times the usual gap of {usual_gap_days}",),
    ),
    Feature(
        name="overdue_long",
        family="recency",
        unit="ratio",
        meaning="silence measured in long gaps: above 1 it is longer than nine in ten before it",
        value=lambda f: ratio(f.days_since_order, f.long_gap_days),
        risk_falls_with_it=False,
        example=Example(0.5, orders=[(15, 20), (45, 10), (75, 10)]),
        words=("no order for {days_since_order}; nine in ten gaps were up to {long_gap_days}",),
    ),
    Feature(
        name="silence_score",
        family="recency",
        unit="score",
        meaning="silence against the mean gap, in standard deviations of the gaps",
        value=lambda f: ratio(f.days_since_order - f.mean_gap_days, f.gap_spread_days),
        risk_falls_with_it=False,
        example=Example(-3.5, orders=[(5, 20), (35, 10), (75, 10), (125, 10)]),
        words=("no order for {days_since_order}, {mean_gap_days} on average",),
    ),
    *(
        Feature(
            name=f"order_weeks_{weeks * 7}d",
            family="rhythm",
            unit="count",
            meaning=f"calendar weeks with an order in the last {weeks * 7} days: regular visits, not bursts, make many",
            value=Distinct("week", days=weeks * 7),
            if_none=0,
            risk_falls_with_it=True,
            example=Example(2, orders=[(5, 20), (6, 20), (11, 10), (weeks * 7 + 1, 99)]),
            words=ordered_within(
                weeks * 7, f"weeks with an order in the last {weeks * 7} days: {{order_weeks_{weeks * 7}d}}"
            ),
        )
        for weeks in WEEKS
    ),
    Feature(
        name="gap_change",
        family="rhythm",
        unit="ratio",
        meaning="the last three gaps against all of them: above 1 the customer is slowing down",
        value=lambda f: ratio(f.recent_gap_days, f.mean_gap_days),
        risk_falls_with_it=False,
        example=Example(0.75, orders=[(5, 20), (35, 10), (65, 10), (95, 10), (165, 10)]),
        words=_SLOWER,
    ),
)
