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
from features.language.languages import ENGLISH, Language
from features.language.messages import Sentence, said, sentence
from features.money import Money
from serving.commands.lists.kpi_answer import Cohort, KpisAnswer, PeriodKpis, YearKpis
from serving.commands.lists.kpi_groups import By, groups_of
from serving.commands.lists.kpis_in_words import (
    EVERYBODY,
    MONEY,
    PERIODS,
    cells,
    group_text,
    heads,
    latest_in_words,
    period_text,
    predicted_in_words,
    year_in_words,
)
from serving.commands.lists.predicted_value import PredictedSpend, expected_values
from serving.commands.result import Table
from serving.outreach.exports.write_table import write_table
from serving.shop import OpenShop

KPIS_FILE, COHORTS_FILE = "kpis.csv", "cohorts.csv"
FIVE_POINTS, SEVEN_YEARS = "five-points", "seven-years"
COUNTS = ("active_at_start", "active_at_end", "kept", "lost", "gained_active", "came_back", "recovered", "joined",
          "dormant_at_end")  # fmt: skip


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
        language: of the terminal, the shop's.
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
    language: Language = ENGLISH

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
            notes=[str(each) for each in self.notes],
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
        yield from ("", *(said(each, self.language) for each in (*self.notes, *self._told())))

    def _told(self) -> Iterator[Sentence]:
        money, latest = self.money if self.has_money else None, self.table.latest
        if latest is None:
            yield sentence("no whole period has ended yet: orders are known until {day:table}", day=self._last_day)
        else:
            yield from latest_in_words(latest, self.table.active_days, money, self.language)
        if self.year is not None:
            yield from year_in_words(self.year)
        for name, each in self.expected.items():
            yield from predicted_in_words(name, each, self.money)
        if self.files:
            names = ", ".join(file.name for file in self.files)
            yield sentence("written to {folder}: {files}", folder=str(self.files[0].parent), files=names)

    @property
    def _last_day(self) -> date:
        return date_of(self.table.end - 1)

    @property
    def columns(self) -> tuple[str, ...]:
        """The heads of `rows`."""
        return heads(self.period, self.by, self.language)

    def rows(self) -> list[list[str]]:
        """Return the figures for a person, group by group, what is not known empty, an unfinished period marked."""
        money = self.money if self.has_money else None
        return [
            [period_text(row, self.language), *((group,) if self.by else ()), *cells(row, money, self.language)]
            for group, rows in self._groups()
            for row in rows
        ]

    def _groups(self) -> Iterator[tuple[str, Sequence[Kpis]]]:
        yield said(EVERYBODY, self.language), self.table.whole
        yield from ((group_text(name, self.language), rows) for name, rows in self.table.groups.items())

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
        language=shop.settings.language,
        notes=(*shop.settings.auto_note(definition), *_months_tell(months, table, kind), *why, *_too_short(year)),
    )
    return found if out is None else _written(found, out, shop.settings.files.access())


def _months_tell(months: KpiTable, table: KpiTable, kind: str) -> tuple[str, ...]:
    """Say so where months have a retention rate, and most of the longer periods that were asked for have none."""
    of_months, known = (sum(each.retention_percent is not None for each in told.whole) for told in (months, table))
    if 2 * known > len(table.whole) or of_months <= known:
        return ()
    counts = {"count": known, "all": len(table.whole), "more": of_months, "every": len(months.whole)}
    return (
        sentence(
            "the log is short for periods of a {period}: retention is known for {count} of {all}; with period month "
            "for {more} of {every}",
            period=PERIODS[kind],
            **counts,
        ),
    )


def _too_short(year: Yearly | None) -> tuple[str, ...]:
    return () if year else (sentence("what retention is worth in a year is not told: the log is too short for it"),)


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
