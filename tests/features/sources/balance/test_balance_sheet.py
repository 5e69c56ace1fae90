"""The balance sheet of a small file, as an accountant would read it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from features.errors import RegularsError
from features.sources.balance.recount import compare
from features.sources.balance.sheet import BalanceSheet
from features.sources.balance.words import document, table
from features.sources.mapping import OrdersMapping, Shop
from features.sources.reader import check_files, read_log

FILE = """id,who,day,total,status,money
1,ann,2024-01-05,10.00,paid,EUR
2,ann,2024-01-06,20.00,cancelled,EUR
3,bob,2024-01-06,30.00,paid,USD
4,bob,2024-01-07,-5.00,paid,EUR
5,,2024-01-07,7.00,paid,EUR
6,eve,2024-01-08,0.004,paid,EUR
7,eve,2024-01-09,2.006,paid,EUR
"""


SHOP = Shop("UTC", "EUR", exchange_rates={"USD": Decimal("0.9")})


@pytest.fixture
def mapping(tmp_path: Path) -> OrdersMapping:
    path = tmp_path / "orders.csv"
    path.write_text(FILE)
    columns = {"order_id": "id", "customer_id": "who", "ordered_at": "day", "amount": "total", "status": "status"}
    return OrdersMapping(path, {**columns, "currency": "money"})


@pytest.fixture
def sheet(mapping: OrdersMapping) -> BalanceSheet:
    return read_log(SHOP, mapping).sheet


def test_it_reads_like_a_bill(sheet: BalanceSheet) -> None:
    assert list(table(sheet)) == [
        "                     rows  orders  customers     EUR    USD",
        "rows read               7       7          3  34.010  30.00",
        "− cancelled             1       1          1  20.000   0.00",
        "− guests                1       1          0   7.000   0.00",
        "− zero-value orders     1       1          1   0.004   0.00",
        "− returns               1       1          1  -5.000   0.00",
        "= order lines           3       3          3  12.006  30.00",
        "  order lines, currency converted on 1 row: -30.00 USD; +27.00 EUR",
        "  order lines, rounded on 1 row: +0.004 EUR",
        "  returns, written below zero on 1 row: counted without the sign",
        "counted: 3 orders on 3 order days of 3 customers, spend 39.01 EUR, returned 5.00 EUR",
    ]


def test_the_document_says_the_same(sheet: BalanceSheet) -> None:
    found = document(sheet)
    assert found["read"] == {
        "rule": "rows read", "rows": 7, "orders": 7, "customers": 3, "money": {"EUR": "34.01", "USD": "30.00"}
    }  # fmt: skip
    assert [(line["rule"], line["rows"]) for line in found["left_out"]] == [
        ("cancelled", 1), ("guests", 1), ("zero-value orders", 1)
    ]  # fmt: skip
    assert found["counted"]["spend"] == "39.01"


def test_a_sheet_that_does_not_add_up_is_never_shown(sheet: BalanceSheet) -> None:
    short = replace(sheet, order_lines=replace(sheet.order_lines, rows=2))
    with pytest.raises(RegularsError, match="does not add up: rows"):
        short.check()
    lost = replace(sheet, counted=replace(sheet.counted, spend=Decimal("39.00")))
    with pytest.raises(RegularsError, match="does not add up: money of order lines"):
        lost.check()


def test_a_second_count_that_differs_stops_the_reading(sheet: BalanceSheet) -> None:
    compare(sheet, (7, Decimal("64.010")))
    with pytest.raises(RegularsError, match="does not agree with a second count"):
        compare(sheet, (7, Decimal("64.011")))


def test_a_check_counts_twice_and_another_reading_where_it_is_asked_to(
    mapping: OrdersMapping, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("features.sources.reader.recount", lambda *_, **__: (7, Decimal(1)))
    assert read_log(SHOP, mapping).sheet.read.rows == 7
    with pytest.raises(RegularsError, match="second count"):
        check_files(SHOP, mapping)
    with pytest.raises(RegularsError, match="second count"):
        read_log(SHOP, mapping, count_twice=True)
