"""What a line is worth: refunds beside the sale, discounts as a share, amounts before discount, minor units."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from features.errors import InputError
from features.log import Log
from features.sources.mapping import OrdersMapping, Shop
from features.sources.reader import read_log

EUR = Shop("UTC", "EUR")


def read(folder: Path, header: str, *lines: str, shop: Shop = EUR, **more: object) -> Log:
    path = folder / "orders.csv"
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return read_log(shop, OrdersMapping(path, {name: name for name in header.split(",")}, **more)).log


def column(log: Log, name: str, stream: str = "orders") -> list[int]:
    return [int(each) for each in log.streams[stream].columns[name]]


LINES = "customer_id,order_id,ordered_at,amount,refunded"


def test_what_came_back_in_part_is_taken_off_and_what_came_back_whole_is_a_return(tmp_path):
    log = read(
        tmp_path, LINES, "a,1,2024-01-05,50,", "a,2,2024-01-06,50,-20", "b,3,2024-01-07,50,50", "b,4,2024-01-08,50,60"
    )
    assert column(log, "spend") == [5000, 3000]
    assert column(log, "returned", "returns") == [2000, 5000, 5000]


def test_a_refund_of_an_order_counts_once_whether_on_all_lines_or_on_the_first(tmp_path):
    for second in ("", "20"):
        lines = ("a,1,2024-01-05,80,20", f"a,1,2024-01-05,80,{second}", "a,2,2024-01-06,10,")
        log = read(tmp_path, LINES, *lines, amount_is="order")
        assert column(log, "spend") == [6000, 1000]
        assert column(log, "returned", "returns") == [2000]


def test_a_refund_of_an_order_is_taken_off_its_lines_one_after_the_other(tmp_path):
    lines = (
        "a,1,2024-01-05,15,20",
        "a,1,2024-01-05,10,20",
        "a,1,2024-01-05,3,20",
        "b,2,2024-01-06,5,0",
        "b,2,2024-01-06,6,0",
    )
    log = read(tmp_path, LINES, *lines, refund_is="order")
    assert column(log, "spend") == [800, 1100]
    assert column(log, "lines") == [2, 2]  # the first line of the first order came back whole
    assert column(log, "returned", "returns") == [2000]


def test_a_whole_order_that_was_refunded_leaves_no_lines_of_nothing(tmp_path):
    lines = ("a,1,2024-01-05,15,25", "a,1,2024-01-05,10,25", "a,1,2024-01-05,0,25", "b,2,2024-01-06,5,0")
    log = read(tmp_path, LINES, *lines, refund_is="order")
    assert column(log, "spend") == [500]
    assert column(log, "returned", "returns") == [2500]


@pytest.mark.parametrize(("written", "kind"), [("0.2", "share"), ("20", "percent")])
def test_a_discount_as_a_share_is_worked_out_from_the_amount_after_it_or_from_the_price_before(tmp_path, written, kind):
    after = read(tmp_path, "customer_id,ordered_at,amount,discount", f"a,2024-01-05,80,{written}", discount_is=kind)
    assert (column(after, "spend"), column(after, "discount")) == ([8000], [2000])
    before = read(tmp_path, "customer_id,ordered_at,amount,discount", f"a,2024-01-05,100,{written}",
                  discount_is=kind, discount_taken=False)  # fmt: skip
    assert (column(before, "spend"), column(before, "discount")) == ([8000], [2000])
    unit = read(tmp_path, "customer_id,ordered_at,price,quantity,discount", f"a,2024-01-05,50,2,{written}",
                discount_is=kind, price_times_quantity=True)  # fmt: skip
    assert (column(unit, "spend"), column(unit, "discount")) == ([8000], [2000])


def test_discounts_of_an_order_are_rounded_together(tmp_path):
    lines = ("a,2,2018-11-18,957.58,0.45", "a,2,2018-11-18,22.37,0.2")
    log = read(tmp_path, "customer_id,order_id,ordered_at,amount,discount", *lines, discount_is="share")
    assert column(log, "discount") == [78907]


def test_a_share_above_the_whole_is_refused(tmp_path):
    with pytest.raises(InputError, match='"20" is not at most the whole; set discount_is = "percent" or "money"'):
        read(tmp_path, "customer_id,ordered_at,amount,discount", "a,2024-01-05,80,20", discount_is="share")


def test_a_discount_may_be_taken_off_an_amount_and_left_in_a_price(tmp_path):
    head = "customer_id,ordered_at,amount,discount"
    assert column(read(tmp_path, head, "a,2024-01-05,80,20", discount_taken=False), "spend") == [6000]
    head = "customer_id,ordered_at,price,quantity,discount"
    kept = read(tmp_path, head, "a,2024-01-05,40,2,20", price_times_quantity=True, discount_taken=True)
    assert column(kept, "spend") == [8000]


def test_the_discount_is_what_an_amount_before_it_exceeds_the_amount_by(tmp_path):
    head = "customer_id,order_id,ordered_at,amount,before_discount"
    lines = ("a,1,2024-01-05,80,100", "a,2,2024-01-06,80,", "a,3,2024-01-07,80,70")
    assert column(read(tmp_path, head, *lines), "discount") == [2000, 0, 0]
    twice = ("a,1,2024-01-05,80,100", "a,1,2024-01-05,80,100")
    assert column(read(tmp_path, head, *twice, amount_is="order"), "discount") == [2000]


def test_minor_units_are_those_of_each_currency(tmp_path):
    head, rates = "customer_id,ordered_at,amount,currency", {"JPY": Decimal("0.006"), "KWD": Decimal(3)}
    lines = ("a,2024-01-05,4990,eur", "b,2024-01-05,1000,jpy", "c,2024-01-05,1000,kwd")
    log = read(tmp_path, head, *lines, shop=Shop("UTC", "EUR", exchange_rates=rates), amount_unit="minor")
    assert column(log, "spend") == [4990, 600, 300]
