"""What `init` finds out about money by arithmetic over the rows, and where it asks."""

from __future__ import annotations

from pathlib import Path

import pytest

from features.guess.guess import guess
from features.log import Log
from features.questions import Question
from features.sources.mapping import Guess
from features.sources.reader import check_files, read_log

LINES = "order_id,date,customer_id,product,quantity,price"


def guessed(folder: Path, header: str, *lines: str) -> tuple[Guess, Log]:
    path = folder / "orders.csv"
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    found = guess(path)
    return found, read_log(found.shop, found.orders).log


def asked(found: Guess) -> tuple[Question, ...]:
    return found.questions


def spend(log: Log) -> int:
    return int(log.streams["orders"].columns["spend"].sum())


def test_a_price_that_is_steady_within_a_product_is_of_one_unit_and_one_that_grows_is_of_all(
    tmp_path,
):
    unit = (
        "1,2026-01-05,C1,A,10,2.50",
        "1,2026-01-05,C1,B,1,4.00",
        "2,2026-01-09,C2,A,4,2.50",
        "3,2026-02-09,C1,B,3,4.00",
    )
    found, log = guessed(tmp_path, LINES, *unit)
    assert (found.orders.price_times_quantity, spend(log), asked(found)) == (True, 5100, ())
    line = (
        "1,2026-01-05,C1,A,10,25.00",
        "1,2026-01-05,C1,B,1,4.00",
        "2,2026-01-09,C2,A,4,10.00",
        "3,2026-02-09,C1,B,3,12.00",
    )
    found, log = guessed(tmp_path, LINES, *line)
    assert (found.orders.columns["amount"], spend(log), asked(found)) == ("price", 5100, ())
    assert (
        '"price" is the money of all units of a line: it ÷ quantity is the same each time a product is sold.'
        in found.assumptions
    )


def test_where_nothing_tells_a_unit_from_a_line_the_question_says_what_each_comes_to(tmp_path):
    found, log = guessed(tmp_path, LINES, "1,2026-01-05,C1,A,10,2.50", "2,2026-01-09,C2,B,1,4.00")
    (question,) = asked(found)
    assert question.key == "orders.price_is"
    assert [answer.words for answer in question.answers] == [
        'of one unit: × "quantity", 29.00 in all', "of the whole line: 6.50 in all",
    ]  # fmt: skip
    assert spend(log) == 2900
    assert question.words.startswith('Is "price" the price of one unit')


def test_nothing_is_asked_where_every_quantity_is_one(tmp_path):
    found, _ = guessed(tmp_path, LINES, "1,2026-01-05,C1,A,1,2.50", "2,2026-01-09,C2,B,1,4.00")
    assert asked(found) == ()


def test_the_orders_total_tells_what_a_price_is_with_tax_and_freight_in_it(tmp_path):
    head = "order_id,date,customer_id,quantity,price,tax,shipping,grand total"
    rows = (
        "1,2026-01-05,C1,2,10.00,4.00,5.00,29.00",
        "2,2026-01-06,C1,3,5.00,3.00,0.00,18.00",
        "3,2026-01-07,C2,1,7.00,1.40,0.00,8.40",
    )
    found, log = guessed(tmp_path, head, *rows)
    assert spend(log) == 5540  # the total is what was paid
    assert found.orders.columns["amount"] == "grand total"


def test_the_line_total_is_before_discount_where_it_is_price_times_quantity(tmp_path):
    head = "order_id,date,customer_id,product,quantity,unit price,discount,line total"
    before, log = guessed(tmp_path, head, "1,2026-01-05,C1,A,2,10.00,5.00,20.00", "2,2026-01-06,C2,A,1,10.00,0,10.00")
    assert (before.orders.discount_taken, spend(log)) == (False, 2500)
    after, log = guessed(tmp_path, head, "1,2026-01-05,C1,A,2,10.00,5.00,15.00", "2,2026-01-06,C2,A,1,10.00,0,10.00")
    assert (after.orders.discount_taken, spend(log)) == (None, 2500)


def test_the_column_after_discount_is_taken_whatever_stands_first(tmp_path):
    head = "receipt,date,card,total_without_discount,total_with_discount"
    found, log = guessed(tmp_path, head, "1,2026-01-05,C1,100,90", "2,2026-01-06,C2,50,50")
    assert found.orders.columns["before_discount"] == "total_without_discount"
    assert spend(log) == 14000
    assert list(log.streams["orders"].columns["discount"]) == [1000, 0]


@pytest.mark.parametrize(
    ("header", "cells", "unit"),
    [
        ("amount_cents", ("1999", "4990"), "minor"),
        ("Amount (in cents)", ("1999", "4990"), "minor"),
        ("amount", ("1000", "250", "80"), "major"),
        ("amount", ("19.99", "4990"), "major"),
    ],
)
def test_minor_units_by_the_header(tmp_path, header, cells, unit):
    found, _ = guessed(
        tmp_path, f"date,customer_id,{header}", *(f"2026-01-05,C{n},{cell}" for n, cell in enumerate(cells))
    )
    assert (found.orders.amount_unit, asked(found)) == (unit, ())


def test_whole_numbers_that_look_like_cents_are_asked_about(tmp_path):
    rows = [
        f"2026-01-{day:02d},C{day % 3},{price}"
        for day, price in enumerate((1999, 4995, 2490, 1250, 999, 3199), start=1)
    ]
    found, log = guessed(tmp_path, "date,customer_id,amount", *rows)
    (question,) = asked(found)
    assert question.likely.settings == {"orders.amount_unit": "minor"}
    assert spend(log) == 14932


def test_equal_amounts_on_the_lines_of_a_single_order_are_asked_about(tmp_path):
    rows = ("1,2026-01-05,C1,A,10", "1,2026-01-05,C1,B,10", "2,2026-01-06,C2,A,10", "3,2026-01-07,C2,C,4")
    found, log = guessed(tmp_path, "order_id,date,customer_id,product,amount", *rows)
    (question,) = asked(found)
    assert question.likely.settings == {"orders.amount_is": "line"}
    assert spend(log) == 3400


def test_a_file_without_money_is_counted_and_the_only_column_that_could_be_money_is_it(tmp_path):
    found, log = guessed(tmp_path, "date,customer_id,store_id", "2026-01-05,C1,7", "2026-02-05,C1,7", "2026-02-06,C2,8")
    assert (found.orders.amount_is, log.has_money) == ("none", False)
    assert (
        'The file holds no money: orders are counted, and nothing is valued (amount_is = "none").' in found.assumptions
    )
    found, log = guessed(tmp_path, "date,customer_id,xyz", "2026-01-05,C1,7.50")
    assert (found.orders.columns["amount"], spend(log), asked(found)) == ("xyz", 750, ())
    assert 'amount is "xyz": the only column that could be money.' in found.assumptions
    found, _ = guessed(tmp_path, "date,customer_id,xyz,abc", "2026-01-05,C1,7.50,8.25")
    (question,) = asked(found)
    assert [answer.settings for answer in question.answers] == [
        {"orders.columns.amount": "xyz"}, {"orders.columns.amount": "abc"},
    ]  # fmt: skip


def test_what_a_row_is_comes_from_its_own_column_and_never_from_an_address(tmp_path):
    for head, cell in (("State", "NY"), ("State", "Texas"), ("Estado", "Jalisco")):
        rows = (f"2026-01-05,C1,{cell},10", "2026-01-06,C2,Florida,20")
        found, _ = guessed(tmp_path, f"date,customer_id,{head},amount", *rows)
        assert "status" not in found.orders.columns
    found, log = guessed(
        tmp_path, "date,customer_id,State,amount", "2026-01-05,C1,shipped,10", "2026-01-06,C2,cancelled,20"
    )
    assert (found.orders.columns["status"], spend(log)) == ("State", 1000)


def test_kinds_of_documents_are_found_by_their_words_alone(tmp_path):
    rows = ("2026-01-05,C1,Rechnung,10", "2026-01-06,C1,Zahlung,10", "2026-01-07,C1,Gutschrift,4")
    found, log = guessed(tmp_path, "date,customer_id,Was,amount", *rows)
    assert found.orders.columns["type"] == "Was"
    assert (spend(log), list(log.streams["returns"].columns["returned"])) == (1000, [400])
    assert 'By "Was": returned are Gutschrift; no orders are Zahlung; orders are Rechnung.' in found.assumptions


def test_a_discount_is_a_share_where_the_rows_or_the_size_of_the_amounts_say_so(tmp_path):
    head = "order_id,date,customer_id,product,quantity,unit price,discount"
    found, log = guessed(tmp_path, head, "1,2026-01-05,C1,A,10,9.80,0.15", "2,2026-01-06,C2,B,5,34.80,0.05")
    assert (found.orders.discount_is, spend(log), asked(found)) == ("share", 24860, ())
    found, log = guessed(
        tmp_path, f"{head},line total", "1,2026-01-05,C1,A,2,1.00,0.5,1.50", "2,2026-01-06,C2,B,1,2,0,2"
    )
    assert (found.orders.discount_is, spend(log), asked(found)) == ("money", 350, ())


def test_small_discounts_of_small_amounts_are_asked_about(tmp_path):
    rows = ("2026-01-05,C1,4.50,0.5", "2026-01-06,C2,3.00,0.5")
    found, _ = guessed(tmp_path, "date,customer_id,amount,discount", *rows)
    (question,) = asked(found)
    assert question.likely.settings == {"orders.discount_is": "money"}


def test_of_two_states_the_one_that_tells_cancelled_and_returned_is_read(tmp_path):
    rows = (
        "1,2026-01-05,C1,Completed,Paid,10",
        "2,2026-01-06,C1,Completed,Refunded,20",
        "3,2026-01-07,C2,Processing,Failed,30",
    )
    found, log = guessed(tmp_path, "order_id,date,customer_id,Order Status,Payment Status,Total", *rows)
    assert (found.orders.columns["status"], spend(log)) == ("Payment Status", 1000)


def test_states_that_are_numbers_are_asked_about(tmp_path):
    path = tmp_path / "orders.csv"
    path.write_text(
        "date,customer_id,order_status_id,total\n2026-01-05,C1,5,10\n2026-01-06,C1,7,20\n", encoding="utf-8"
    )
    found = guess(path)
    (question,) = check_files(found.shop, found.orders).questions
    assert question.words == (
        'Nobody knows these words of "order_status_id": "5": 1 row, 10.00; "7": 1 row, 20.00. Are these orders: 5, 7?'
    )


def test_numbers_that_begin_again_each_day_are_no_order_numbers(tmp_path):
    rows = ("1,2026-01-05,C1,10.00", "2,2026-01-05,C2,5.00", "1,2026-01-06,C3,10.00", "2,2026-01-06,C1,7.00")
    found, log = guessed(tmp_path, "receipt_no,date,card,amount", *rows)
    assert "order_id" not in found.orders.columns
    assert (spend(log), int(log.streams["orders"].columns["orders"].sum())) == (3200, 4)
    assert any(
        '"receipt_no" is not used: 2 of its numbers belong to several customers' in said for said in found.assumptions
    )
