"""The retention figures in words, for a terminal: the table, the latest period, a year, and what is predicted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from features.clock import date_of
from features.kpis.retention import NO_GROUP, Kpis
from features.kpis.yearly import Yearly, five_points_more
from features.language.languages import ENGLISH, Language
from features.language.messages import Message, Sentence, message_in, said, sentence
from features.language.typed_values import Amount, Day, Days, Digits, Name, Number, Percent
from features.language.written import day_text, digits, money_text, percent_text, separated
from features.money import Money
from serving.commands.lists.predicted_value import PredictedSpend
from serving.outreach.plan.in_words import OWNERS, code_text

MONEY = ("spend", "average_order_value", "historic_lifetime_value")
PERIODS: Mapping[str, Message] = {
    "month": Message("month", context="period"),
    "quarter": Message("quarter", context="period"),
    "year": Message("year", context="period"),
}
GROUPED_BY: Mapping[str, Message] = {
    "segment": Message("segment", context="terminal"),
    "owner": Message("owner", context="terminal"),
}
# Field of a period → the head of its column; S, E and N are the letters of the formula everywhere.
SHOWN: Mapping[str, Message | str] = {
    "active_at_start": "S",
    "active_at_end": "E",
    "joined": "N",
    "gained": Message("gained", context="kpi"),
    "recovered": Message("recovered", context="kpi"),
    "lost": Message("lost", context="kpi"),
    "dormant_at_end": Message("dormant", context="kpi"),
    "retention_percent": Message("CRR", context="kpi"),
    "churn_percent": Message("churn", context="kpi"),
    "repeat_purchase_percent": Message("repeat", context="kpi"),
    "purchase_frequency": Message("frequency", context="kpi"),
    "average_order_value": Message("order value", context="kpi"),
    "historic_lifetime_value": Message("lifetime value", context="kpi"),
}
EVERYBODY = Message("all", context="group")


def heads(period: str, by: str | None, language: Language) -> tuple[str, ...]:
    """Return the heads of the table of periods.

    >>> from features.language.languages import ENGLISH
    >>> heads("quarter", "segment", ENGLISH)[:5]
    ('quarter', 'segment', 'S', 'E', 'N')
    """
    first = (PERIODS[period], *((GROUPED_BY[by],) if by else ()))
    return tuple(said(each, language) for each in (*first, *SHOWN.values()))


def cells(row: Kpis, money: Money | None, language: Language) -> list[str]:
    """Return the figures of a period, what is not known empty; without money where the orders hold none."""
    return [_cell(name, getattr(row, name), money, language) for name in SHOWN]


def period_text(row: Kpis, language: Language) -> str:
    """Return what people call a period, with a mark where it goes on; English keeps its short name, as files do."""
    name = _period_name(row, language)
    return name if row.finished else said(sentence("{month} (so far)", month=name), language)


def _period_name(row: Kpis, language: Language) -> str:
    name = row.period.name
    year, _, part = name.partition("-")
    if language == ENGLISH or not part:
        return digits(name, language)
    if part.startswith("Q"):
        quarter = {"number": digits(part[1:], language), "year": digits(year, language)}
        return said(Message("quarter {number} of {year}", quarter), language)
    return day_text(date_of(row.period.first_day), language, "month")


def group_text(name: str, language: Language) -> str:
    """Return the name of a group: an owner, or a segment as the shop calls it."""
    return code_text(OWNERS, name, language)


def _cell(name: str, value: Any, money: Money | None, language: Language) -> str:
    if value is None or (name in MONEY and money is None):
        return ""
    if name in MONEY and money is not None:
        return money_text(value, money.currency, language, form="table")
    if name.endswith("_percent"):
        return percent_text(value / 100, language, table=True, digits=1)
    return separated(f"{value:,.2f}" if isinstance(value, float) else f"{value:,}", language)


def latest_in_words(row: Kpis, active_days: int, money: Money | None, language: Language) -> Iterator[Sentence]:
    """Say the latest period that has ended: who was kept, lost and gained, and what they ordered."""
    name = Name(_period_name(row, language))
    if row.retention_percent is None:
        yield sentence(
            "{month}: retention is not known; it takes {days} of log before it", month=name, days=Days(active_days)
        )
    else:
        yield sentence(
            "{month}: retention {kept} %, churn {left} %; of S = {customers} active at its start {gone} were lost, "
            "N = {joined} joined ({new} new, {recovered} recovered), E = {every} at its end",
            month=name,
            kept=_share(row.retention_percent),
            left=_share(row.churn_percent),
            customers=_count(row.active_at_start),
            gone=_count(row.lost),
            joined=_count(row.joined),
            new=_count(row.gained_active),
            recovered=_count(row.recovered),
            every=_count(row.active_at_end),
        )
        yield from _gone_again(row)
    if row.repeat_purchase_percent is not None:
        yield sentence(
            "{customers} ordered, {share} of them on two days or more, {times} orders each",
            customers=_count(row.ordering),
            share=Percent(row.repeat_purchase_percent / 100),
            times=Digits(f"{row.purchase_frequency:.2f}"),
        )
        yield from _worth(row, money)


def _gone_again(row: Kpis) -> Iterator[Sentence]:
    """Say who came within the period and was silent again by its end: they are in no count of N."""
    new, back = row.gained - (row.gained_active or 0), (row.came_back or 0) - (row.recovered or 0)
    if new or back:
        yield sentence(
            "within it {new} more were gained and {still} more came back who were silent again by its end",
            new=_count(new),
            still=_count(back),
        )


def _worth(row: Kpis, money: Money | None) -> Iterator[Sentence]:
    value, to_date = row.average_order_value, row.historic_lifetime_value
    if money is not None and value is not None and to_date is not None:
        yield sentence(
            "{amount} an order; a customer has spent {money} to date",
            amount=Amount(value, money.currency),
            money=Amount(to_date, money.currency),
        )


def year_in_words(year: Yearly) -> Iterator[Sentence]:
    """Say what a year keeps and gains, and what five points more would be worth."""
    facts = {"kept": _share(100 * year.retention), "joined": _share(100 * year.gained)}
    span = {"first": Day(date_of(year.first_day)), "last": Day(date_of(year.end - 1))}
    if year.measured:
        yield sentence(
            "in a year {kept} % are kept and {joined} % join, measured over {first:table} to {last:table}",
            **facts,
            **span,
        )
    else:
        yield sentence(
            "in a year {kept} % are kept and {joined} % join, carried over to a year from {first:table} to "
            "{last:table}",
            **facts,
            **span,
        )
    yield sentence(
        "five points more kept are {share} more of what a customer spends from now on (arithmetic, no promise)",
        share=Percent(five_points_more(year.retention)),
    )


def predicted_in_words(name: str, found: PredictedSpend, money: Money) -> Iterator[Sentence]:
    """Say what the active customers of a group are expected to spend."""
    group = EVERYBODY if name == NO_GROUP else OWNERS.get(name) or message_in(name)
    facts = {
        "group": group,
        "amount": _amount(found.expected_spend, money),
        "days": Days(found.horizon_days),
        "customers": _count(found.customers),
        "version": Name(found.model_version),
    }
    if found.expected_spend_12_months is None:
        yield sentence(
            "predicted, {group}: {amount} a customer in the next {days} ({customers} active customers, model version "
            "{version})",
            **facts,
        )
        return
    yield sentence(
        "predicted, {group}: {amount} a customer in the next {days}, about {money} in twelve months ({customers} "
        "active customers, model version {version})",
        money=_amount(found.expected_spend_12_months, money),
        **facts,
    )


def _share(percent: float | None) -> Digits:
    return Digits("–" if percent is None else f"{percent:.1f}")


def _count(count: int | None) -> Number | Name:
    return Name("–") if count is None else Number(count)


def _amount(major: Decimal, money: Money) -> Amount:
    return Amount(money.minor(major), money.currency)
