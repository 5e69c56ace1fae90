"""The retention figures as `regulars kpis --json` and the API answer them: periods, cohorts and a year.

A share is 0 to 1, a percentage 0 to 100.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated

import msgspec
from msgspec import Meta

from serving.commands.lists.predicted_value import PredictedSpend
from serving.scores import Share

Percent = Annotated[float, Meta(ge=0, le=100)]


class PeriodKpis(msgspec.Struct, frozen=True):
    """One calendar period of all customers or of one group. Active: an order within the last `active_days`."""

    period: Annotated[str, Meta(description="of the calendar", examples=["2026-02", "2026-Q1", "2026"])]
    first_on: Annotated[date, Meta(description="its first day")]
    last_on: Annotated[date, Meta(description="its last day, known yet or not")]
    group: Annotated[str | None, Meta(description="segment or owner; null: all customers")]
    finished: Annotated[
        bool, Meta(description="whether its last day is known; if not, sums are so far and rates are null")
    ]
    active_at_start: Annotated[int | None, Meta(description="S, customers; null: the log begins too late to know")]
    active_at_end: Annotated[
        int | None, Meta(description="E, customers; null: not finished, or the log begins too late to know")
    ]
    kept: Annotated[int | None, Meta(description="customers active at both; null: one of the two is not known")]
    lost: Annotated[int | None, Meta(description="active at the start, not at the end; null: as `kept`")]
    gained: Annotated[int, Meta(description="customers whose first order of the log lies in the period")]
    gained_active: Annotated[int | None, Meta(description="of these, active at the end; null: not finished")]
    came_back: Annotated[
        int | None, Meta(description="customers dormant at the start who ordered in the period; null: as `kept`")
    ]
    recovered: Annotated[int | None, Meta(description="of these, active at the end; null: as `kept`")]
    joined: Annotated[int | None, Meta(description="N = gained_active + recovered; null: as `kept`")]
    dormant_at_end: Annotated[
        int | None, Meta(description="customers who ordered before, not active at the end; null: as `active_at_end`")
    ]
    retention_percent: Annotated[
        Percent | None, Meta(description="(E − N) / S × 100; null: `kept` is null, or nobody was active at the start")
    ]
    churn_percent: Annotated[Percent | None, Meta(description="100 − retention_percent; null: as `retention_percent`")]
    ordering: Annotated[int, Meta(description="customers with an order in the period")]
    repeat_purchase_percent: Annotated[
        Percent | None,
        Meta(description="share of these who ordered on two days or more; null: not wholly in the log, or no order"),
    ]
    orders: Annotated[int, Meta(description="in the period")]
    purchase_frequency: Annotated[
        float | None, Meta(description="orders per ordering customer; null: as `repeat_purchase_percent`")
    ]
    spend: Annotated[
        Decimal | None,
        Meta(description="of the orders, major units, as a string; null: they hold no money", examples=["46200.00"]),
    ]
    average_order_value: Annotated[
        Decimal | None,
        Meta(description="spend per order, major units; null: as `repeat_purchase_percent`", examples=["44.00"]),
    ]
    historic_lifetime_value: Annotated[
        Decimal | None,
        Meta(
            description="spend to date, less what came back, per customer who has ever ordered, major units; null: not "
            "finished, or nobody",
            examples=["318.20"],
        ),
    ]


class Cohort(msgspec.Struct, frozen=True):
    """The customers whose first order lies in one month, and how many ordered in each month since."""

    month: Annotated[str, Meta(description="of the first order", examples=["2026-01"])]
    customers: Annotated[int, Meta(description="of the last month so far, if it is not finished")]
    shares: Annotated[
        list[Share | None],
        Meta(description="of them that ordered in that month, in the next, and so on; null: not finished, or nobody"),
    ]


class YearKpis(msgspec.Struct, frozen=True):
    """A year of the shop, as shares of the customers active at its start, and what that comes to over years."""

    first_on: Annotated[date, Meta(description="the first day that was measured")]
    last_on: Annotated[date, Meta(description="the last one")]
    measured: Annotated[bool, Meta(description="over a whole year; if not, extrapolated from a shorter time")]
    active: Annotated[int, Meta(description="customers active at the end")]
    retention_percent: Annotated[Percent, Meta(description="share kept in a year")]
    churn_percent: Annotated[Percent, Meta(description="share lost in a year")]
    gained_percent: Annotated[
        float, Meta(description="customers gained or won back who stay, for 100 at the start; may pass 100")
    ]
    spend_per_customer: Annotated[
        Decimal | None,
        Meta(description="per active customer and year, major units; null: no money is known", examples=["312.40"]),
    ]
    discount_percent: Annotated[float, Meta(description="by which a year's delay lowers what money is worth")]
    lifetime_spend: Annotated[
        Decimal | None,
        Meta(description="of a customer from now on, discounted, at this retention; major units", examples=["708.54"]),
    ]
    five_points_more_percent: Annotated[
        float,
        Meta(description="by how much lifetime_spend rises with five points more retention; arithmetic"),
    ]


class KpisAnswer(msgspec.Struct, frozen=True):
    """Retention figures, as `regulars kpis` prints them."""

    period: Annotated[str, Meta(description="month, quarter or year")]
    by: Annotated[str | None, Meta(description="what the groups are: segment or owner; null: there are none")]
    known_until: Annotated[date, Meta(description="the day before which everything is known")]
    active_days: Annotated[int, Meta(description="a customer with an order in the last so many days is active")]
    currency: str
    periods: Annotated[list[PeriodKpis], Meta(description="of all customers, oldest first")]
    groups: Annotated[
        dict[str, list[PeriodKpis]], Meta(description="the same of each segment or owner; they add up to the whole")
    ]
    cohorts: Annotated[list[Cohort], Meta(description="by month of the first order, oldest first")]
    year: Annotated[YearKpis | None, Meta(description="null: the log knows neither a year nor three months")]
    predicted: Annotated[
        dict[str, PredictedSpend],
        Meta(description='expected spend of "all" and of each group; empty: not predicted, and `notes` says why'),
    ]
    notes: Annotated[list[str], Meta(description="what a reader should know first, in sentences")]
