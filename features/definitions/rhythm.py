"""Rhythm: how long a customer usually waits, and how the present silence compares."""

from __future__ import annotations

from typing import Any

from features.aggregates import Distinct, Last, Max, Mean, Quantile, Std
from features.arithmetic import ratio
from features.definitions.silence import CAME_BACK, RHYTHM_IN_WORDS
from features.definitions.telling import Row
from features.feature import Example, Feature, Words

# The last dozen gaps: enough for a median, recent enough to follow a customer whose rhythm changes.
GAPS = 12
WEEKS = (13, 26, 52)


SLOWER = 3 / 2
GAPS_OF_A_PACE = 6  # so that the last three gaps are half of what they are compared with at most


def _pace(text: str, slower: bool) -> Words:
    """Return a sentence that compares the last three gaps with the usual one."""

    def when(row: Row) -> Any:
        longer, shorter = ("recent_gap_days", "usual_gap_days")[:: 1 if slower else -1]
        return (row["frequency"] >= GAPS_OF_A_PACE) & (row[longer] >= SLOWER * row[shorter])

    return Words(text, when, as_risk=slower, fact="pace")


_PACE = (
    _pace("the last three gaps were {recent_gap_days} on average, longer than the usual {usual_gap_days}", slower=True),
    _pace(
        "the last three gaps were {recent_gap_days} on average, shorter than the usual {usual_gap_days}", slower=False
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
        words=RHYTHM_IN_WORDS,
    ),
    Feature(
        name="mean_gap_days",
        family="rhythm",
        unit="days",
        meaning="the mean gap between order days",
        value=Mean("gap_days"),
        example=Example(45, orders=[(5, 20), (35, 10), (95, 10)]),
    ),
    Feature(
        name="long_gap_days",
        family="rhythm",
        unit="days",
        meaning=f"a long gap for this customer: nine in ten of the last {GAPS} were shorter",
        value=Quantile("gap_days", q=0.9, last=GAPS),
        example=Example(57, orders=[(5, 20), (35, 10), (95, 10)]),
    ),
    Feature(
        name="longest_gap_days",
        family="rhythm",
        unit="days",
        meaning="the longest gap between order days",
        value=Max("gap_days"),
        example=Example(60, orders=[(5, 20), (35, 10), (95, 10)]),
        words=(CAME_BACK,),
    ),
    Feature(
        name="gap_spread_days",
        family="rhythm",
        unit="days",
        meaning="how much the gaps differ: their standard deviation",
        value=Std("gap_days"),
        example=Example(10, orders=[(5, 20), (35, 10), (75, 10), (125, 10)]),
    ),
    Feature(
        name="gap_irregularity",
        family="rhythm",
        unit="ratio",
        meaning="how irregular the rhythm is: standard deviation of the gaps over their mean",
        value=lambda f: ratio(f.gap_spread_days, f.mean_gap_days),
        example=Example(0.25, orders=[(5, 20), (35, 10), (75, 10), (125, 10)]),
    ),
    Feature(
        name="last_gap_days",
        family="rhythm",
        unit="days",
        meaning="the gap before the last order day",
        value=Last("gap_days"),
        example=Example(30, orders=[(5, 20), (35, 10), (95, 10)]),
    ),
    Feature(
        name="recent_gap_days",
        family="rhythm",
        unit="days",
        meaning="the mean of the last three gaps",
        value=Mean("gap_days", last=3),
        example=Example(45, orders=[(5, 20), (35, 10), (95, 10)]),
    ),
    Feature(
        name="overdue",
        family="recency",
        unit="ratio",
        meaning="silence measured in usual gaps: 1 = the next order is due today",
        value=lambda f: ratio(f.days_since_order, f.usual_gap_days),
        risk_falls_with_it=False,
        example=Example(0.5, orders=[(15, 20), (45, 10), (75, 10)]),
    ),
    Feature(
        name="overdue_long",
        family="recency",
        unit="ratio",
        meaning="silence measured in long gaps: above 1 it is longer than nine in ten before it",
        value=lambda f: ratio(f.days_since_order, f.long_gap_days),
        risk_falls_with_it=False,
        example=Example(0.5, orders=[(15, 20), (45, 10), (75, 10)]),
    ),
    Feature(
        name="silence_score",
        family="recency",
        unit="score",
        meaning="silence against the mean gap, in standard deviations of the gaps",
        value=lambda f: ratio(f.days_since_order - f.mean_gap_days, f.gap_spread_days),
        risk_falls_with_it=False,
        example=Example(-3.5, orders=[(5, 20), (35, 10), (75, 10), (125, 10)]),
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
        words=_PACE,
    ),
)
