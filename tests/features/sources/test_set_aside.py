"""Rows that break a rule are set aside where the shop says so: few, named one by one, counted."""

from __future__ import annotations

from pathlib import Path

import pytest

from features.sources.mapping import OrdersMapping, Shop
from features.sources.reader import CheckReport, check_files, places_of

SHOP = Shop("UTC", "EUR")
COLUMNS = {"order_id": "id", "customer_id": "who", "ordered_at": "day", "amount": "money"}


def mapping(folder: Path, rows: dict[int, str], on_broken: str = "set_aside") -> OrdersMapping:
    """Write 400 orders, some of them with other rows in their place."""
    path = folder / "orders.csv"
    usual = {n: f"{n},c{n % 50},2024-{1 + n % 12:02}-{1 + n % 27:02},10" for n in range(400)}
    path.write_text("\n".join(["id,who,day,money", *(usual | rows).values(), ""]))
    return OrdersMapping(path, COLUMNS, on_broken=on_broken)  # type: ignore[arg-type]


def check(orders: OrdersMapping) -> CheckReport:
    return check_files(SHOP, orders)


def test_each_row_is_named_with_line_cell_and_rule_and_counted(tmp_path: Path) -> None:
    report = check(mapping(tmp_path, {3: "3,c3,2024-02-30,10", 7: "7,c7,2024-08-08,ten", 9: "9,c9,2024-08-08"}))
    assert [(row.line, row.column, row.value) for row in report.set_aside] == [
        (11, "", ""), (5, "day", "2024-02-30"), (9, "money", "ten")
    ]  # fmt: skip
    assert report.sheet is not None
    assert {line.rule: line.rows for line in report.sheet.left_out} == {"set aside": 2, "ragged rows": 1}
    assert report.sheet.read.rows == 400
    assert report.sheet.counted.orders == 397


def test_the_default_stops(tmp_path: Path) -> None:
    report = check(mapping(tmp_path, {3: "3,c3,2024-02-30,10"}, on_broken="stop"))
    assert report.log is None
    assert [(each.line, each.value) for each in report.violations] == [(5, "2024-02-30")]


def test_more_than_one_in_a_hundred_stops(tmp_path: Path) -> None:
    report = check(mapping(tmp_path, {n: f"{n},c{n},2024-02-30,10" for n in range(5)}))
    assert report.log is None
    assert [rule.cells for rule in report.broken] == [5]


def test_a_line_that_loses_the_first_cells_of_its_order_is_counted(tmp_path: Path) -> None:
    """The customer stands on the first line of order 3 only, and that line is broken."""
    sheet = check(mapping(tmp_path, {3: "3,c3,2024-02-03,x", 4: "3,,,10"})).sheet
    assert sheet is not None
    assert {line.rule: line.rows for line in sheet.left_out} == {"set aside": 1, "guests": 1}


def test_a_header_that_comes_again_is_set_aside(tmp_path: Path) -> None:
    report = check(mapping(tmp_path, {3: "id,who,day,money"}))
    assert [row.line for row in report.set_aside] == [5]
    assert report.log is not None


@pytest.mark.parametrize(("rule", "line"), [("set aside", 8), ("guests", 9)])
def test_the_lines_of_a_rule_are_physical_lines(tmp_path: Path, rule: str, line: int) -> None:
    orders = mapping(tmp_path, {1: '1,"c1\n",2024-02-03,10', 5: "5,c5,2024-02-30,10", 6: "6,,2024-02-03,10"})
    sheet = check(orders).sheet
    assert sheet is not None
    assert [place.line for place in places_of(orders, sheet.rows_of(rule))] == [line]
