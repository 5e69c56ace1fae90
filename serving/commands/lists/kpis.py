"""`regulars kpis`: who was kept and lost period by period, what they ordered, and what retention is worth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from features.churn.labels import complete_until
from features.clock import date_of, day_number
from features.errors import InputError
from features.kpis.cohorts import Cohorts, cohorts
from features.kpis.periods import period_kind
from features.kpis.retention import NO_GROUP, Kpis, KpiTable, kpis
from features.kpis.yearly import DISCOUNT, Yearly, five_points_more, lifetime_spend, yearly
from features.money import Money
from serving.commands.lists.kpi_groups import By, groups_of
from serving.commands.lists.predicted_value import Expected, expected_values
from serving.commands.result import Table
from serving.outreach.exports.write_table import write_table
from serving.shop import OpenShop

KPIS_FILE, COHORTS_FILE = "kpis.csv", "cohorts.csv"
FIVE_POINTS, SEVEN_YEARS = "five-points", "seven-years"
COUNTS = ("active_at_start", "active_at_end", "kept", "lost", "gained_active", "came_back", "recovered", "joined",
          "dormant_at_end")  # fmt: skip
MONEY = ("spend", "average_order_value", "historic_lifetime_value")
# Name and meaning of every figure, in the order of kpis.csv; money is in major units.
MEANINGS: Mapping[str, str] = {
    "period": "calendar month, quarter or year",
    "first_on": "its first day",
    "last_on": "its last day",
    "group": "segment or owner; empty = all customers",
    "finished": "the log holds its last day; otherwise sums are so far, and rates are not told",
    "active_at_start": "S: last order within active_days before the first day; empty where the log begins too late",
    "active_at_end": "E: last order within active_days before the day after the last",
    "kept": "active at both",
    "lost": "active at the start, not at the end",
    "gained": "first order of the log in the period",
    "gained_active": "of these, active at the end",
    "came_back": "dormant at the start, ordered in the period",
    "recovered": "of these, active at the end",
    "joined": "N = gained_active + recovered: active at the end, not at the start",
    "dormant_at_end": "have ordered before, not active at the end",
    "retention_percent": "CRR = (E − N) / S × 100",
    "churn_percent": "lost / S × 100 = 100 − CRR",
    "ordering": "customers with an order in the period",
    "repeat_purchase_percent": "of these, the share that ordered on two days or more",
    "orders": "orders in the period",
    "purchase_frequency": "orders per ordering customer",
    "spend": "of these orders",
    "average_order_value": "spend per order",
    "historic_lifetime_value": "spend to date per customer who has ever ordered",
}
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
        notes: what a reader should know first.
        files: tables and pictures; none where no folder was named.
    """

    period: str
    by: By | None
    table: KpiTable
    cohorts: Cohorts
    year: Yearly | None
    expected: Mapping[str, Expected]
    money: Money
    notes: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON; None where nothing is known, money as Decimal in major units."""
        return {
            "period": self.period,
            "by": self.by,
            "known_until": date_of(self.table.end),
            "active_days": self.table.active_days,
            "currency": self.money.currency,
            "periods": [self.record(each) for each in self.table.whole],
            "groups": {name: [self.record(each, name) for each in rows] for name, rows in self.table.groups.items()},
            "cohorts": self._cohorts(),
            "year": None if self.year is None else self._year(self.year),
            "predicted": {self._named(name): each.to_dict(self.money) for name, each in self.expected.items()},
            "notes": list(self.notes),
            "files": [str(file) for file in self.files],
        }

    def record(self, row: Kpis, group: str | None = None) -> dict[str, Any]:
        """Return one period of one group under the names of MEANINGS."""
        span = row.period
        told = {
            "period": span.name,
            "first_on": date_of(span.first_day),
            "last_on": date_of(span.end - 1),
            "group": group,
        }
        figures = {name: getattr(row, name) for name in MEANINGS if name not in told}
        return told | {name: self._told(name, value) for name, value in figures.items()}

    def _told(self, name: str, value: Any) -> Any:
        return self.money.major(value) if name in MONEY and value is not None else value

    def _named(self, group: str) -> str:
        return "all" if group == NO_GROUP else group

    def _cohorts(self) -> list[dict[str, Any]]:
        known = zip(self.cohorts.months, self.cohorts.sizes, self.cohorts.shares(), strict=True)
        return [
            {"month": month.name, "customers": size, "shares": shares[: len(shares) - place]}
            for place, (month, size, shares) in enumerate(known)
        ]

    def _year(self, year: Yearly) -> dict[str, Any]:
        return {
            "first_on": date_of(year.first_day),
            "last_on": date_of(year.end - 1),
            "measured": year.measured,
            "active": year.active,
            "retention_percent": 100 * year.retention,
            "churn_percent": 100 - 100 * year.retention,
            "gained_percent": 100 * year.gained,
            "spend_per_customer": self.money.major(year.spend),
            "discount_percent": 100 * DISCOUNT,
            "lifetime_spend": self.money.major(lifetime_spend(year.spend, year.retention)),
            "five_points_more_percent": 100 * five_points_more(year.retention),
        }

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
            yield each.line(self._named(name), self.money)
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
                f"({row.gained_active:,} new, {row.recovered:,} recovered), E = {row.active_at_end:,} at its end"
            )
        if row.repeat_purchase_percent is not None:
            yield (
                f"{row.ordering:,} ordered, {row.repeat_purchase_percent:.0f} % of them on two days or more, "
                f"{row.purchase_frequency:.2f} orders each, {self._text(row.average_order_value)} an order; a customer "
                f"has spent {self._text(row.historic_lifetime_value)} to date"
            )

    def _in_a_year(self, year: Yearly) -> Iterator[str]:
        how = "measured over" if year.measured else "carried over to a year from"
        span = f"{date_of(year.first_day)} … {date_of(year.end - 1)}"
        yield (
            f"in a year {year.retention:.1%} are kept and {year.gained:.1%} join ({how} {span}); five points more kept "
            f"are {five_points_more(year.retention):.0%} more of what a customer spends from now on (arithmetic, no "
            "promise)"
        )

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
            return self.money.text(value)
        if name.endswith("_percent"):
            return f"{value:.1f} %"
        return f"{value:.2f}" if isinstance(value, float) else f"{value:,}"

    def frame(self) -> pd.DataFrame:
        """Return kpis.csv: one row per group and period, in the columns of MEANINGS."""
        groups: list[tuple[str | None, Sequence[Kpis]]] = [(None, self.table.whole), *self.table.groups.items()]
        records = [self.record(each, group) for group, rows in groups for each in rows]
        frame = pd.DataFrame(records, columns=list(MEANINGS))
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
) -> ShopKpis:
    """Count the retention figures of a shop, and write tables and pictures.

    Args:
        shop: the open shop; the days before its `until` are known as far as the whole log goes.
        period: month, quarter or year.
        by: also for each segment of the customers file, or for each owner as the book and the customers file know them.
        out: the folder for kpis.csv, cohorts.csv, five-points.png and seven-years.png; None for none.

    Raises:
        InputError: files that cannot be read or written, another period, no such groups, or no order before `until`.
    """
    # The whole log says how far its days are complete: a quiet last day before `until` is no gap in it.
    kind, whole, until = period_kind(period), shop.whole().log, shop.until
    end = min(complete_until(whole), whole.last_day + 1 if until is None else day_number(until))
    if end <= whole.first_day:
        raise InputError(f"nothing is known before {until}: the first order is of {date_of(whole.first_day)}")
    log = whole if end > whole.last_day else whole.before(end)
    definition = shop.settings.definition_for(log)
    group_of = None if by is None else groups_of(shop, by, log.customer_ids)
    year = yearly(log, definition.active_days, end)
    expected, why = expected_values(shop, log, end, group_of, year)
    found = ShopKpis(
        period=kind,
        by=by,
        table=kpis(log, definition.active_days, kind, end=end, group_of=group_of),
        cohorts=cohorts(log, end),
        year=year,
        expected=expected,
        money=shop.settings.money,
        notes=(*shop.settings.auto_note(definition), *why, *_too_short(year)),
    )
    return found if out is None else _written(found, out)


def _too_short(year: Yearly | None) -> tuple[str, ...]:
    return () if year else ("what retention is worth in a year is not told: the log is too short for it",)


def _written(found: ShopKpis, out: Path) -> ShopKpis:
    from training.plots.canvas import write_figures
    from training.plots.kpis import five_points_figure, seven_years_figure

    tables = (out / KPIS_FILE, out / COHORTS_FILE)
    for path, frame in zip(tables, (found.frame(), found.cohort_frame()), strict=True):
        write_table(frame, path)
    year, figures = found.year, {}
    if year is not None:
        figures = {FIVE_POINTS: five_points_figure(year, found.money), SEVEN_YEARS: seven_years_figure(year)}
    return replace(found, files=(*tables, *write_figures(figures, out)))
