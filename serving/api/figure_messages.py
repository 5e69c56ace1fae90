"""The answers of the shop's figures: retention in periods, cohorts and a year; the effect in estimates and groups.

Each message has the fields of the `to_dict` that fills it; a test compares the two. A share is 0 to 1, and of a
percentage 1 is a hundredth.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated

import msgspec
from msgspec import Meta

from serving.api.shared_messages import Answered, Probability

Percent = Annotated[float, Meta(ge=0, le=100)]


class PeriodKpis(msgspec.Struct, frozen=True):
    """One calendar period of all customers or of one group. Active: an order within the last `active_days`."""

    period: Annotated[str, Meta(description="of the calendar", examples=["2026-02", "2026-Q1", "2026"])]
    first_on: Annotated[date, Meta(description="its first day")]
    last_on: Annotated[date, Meta(description="its last day, known yet or not")]
    group: Annotated[str | None, Meta(description="segment or owner; null: all customers")]
    finished: Annotated[bool, Meta(description="its last day is known; if not, sums are so far and rates are null")]
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
        Percent | None, Meta(description="(E − N) / S × 100; null: `kept` is, or nobody was active at the start")
    ]
    churn_percent: Annotated[Percent | None, Meta(description="100 − retention_percent; null: as that")]
    ordering: Annotated[int, Meta(description="customers with an order in the period")]
    repeat_purchase_percent: Annotated[
        Percent | None,
        Meta(description="of these, who ordered on two days or more; null: not wholly in the log, or no order"),
    ]
    orders: Annotated[int, Meta(description="in the period")]
    purchase_frequency: Annotated[
        float | None, Meta(description="orders per ordering customer; null: as `repeat_purchase_percent`")
    ]
    spend: Annotated[Decimal, Meta(description="of the orders, major units, as a string", examples=["46200.00"])]
    average_order_value: Annotated[
        Decimal | None,
        Meta(description="spend per order, major units; null: as `repeat_purchase_percent`", examples=["44.00"]),
    ]
    historic_lifetime_value: Annotated[
        Decimal | None,
        Meta(
            description="spend to date per customer who has ever ordered, major units; null: not finished, or nobody",
            examples=["318.20"],
        ),
    ]


class Cohort(msgspec.Struct, frozen=True):
    """The customers whose first order lies in one month, and how many ordered in each month since."""

    month: Annotated[str, Meta(description="of the first order", examples=["2026-01"])]
    customers: Annotated[int, Meta(description="of the last month so far, if it is not finished")]
    shares: Annotated[
        list[Probability | None],
        Meta(description="of them that ordered in that month, in the next, and so on; null: not finished, or nobody"),
    ]


class YearKpis(msgspec.Struct, frozen=True):
    """A year of the shop, as shares of the customers active at its start, and what that comes to over years."""

    first_on: Annotated[date, Meta(description="the first day that was measured")]
    last_on: Annotated[date, Meta(description="the last one")]
    measured: Annotated[bool, Meta(description="over a whole year; if not, carried over to one from shorter")]
    active: Annotated[int, Meta(description="customers active at the end")]
    retention_percent: Annotated[Percent, Meta(description="kept in a year")]
    churn_percent: Annotated[Percent, Meta(description="lost in a year")]
    gained_percent: Annotated[
        float, Meta(description="gained or won back and there at the end, for 100 at the start; may pass 100")
    ]
    spend_per_customer: Annotated[
        Decimal, Meta(description="per active customer and year, major units, as a string", examples=["312.40"])
    ]
    discount_percent: Annotated[float, Meta(description="by which a year's delay lowers what money is worth")]
    lifetime_spend: Annotated[
        Decimal,
        Meta(description="of a customer from now on, discounted, at this retention; major units", examples=["708.54"]),
    ]
    five_points_more_percent: Annotated[
        float, Meta(description="by how much lifetime_spend rises with five points more retention; arithmetic")
    ]


class PredictedSpend(msgspec.Struct, frozen=True):
    """What the active customers of a group are expected to spend, by the model that serves."""

    customers: Annotated[int, Meta(description="active on `known_until`")]
    horizon_days: int
    expected_spend: Annotated[
        Decimal, Meta(description="mean per customer over the horizon, major units", examples=["24.10"])
    ]
    expected_spend_12_months: Annotated[
        Decimal | None,
        Meta(
            description="the same over twelve months, by the shop's retention; null: that is not known",
            examples=["236.89"],
        ),
    ]
    model_version: str


class KpisAnswer(msgspec.Struct, frozen=True):
    """Retention figures, as `regulars kpis` tells them."""

    period: Annotated[str, Meta(description="month, quarter or year")]
    by: Annotated[str | None, Meta(description="what the groups are: segment or owner; null: there are none")]
    known_until: Annotated[date, Meta(description="the first day of which nothing is known")]
    active_days: Annotated[int, Meta(description="who has ordered in the last so many days is active")]
    currency: str
    periods: Annotated[list[PeriodKpis], Meta(description="of all customers, oldest first")]
    groups: Annotated[
        dict[str, list[PeriodKpis]], Meta(description="the same of each segment or owner; they add up to the whole")
    ]
    cohorts: Annotated[list[Cohort], Meta(description="by month of the first order, oldest first")]
    year: Annotated[YearKpis | None, Meta(description="null: the log knows neither a year nor three months")]
    predicted: Annotated[
        dict[str, PredictedSpend],
        Meta(description='expected spend of "all" and of each group; empty: no model says, and `notes` why'),
    ]
    notes: Annotated[list[str], Meta(description="what to know first, in words")]


class Estimate(msgspec.Struct, frozen=True):
    """A figure with its 95 % interval; all three are null where there are too few accounts to say."""

    value: float | None
    low: float | None
    high: float | None


class MoneyEstimate(msgspec.Struct, frozen=True):
    """Money with its 95 % interval, major units; all three are null where there are too few accounts to say."""

    value: Answered | None
    low: Answered | None
    high: Answered | None


class QiniEstimate(msgspec.Struct, frozen=True):
    """A Qini coefficient or the difference of two, customers kept per treated account, with its 95 % interval."""

    value: Annotated[float, Meta(description="0: as good as a random order")]
    low: float
    high: float


class UpliftVerdict(msgspec.Struct, frozen=True):
    """Whether a model of whom a contact moves ranks better, beyond chance, than rankings that cost nothing."""

    wins: Annotated[bool, Meta(description="lists are ranked by it")]
    words: Annotated[str, Meta(description="why, in one sentence")]
    accounts: Annotated[int, Meta(description="settled accounts that it was tested on")]
    holdout: Annotated[int, Meta(description="of these, held out")]
    qini: Annotated[
        dict[str, QiniEstimate], Meta(description="of each ranking: uplift, risk and gain; empty: too few accounts")
    ]
    ahead: Annotated[
        dict[str, QiniEstimate], Meta(description="by how much uplift is ahead of risk and of gain; empty: as `qini`")
    ]


class EffectPart(msgspec.Struct, frozen=True):
    """One group of accounts, treated against held out, by intention to treat."""

    name: Annotated[str, Meta(description='of the group; "all" overall')]
    treated: Annotated[int, Meta(description="accounts that were meant to be contacted")]
    holdout: Annotated[int, Meta(description="accounts that were held out")]
    contacted: Annotated[int, Meta(description="of the treated, who really were")]
    leaked: Annotated[int, Meta(description="of the held-out, who were contacted all the same")]
    kept_treated: Annotated[
        Probability | None, Meta(description="share of the treated that ordered within the horizon; null: none treated")
    ]
    kept_holdout: Annotated[
        Probability | None, Meta(description="the same of the held-out, as counted; null: none held out")
    ]
    kept_expected: Annotated[
        float | None,
        Meta(
            description="share of the treated that would have ordered uncontacted, from the held-out at the same risk "
            "and value; as counted where there are too few for that; null: none held out"
        ),
    ]
    difference: Annotated[Estimate, Meta(description="kept_treated − kept_expected; 0.05 = five points")]
    customers_kept: Annotated[Estimate, Meta(description="difference × treated, customers")]
    money_each: Annotated[MoneyEstimate, Meta(description="spend more per treated account")]
    money_kept: Annotated[MoneyEstimate, Meta(description="money_each × treated")]
    money_capped: Annotated[
        MoneyEstimate,
        Meta(description="money_kept with every spend cut at the 99th percentile: what few do not decide"),
    ]


class EffectGroups(msgspec.Struct, frozen=True):
    """The same comparison group by group, each account where its first episode was; empty: none has settled."""

    playbook: list[EffectPart]
    owner: list[EffectPart]
    band: Annotated[list[EffectPart], Meta(description="of the probability on entry")]
    month: Annotated[list[EffectPart], Meta(description="in which the episode began, such as 2026-02")]
    kind: Annotated[list[EffectPart], Meta(description="regular, new or winback")]


class FourGroupCounts(msgspec.Struct, frozen=True):
    """Accounts in each of the four groups."""

    ranked_treated: int = msgspec.field(name="ranked treated")
    ranked_holdout: int = msgspec.field(name="ranked holdout")
    random_treated: int = msgspec.field(name="random treated")
    random_holdout: int = msgspec.field(name="random holdout")


class FourGroups(msgspec.Struct, frozen=True):
    """Chosen by the ranking or at random × treated or held out: the model's effect and the campaign's, apart."""

    counts: FourGroupCounts
    churned_ranked: Annotated[
        Probability | None, Meta(description="share of the ranked holdout that did not order; null: nobody in it")
    ]
    churned_random: Annotated[Probability | None, Meta(description="the same of the random holdout")]
    model: Annotated[Estimate, Meta(description="churned_ranked − churned_random: the model's effect, uncontacted")]
    ranked: Annotated[Estimate, Meta(description="the campaign's effect on the share kept among the ranked")]
    random: Annotated[Estimate, Meta(description="the campaign's effect among accounts drawn at random")]
    targeting: Annotated[Estimate, Meta(description="ranked − random: what the campaign gains by the ranking")]


class EffectAnswer(msgspec.Struct, frozen=True):
    """What acting saved: treated against held out, with intervals; what cannot be told is null and said."""

    until: Annotated[date, Meta(description="horizons that ended on or before this day count")]
    leaked_contacts: Annotated[int, Meta(description="contacts with customers who are held out")]
    uplift: Annotated[UpliftVerdict, Meta(description="whether a model of whom a contact moves ranks better")]
    currency: str
    first_on: Annotated[date | None, Meta(description="on which the first episode began; null: none has settled")]
    last_on: Annotated[date | None, Meta(description="on which the last one began; null: none has settled")]
    overall: Annotated[EffectPart, Meta(description="everybody whom the ranking chose, by the first episode of each")]
    groups: EffectGroups
    four_groups: Annotated[FourGroups | None, Meta(description="null: nobody who was drawn at random has settled")]
    later_episodes: Annotated[int, Meta(description="settled episodes after an account's first; not compared")]
    more_weeks_found: Annotated[
        int | None,
        Meta(description="weeks still needed to see the effect found, with 80 % power; 0: it is seen; null: unknown"),
    ]
    more_weeks_planned: Annotated[
        int | None, Meta(description="the same for the effect that was planned; null: unknown, or none was planned")
    ]
    warnings: Annotated[list[str], Meta(description="what the figures cannot bear, in sentences")]
