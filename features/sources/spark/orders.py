"""Reads orders that Spark holds, a folder of Parquet files or a table, into the histories of their customers.

Rows meet by their order on the workers that clean them, and by their customer on those that roll them up. What comes to
this process are the counts of each part: they make the balance sheet.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from features.clock import date_of, day_number
from features.engines.spark.histories import histories
from features.engines.spark.mapped import mapped
from features.errors import InputError, Violation, suggest
from features.log import CATEGORIES, Lines
from features.questions import by_setting
from features.roll_up import roll_up
from features.sources.balance.sheet import BalanceSheet
from features.sources.databases.address import Database
from features.sources.mapping import OrdersMapping, Shop
from features.sources.people.merges import read_merges
from features.sources.spark.asked import questions_about
from features.sources.spark.fits import refuse_what_does_not_fit
from features.sources.spark.jdbc import JDBC, read_database
from features.sources.spark.parts import FACTS, LINES, Cleaning, RollingUp
from features.sources.spark.summary import Summary, counted_in, refuse_broken, sheet_of

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

A_PART = Path("part.parquet")  # which a worker writes of its rows, and reads
ROWS_OF_A_PART = 500_000  # which a worker holds at once
PLACE, KEY = "place of the row", "key of the order"
HAS_ZONE = r"(Z|[+-]\d\d:?\d\d)\s*$"


@dataclass(frozen=True, eq=False)
class OrdersOnSpark:
    """Orders as Spark holds them once they are clean.

    Args:
        histories: a row for each customer, as `features.engines.spark.histories` makes them.
        sheet: where every row and cent of the orders went.
        first_day: day number of the first order.
        last_day: day number of the last order.
        digest: of the clean lines, whatever their order.
    """

    histories: DataFrame
    sheet: BalanceSheet
    first_day: int
    last_day: int
    digest: str

    def chosen_day(self, as_of: date | None) -> date:
        """Return `as_of`, or the day after the last order.

        Raises:
            InputError: the day lies before the first order.
        """
        day = as_of or date_of(self.last_day + 1)
        if day_number(day) <= self.first_day:
            raise InputError(f"nothing is known on {day}: the first order is of {date_of(self.first_day)}")
        return day


def read_orders(
    session: SparkSession,
    place: str,
    shop: Shop,
    orders: OrdersMapping,
    *,
    until: date | None = None,
    latest: date | None = None,
) -> OrdersOnSpark:
    """Read orders on Spark's workers.

    Args:
        session: of Spark.
        place: a folder of Parquet files, whose name holds a slash, a table, or jdbc for the database of the mapping.
        shop: zone, currency and business day.
        orders: which column is which field, and the rules.
        until: nothing on or after this business day is read.
        latest: a date after it is a mistake; None = not checked.

    Raises:
        InputError: a setting asks for what a worker cannot see, rows break a rule, or something is asked.
    """
    refuse_what_does_not_fit(orders, place)
    rows = _rows(session, place, orders)
    limits = (None if until is None else day_number(until), None if latest is None else day_number(latest))
    cleaning = Cleaning(shop, _without_files(orders), read_merges(orders.merge), *limits)
    parts = _parts(session, rows)
    clean = mapped(_by_order(rows, orders, parts), cleaning.lines, LINES).cache()
    summaries = [Summary.from_json(each, place) for each in _facts(clean)]
    if not summaries:
        raise InputError(f"{place} holds no rows")
    refuse_broken(summaries, place)
    lines = clean.where(f"{FACTS} IS NULL")
    rolling = RollingUp(shop.currency, _streams(orders))
    known = mapped(lines.repartition(parts, "customer_id"), rolling.histories, rolling.schema).cache()
    facts = [json.loads(each) for each in _facts(known)]
    _refuse_nothing(facts, place)
    sheet = sheet_of(shop.currency, summaries, counted_in(facts))
    _refuse_doubts(sheet, facts, orders, place)
    dropped = [FACTS, *(() if any(each["has_categories"] for each in facts) else (CATEGORIES,))]
    return OrdersOnSpark(
        known.where(f"{FACTS} IS NULL").drop(*dropped),
        sheet,
        min(each["first_day"] for each in facts if each["first_day"] is not None),
        max(each["last_day"] for each in facts if each["last_day"] is not None),
        _digest(lines),
    )


def _without_files(orders: OrdersMapping) -> OrdersMapping:
    """Return what a worker needs of a mapping: no path or database, and nothing by which a customer is reached."""
    plain = replace(orders, merge=None, contacts={})
    return plain if plain.database is None else plain.read_from(A_PART)


def _rows(session: SparkSession, place: str, orders: OrdersMapping) -> DataFrame:
    """Return the mapped columns of a folder, a table, or the database of the mapping."""
    folder = Path(place)
    if place == JDBC:
        rows = read_database(session, _database(orders), orders.columns["customer_id"])
    elif "/" in place:  # Spark takes a relative one from where it was started, which need not be here
        rows = session.read.parquet(str(folder.resolve()) if folder.exists() else place)
    else:
        rows = session.table(place)
    wanted = dict.fromkeys(orders.columns.values())
    missing = [name for name in wanted if name not in rows.columns]
    if missing:
        told = [
            Violation(place, None, name, "there is no such column", "", suggest(name, rows.columns)) for name in missing
        ]
        raise InputError(f"{place} cannot be used", told)
    _refuse_mixed_zones(rows, orders.columns["ordered_at"], place)
    return rows.select(*map(_column, wanted))


def _database(orders: OrdersMapping) -> Database:
    if orders.database is None:
        raise InputError("--from jdbc reads the database of the settings: write url and table under [orders]")
    return orders.database


def _column(name: str) -> Column:
    from pyspark.sql import functions as sql

    return sql.col("`" + name.replace("`", "``") + "`")


def _refuse_mixed_zones(rows: DataFrame, name: str, place: str) -> None:
    """Refuse dates of which some have a zone and some have none: a part may hold one kind alone, and not see it."""
    if dict(rows.dtypes)[name] != "string":
        return
    cell = _column(name)
    zoned = rows.where(cell.rlike(HAS_ZONE)).limit(1).count()
    if zoned and rows.where(~cell.rlike(HAS_ZONE) & (cell != "")).limit(1).count():
        rule = "written in two ways: some dates have a zone, and some have none"
        raise InputError(f"{place} cannot be used", [Violation(place, None, name, rule, "", "write all with a zone")])


def _parts(session: SparkSession, rows: DataFrame) -> int:
    usual = int(session.conf.get("spark.sql.shuffle.partitions") or 1)
    needed: int = -(-rows.count() // ROWS_OF_A_PART)
    return max(usual, needed)


def _by_order(rows: DataFrame, orders: OrdersMapping, parts: int) -> DataFrame:
    """Bring the rows of an order to one worker, as they follow one another; without an id, those of a customer."""
    from pyspark.sql import functions as sql

    who = sql.lower(sql.trim(_column(orders.columns["customer_id"]).cast("string")))
    named = orders.columns.get("order_id")
    order = sql.lit(None) if named is None else sql.trim(_column(named).cast("string"))
    key = sql.coalesce(sql.when(order != "", order), who)
    placed = rows.withColumns({PLACE: sql.monotonically_increasing_id(), KEY: key})
    return placed.repartition(parts, KEY).sortWithinPartitions(PLACE).drop(PLACE, KEY)


def _streams(orders: OrdersMapping) -> dict[str, pa.DataType]:
    """Return the columns of histories: of every log, and categories where the orders have a column of them."""
    category = ["x"] if "category" in orders.columns else None
    made = histories(roll_up(Lines.of(["x"], [0], [1], category=category)))
    return {each.name: each.type for each in made.schema if each.name != "customer_id"}


def _facts(rows: DataFrame) -> list[str]:
    return [row[0] for row in rows.where(f"{FACTS} IS NOT NULL").select(FACTS).collect()]


def _refuse_nothing(facts: Sequence[Mapping[str, Any]], place: str) -> None:
    if all(each["first_day"] is None for each in facts):
        raise InputError(f"{place} holds no order worth more than 0 of a known customer")


def _refuse_doubts(sheet: BalanceSheet, facts: Sequence[Mapping[str, Any]], orders: OrdersMapping, place: str) -> None:
    asked = by_setting(questions_about(sheet, facts, orders.accept, orders.most_left_out)).values()
    if asked:
        told = [Violation(place, None, "", each.words, "", each.remedy) for each in asked]
        raise InputError(f"{place} cannot be used", told)


def _digest(lines: DataFrame) -> str:
    """Return a fingerprint of lines in any order: the sum of a hash of each."""
    from pyspark.sql import functions as sql

    names = [name for name in LINES.names if name != FACTS]
    [row] = lines.select(sql.sum(sql.xxhash64(*names).cast("decimal(38,0)")).cast("string")).collect()
    return str(row[0])
