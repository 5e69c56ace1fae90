"""The orders of a shop as Spark holds them: brought to it from here, or read by its workers from where they lie."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from features.errors import InputError
from features.language.messages import Sentence, in_a_row, sentence
from features.language.typed_values import Number
from features.sources.balance.names import NAMES
from features.sources.balance.sheet import BalanceSheet
from serving.config.settings import AUTO
from serving.shop import OpenShop, calendar_day

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


@dataclass(frozen=True, eq=False)
class HeldOrders:
    """A shop's orders on Spark.

    Args:
        histories: a row for each customer.
        as_of: the day that is looked from.
        digest: of the data.
        has_money: whether the orders hold money.
        sheet: where every row went; None where they were read here, which `regulars check` tells.
    """

    histories: DataFrame
    as_of: date
    digest: str
    has_money: bool = True
    sheet: BalanceSheet | None = None


def held_orders(shop: OpenShop, session: SparkSession, source: str | None) -> HeldOrders:
    """Return the orders of a shop on Spark.

    Args:
        shop: whose orders.
        session: of Spark.
        source: a folder of Parquet files or a table that the workers read; None = what the settings name is read here.

    Raises:
        InputError: the orders cannot be used, or the settings ask for what the workers cannot see.
    """
    if source is None:
        from features.engines.spark.histories import histories

        held = session.createDataFrame(histories(shop.log)).cache()
        return HeldOrders(held, shop.as_of, shop.log.digest(), shop.log.has_money)
    from features.sources.spark.orders import read_orders

    settings = shop.settings
    limits = {"until": shop.until, "latest": calendar_day(settings)}
    found = read_orders(session, source, settings.shop, settings.orders, **limits)
    has_money = settings.orders.amount_is != "none"
    return HeldOrders(found.histories, found.chosen_day(shop.until), found.digest, has_money, found.sheet)


def refuse_what_is_known_here_alone(shop: OpenShop) -> None:
    """Refuse a shop that is more than the orders that Spark's workers read.

    Raises:
        InputError: with each of what it has besides.
    """
    found = list(_known_here_alone(shop))
    if found:
        raise InputError(f"--from reads orders alone, and this shop has more: {'; '.join(found)}; leave --from out")


def _known_here_alone(shop: OpenShop) -> Iterator[str]:
    settings = shop.settings
    if settings.events is not None:
        yield "[events] of the settings"
    if settings.features.use or settings.features.first_order:
        yield "columns that [features] names"
    if settings.churn.horizon_days == AUTO:
        yield 'horizon_days = "auto", which is learnt from the whole log'
    if shop.forgotten is not None:
        yield "customers whom it has forgotten"
    if shop.has_posts:
        yield "orders or events that were posted to it"


def in_rows(sheet: BalanceSheet) -> dict[str, Any]:
    """Return the rows of a balance sheet: what was read, and the parts that it falls into."""
    left_out = {line.rule: line.rows for line in sheet.left_out}
    kept = {"lines": sheet.order_lines.rows, "returns": sheet.returns.rows}
    return {
        "read": sheet.read.rows,
        **kept,
        "left_out": left_out,
        "spend": sheet.counted.spend,
        "currency": sheet.currency,
    }


def rows_in_words(sheet: BalanceSheet) -> Sentence:
    """Say where the rows went."""
    left_out = [
        sentence("{count} {rule}", count=Number(line.rows), rule=Sentence.of(NAMES[line.rule]))
        for line in sheet.left_out
    ]
    return sentence(
        "{all} rows read on Spark = {lines} order lines + {returns} returns + {rows} left out ({rules})",
        all=Number(sheet.read.rows),
        lines=Number(sheet.order_lines.rows),
        returns=Number(sheet.returns.rows),
        rows=Number(sum(line.rows for line in sheet.left_out)),
        rules=in_a_row(left_out, commas=True) if left_out else "-",
    )
