"""`regulars kpis`: who was kept and lost period by period, what they ordered, and what retention is worth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pandas as pd
from msgspec.structs import asdict

from features.churn.labels import complete_until
from features.clock import date_of, day_number
from features.errors import InputError
from features.file_access import Access
from features.kpis.cohorts import Cohorts, cohorts
from features.kpis.periods import Calendar, calendar_of, period_kind
from features.kpis.retention import NO_GROUP, Kpis, KpiTable, retention_kpis
from features.kpis.yearly import DISCOUNT, Yearly, five_points_more, lifetime_spend, yearly
from features.money import Money
from serving.commands.lists.kpi_answer import Cohort, KpisAnswer, PeriodKpis, YearKpis
from serving.commands.lists.kpi_groups import By, groups_of
from serving.commands.lists.predicted_value import PredictedSpend, expected_values
from serving.commands.result import Table
from serving.outreach.exports.write_table import write_table
from serving.shop import OpenShop

KPIS_FILE, COHORTS_FILE = "kpis.csv", "cohorts.csv"
FIVE_POINTS, SEVEN_YEARS = "five-points", "seven-years"
COUNTS = ("active_at_start", "active_at_end", "kept", "lost", "gained_active", "came_back", "recovered", "joined",
          "dormant_at_end")  # fmt: skip
MONEY = ("spend", "average_order_value", "historic_lifetime_value")
SHOWN: Mapping[str, str] = {
    "active_at_start": "S", "active_at_end": "E", "joined": "N", "gained": "gained", "recovered": "recovered",
    "lost": "lost", "dormant_at_end": "dormant", "retention_percent": "CRR", "churn_percent": "churn",
    "repeat_purchase_percent": "repeat", "purchase_frequency": "frequency", "average_order_value": "order value",
    "historic_lifetime_value": "lifetime value",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class ShopKpis:
    """The retention figures of a shop.

    Args:
        period: month, quarter or year.
        by: what the groups are; None for none.
        table: the figures.
        cohorts: by month of the first order.
        year: retention, growth and spend of a year; None where the log is too short.
        expected: predicted value per group, NO_GROUP = all; empty where there is no model for it.
        money: the currency.
        has_money: whether the orders hold any; without it, nothing is valued.
        notes: what a reader should know first.
        files: tables and pictures; none where no folder was named.
    """

    period: str
    by: By | None
    table: KpiTable
    cohorts: Cohorts
    year: Yearly | None
    expected: Mapping[str, PredictedSpend]
    money: Money
    has_money: bool = True
    notes: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()

    @property
    def answer(self) -> KpisAnswer:
        """The figures as they are answered: money in major units, null where nothing is known."""
        groups = self.table.groups.items()
        return KpisAnswer(
            period=self.period,
            by=self.by,
            known_until=date_of(self.table.end),
            active_days=self.table.active_days,
            currency=self.money.currency,
            periods=[self._period(each) for each in self.table.whole],
            groups={name: [self._period(each, name) for each in rows] for name, rows in groups},
            cohorts=self._cohorts(),
            year=None if self.year is None else self._year(self.year),
            predicted={self._group_name(name): each for name, each in self.expected.items()},
            notes=list(self.notes),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the answer for JSON, and the files that were written."""
        answer = msgspec.to_builtins(self.answer, builtin_types=(date, Decimal))
        return {**answer, "files": [str(file) for file in self.files]}

    def _period(self, row: Kpis, group: str | None = None) -> PeriodKpis:
        first_on, last_on = date_of(row.period.first_day), date_of(row.period.end - 1)
        own = {"period": row.period.name, "first_on": first_on, "last_on": last_on, "group": group}
        counted = (name for name in PeriodKpis.__struct_fields__ if name not in own)
        return msgspec.convert(own | {name: self._value(name, getattr(row, name)) for name in counted}, PeriodKpis)

    def _value(self, name: str, value: Any) -> Any:
        if name in MONEY:
            return self._major(value)
        return value

    def _major(self, minor: float | None) -> Decimal | None:
        return self.money.major(minor) if minor is not None and self.has_money else None

    def _group_name(self, group: str) -> str:
        return "all" if group == NO_GROUP else group

    def _cohorts(self) -> list[Cohort]:
        known = zip(self.cohorts.months, self.cohorts.sizes, self.cohorts.shares(), strict=True)
        return [
            Cohort(month.name, size, shares[: len(shares) - index]) for index, (month, size, shares) in enumerate(known)
        ]

    def _year(self, year: Yearly) -> YearKpis:
        return YearKpis(
            first_on=date_of(year.first_day),
            last_on=date_of(year.end - 1),
            measured=year.measured,
            active=year.active,
            retention_percent=100 * year.retention,
            churn_percent=100 - 100 * year.retention,
            gained_percent=100 * year.gained,
            spend_per_customer=self._major(year.spend),
            discount_percent=100 * DISCOUNT,
            lifetime_spend=self._major(lifetime_spend(year.spend, year.retention)),
            five_points_more_percent=100 * five_points_more(year.retention),
        )

    def lines(self) -> Iterator[str | Table]:
        """Say the table of periods, the latest finished one, the year and what is predicted."""
        yield Table(self.columns, self.rows())
        yield from ("", *self.notes)
        latest = self.table.latest
        if latest is None:
            yield f"no {self.period} has ended yet: orders are known until {date_of(self.table.end - 1)}"
        else:
            yield from self._latest(latest)
        if self.year is not None:
            yield from self._in_a_year(self.year)
        for name, each in self.expected.items():
            yield each.line(self._group_name(name), self.money)
        if self.files:
            yield f"written to {self.files[0].parent}: {', '.join(file.name for file in self.files)}"

    def _latest(self, row: Kpis) -> Iterator[str]:
        name, active_days = row.period.name, self.table.active_days
        if row.retention_percent is None:
            yield f"{name}: retention is not known; it takes {active_days} days of log before the {self.period}"
        else:
            yield (
                f"{name}: retention {row.retention_percent:.1f} %, churn {row.churn_percent:.1f} %; of S = "
                f"{row.active_at_start:,} active at its start {row.lost:,} were lost, N = {row.joined:,} joined "
                f"({row.gained_active:,} new, {row.recovered:,} recovered{_gone_again(row)}), "
                f"E = {row.active_at_end:,} at its end"
            )
        if row.repeat_purchase_percent is not None:
            yield (
                f"{row.ordering:,} ordered, {row.repeat_purchase_percent:.0f} % of them on two days or more, "
                f"{row.purchase_frequency:.2f} orders each{self._worth(row)}"
            )

    def _in_a_year(self, year: Yearly) -> Iterator[str]:
        how = "measured over" if year.measured else "carried over to a year from"
        span = f"{date_of(year.first_day)} … {date_of(year.end - 1)}"
        yield (
            f"in a year {year.retention:.1%} are kept and {year.gained:.1%} join ({how} {span}); five points more kept "
            f"are {five_points_more(year.retention):.0%} more of what a customer spends from now on (arithmetic, no "
            "promise)"
        )

    def _worth(self, row: Kpis) -> str:
        if not self.has_money:
            return ""
        to_date = self._text(row.historic_lifetime_value)
        return f", {self._text(row.average_order_value)} an order; a customer has spent {to_date} to date"

    def _text(self, minor: float | None) -> str:
        return "–" if minor is None else self.money.text(minor)

    @property
    def columns(self) -> tuple[str, ...]:
        """The heads of `rows`."""
        return (self.period, *((self.by,) if self.by else ()), *SHOWN.values())

    def rows(self) -> list[list[str]]:
        """Return the figures for a person, group by group, what is not known empty, an unfinished period marked."""
        groups: list[tuple[str, Sequence[Kpis]]] = [("all", self.table.whole), *self.table.groups.items()]
        return [self._row(each, group) for group, rows in groups for each in rows]

    def _row(self, row: Kpis, group: str) -> list[str]:
        name = row.period.name if row.finished else f"{row.period.name} (so far)"
        return [name, *((group,) if self.by else ()), *(self._cell(field, getattr(row, field)) for field in SHOWN)]

    def _cell(self, name: str, value: Any) -> str:
        if value is None:
            return ""
        if name in MONEY:
            return self.money.text(value) if self.has_money else ""
        if name.endswith("_percent"):
            return f"{value:.1f} %"
        return f"{value:.2f}" if isinstance(value, float) else f"{value:,}"

    def frame(self) -> pd.DataFrame:
        """Return kpis.csv: one row per group and period, in the fields of PeriodKpis."""
        groups: list[tuple[str | None, Sequence[Kpis]]] = [(None, self.table.whole), *self.table.groups.items()]
        records = [asdict(self._period(each, group)) for group, rows in groups for each in rows]
        frame = pd.DataFrame(records, columns=list(PeriodKpis.__struct_fields__))
        return frame.astype(dict.fromkeys(COUNTS, "Int64"))  # whole numbers that may be missing

    def cohort_frame(self) -> pd.DataFrame:
        """Return cohorts.csv: a row per month of the first order, a column per month since; empty = unfinished."""
        cells = [
            {"month": month.name, "customers": size, **{f"month_{k}": share for k, share in enumerate(shares)}}
            for month, size, shares in zip(self.cohorts.months, self.cohorts.sizes, self.cohorts.shares(), strict=True)
        ]
        return pd.DataFrame(cells, dtype=object)


def _gone_again(row: Kpis) -> str:
    """Say who came within the period and was silent again by its end: they are in no count of N."""
    new, back = row.gained - (row.gained_active or 0), (row.came_back or 0) - (row.recovered or 0)
    told = " and ".join(f"{count:,} more {how}" for count, how in ((new, "gained"), (back, "came back")) if count)
    return f"; {told}, silent again by its end" if told else ""


def shop_kpis(
    shop: OpenShop,
    period: str = "month",
    by: By | None = None,
    out: Path | None = None,
    calendar: Calendar | None = None,
    predicts: bool = True,
) -> ShopKpis:
    """Count the retention figures of a shop, and write tables and pictures.

    Args:
        shop: the open shop; the days before its `until` are known as far as the whole log goes.
        period: month, quarter or year.
        by: also for each segment of the customers file, or for each owner as the book and the customers file know them.
        out: the folder for kpis.csv, cohorts.csv, five-points.png and seven-years.png; None for none.
        calendar: whose months, quarters and years they are; None = that of the shop's language.
        predicts: whether expected spend is asked of the model, which takes most of the time.

    Raises:
        InputError: files that cannot be read or written, another period, no such groups, or no order before `until`.
    """
    # The whole log says how far its days are complete: a quiet last day before `until` is no gap in it.
    kind, whole, until = period_kind(period), shop.whole().log, shop.until
    end = min(complete_until(whole), whole.last_day + 1 if until is None else day_number(until))
    if end <= whole.first_day:
        raise InputError(f"nothing is known before {until}: the first order is of {date_of(whole.first_day)}")
    log = whole if end > whole.last_day else whole.before(end)
    definition, calendar = shop.settings.definition_for(log), calendar or calendar_of(shop.settings.shop.language)
    group_of = None if by is None else groups_of(shop, by, log.customer_ids)
    year = yearly(log, definition.active_days, end)
    expected, why = expected_values(shop, log, end, group_of, year) if predicts else ({}, ())
    table = retention_kpis(log, definition.active_days, kind, end=end, group_of=group_of, calendar=calendar)
    months = table if kind == "month" else retention_kpis(log, definition.active_days, end=end, calendar=calendar)
    found = ShopKpis(
        period=kind,
        by=by,
        table=table,
        cohorts=cohorts(log, end, calendar),
        year=year,
        expected=expected,
        money=shop.settings.money,
        has_money=log.has_money,
        notes=(*shop.settings.auto_note(definition), *_months_tell(months, table, kind), *why, *_too_short(year)),
    )
    return found if out is None else _written(found, out, shop.settings.files.access())


def _months_tell(months: KpiTable, table: KpiTable, kind: str) -> tuple[str, ...]:
    """Say so where months have a retention rate, and most of the longer periods that were asked for have none."""
    of_months, known = (sum(each.retention_percent is not None for each in told.whole) for told in (months, table))
    if 2 * known > len(table.whole) or of_months <= known:
        return ()
    return (
        f"the log is short for periods of a {kind}: retention is known for {known} of {len(table.whole)}; with period "
        f"month for {of_months} of {len(months.whole)}",
    )


def _too_short(year: Yearly | None) -> tuple[str, ...]:
    return () if year else ("what retention is worth in a year is not told: the log is too short for it",)


def _written(found: ShopKpis, out: Path, access: Access) -> ShopKpis:
    from training.plots.canvas import write_figures
    from training.plots.kpis import five_points_figure, seven_years_figure

    tables = (out / KPIS_FILE, out / COHORTS_FILE)
    for path, frame in zip(tables, (found.frame(), found.cohort_frame()), strict=True):
        write_table(frame, path, access)
    year, figures = found.year, {}
    if year is not None:
        worth = {FIVE_POINTS: five_points_figure(year, found.money)} if found.has_money else {}
        figures = {**worth, SEVEN_YEARS: seven_years_figure(year)}
    return replace(found, files=(*tables, *write_figures(figures, out, access)))
