"""Law: a file that is read in partitions gives what it gives as a whole, to the last bit, or is refused as it is."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.build import feature_table
from features.clock import date_of
from features.definitions import features_for
from features.errors import InputError
from features.log import Log
from features.machine import this_machine
from features.sources.balance.sheet import BalanceSheet, SheetLine
from features.sources.mapping import EventsMapping, OrdersMapping, Shop
from features.sources.partitions.read import PartitionedLog, read_partitions
from features.sources.reader import CleanLog, read_log
from tests.laws.shops import same_bits
from tests.laws.test_balance_sheet import LINE, SHOP, files

ROW_FIELDS = (*LINE, "product_id", "category", "updated_at", "cancelled_at")
EVENTS = ("customer_id", "kind", "happened_at", "value")
Row = Mapping[str, str]

events = st.lists(
    st.builds(
        dict,
        customer_id=st.sampled_from(("ann", "Bob", "zoe", "", "old")),
        kind=st.sampled_from(("visit", "review", "mail_sent")),
        happened_at=st.sampled_from(("2024-01-05", "2024-02-01 10:00")),
        value=st.sampled_from(("", "4.5")),
    ),
    max_size=4,
)


@st.composite
def written(draw: st.DrawFn) -> list[Row]:
    """Draw the rows of a file: of some orders the customer and the status stand on the first line alone."""
    rows = [dict(row) for row in draw(files())]
    seen: set[str] = set()
    for row in rows:
        row["product_id"], row["category"] = draw(st.sampled_from((("p", "tea"), ("q", ""), ("", ""))))
        row["updated_at"] = draw(st.sampled_from(("", "2024-03-01", "2024-03-02", "soon")))
        row["cancelled_at"] = draw(st.sampled_from(("", "", "", "2024-03-01")))
        if row["order_id"] in seen and draw(st.booleans()):
            row["customer_id"] = row["status"] = ""
        seen.add(row["order_id"])
    return rows


def put(folder: Path, name: str, header: Sequence[str], rows: Sequence[Row]) -> Path:
    path = folder / name
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, header, extrasaction="ignore", restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


def mapped(paths: Sequence[Path], names: Sequence[str], **rules: Any) -> OrdersMapping:
    orders = OrdersMapping(paths[0], {name: name for name in names}, **rules)
    return orders.read_from(*paths)


def either(shop: Shop, orders: OrdersMapping, events: EventsMapping | None, partitions: int) -> tuple[CleanLog, Any]:
    """Read both ways; what is refused as a whole is refused in partitions, and both are None."""
    with TemporaryDirectory() as folder:
        try:
            whole = read_log(shop, orders, events)
        except InputError:
            with pytest.raises(InputError):
                read_partitions(shop, orders, events, Path(folder), partitions, this_machine(1, 2))
            return None, None  # type: ignore[return-value]
        found = read_partitions(shop, orders, events, Path(folder), partitions, this_machine(1, 2))
        return whole, (found, list(found.logs()))


def agree(whole: CleanLog, found: PartitionedLog, logs: Sequence[Log]) -> None:
    assert {each.rule: each.rows for each in found.rules} == {each.rule: each.rows for each in whole.rules}
    same_sheet(found.sheet, whole.sheet)
    assert sorted(who for log in logs for who in log.customer_ids) == list(whole.log.customer_ids)
    features = features_for(whole.log)
    assert features_for(found.outline).names == features.names
    assert found.outline.last_day == whole.log.last_day
    dates = [date_of(whole.log.last_day + 1), date_of(whole.log.last_day) - timedelta(days=20)]
    parts = [feature_table(log, dates, features, 90) for log in logs]
    together = pd.concat(parts).sort_values(["customer_id", "as_of"])
    same_bits(together, feature_table(whole.log, dates, features, 90))


def same_sheet(left: BalanceSheet, right: BalanceSheet) -> None:
    by_rule = [{line.rule: line for line in sheet.left_out} for sheet in (left, right)]
    assert by_rule[0] == by_rule[1]
    by_change = [{(each.rule, each.of): each for each in sheet.changes} for sheet in (left, right)]
    assert by_change[0] == by_change[1]
    for name in {each.name for each in fields(BalanceSheet)} - {"left_out", "changes", "rules", "fate"}:
        assert without_zeros(getattr(left, name)) == without_zeros(getattr(right, name)), name


def without_zeros(value: Any) -> Any:
    """Return a line without the currencies of no money, which stand there if all rows have one currency."""
    if not isinstance(value, SheetLine):
        return value
    return replace(value, money={name: amount for name, amount in value.money.items() if amount})


@given(written(), events, st.sampled_from((1, 3, 8)), st.sampled_from(("line", "order", "none")))
def test_partitions_give_what_the_whole_gives(
    rows: list[Row], happened: list[dict[str, str]], partitions: int, amount_is: str
) -> None:
    with TemporaryDirectory() as folder:
        path = put(Path(folder), "orders.csv", ROW_FIELDS, rows)
        beside = put(Path(folder), "events.csv", EVENTS, happened) if happened else None
        events = beside and EventsMapping(beside, {name: name for name in EVENTS})
        names = [name for name in ROW_FIELDS if amount_is != "none" or name != "amount"]
        whole, found = either(SHOP, mapped([path], names, amount_is=amount_is), events, partitions)
        if whole is not None:
            agree(whole, *found)


@given(written(), written(), st.sampled_from((1, 3, 8)))
def test_so_do_several_exports_that_overlap(first: list[Row], second: list[Row], partitions: int) -> None:
    with TemporaryDirectory() as folder:
        ways = [
            put(Path(folder), "1.csv", ROW_FIELDS, first),
            put(Path(folder), "2.csv", ROW_FIELDS, [*first[-3:], *second]),
        ]
        whole, found = either(SHOP, mapped(ways, ROW_FIELDS), None, partitions)
        if whole is not None:
            agree(whole, *found)
