"""Rows of forgotten customers are counted, and neither log, customers nor set-aside rows hold anything of them."""

from dataclasses import replace
from decimal import Decimal

import pytest

from features.sources.mapping import CustomersMapping, EventsMapping, OrdersMapping, Shop
from features.sources.people.rows_of_customers import rows_of_customers
from features.sources.reader import check_files, read_customers, read_log
from features.sources.rules import EVENTS_OF_FORGOTTEN, FORGOTTEN

SHOP = Shop("UTC", "EUR")
COLUMNS = {"order_id": "id", "customer_id": "who", "ordered_at": "day", "amount": "total"}
ROWS = """1,ann,2026-01-05,10.00
2,BOB@x.example,2026-01-05,20.00
2,,2026-01-05,2.50
3,old,2026-01-06,4.00
4,"Bob <bob@x.example>",2026-01-07,no number
5,ann,2026-01-08,1.00
"""


def bob_is(ids):
    """Forget bob and whoever old was merged into."""
    return frozenset(ids) & {"bob@x.example", "new"}


@pytest.fixture
def orders(tmp_path):
    (tmp_path / "orders.csv").write_text(f"id,who,day,total\n{ROWS}")
    (tmp_path / "merged.csv").write_text("before,after\nold,new\n")
    return OrdersMapping(tmp_path / "orders.csv", COLUMNS, merge=tmp_path / "merged.csv")


def test_rows_of_the_forgotten_are_counted_with_their_money_and_not_in_the_log(orders):
    """In any way of writing the id, on lines that leave it to their order's first, and under an id that was merged."""
    reading = read_log(SHOP, orders, forgotten=bob_is, count_twice=True)
    assert list(reading.log.customer_ids) == ["ann"]
    (line,) = reading.sheet.left_out
    assert (line.rule, line.rows, line.customers, line.money) == (FORGOTTEN, 4, 2, {"EUR": Decimal("26.500000")})
    assert {each.rule: each.rows for each in reading.rules}[FORGOTTEN] == 4


def test_a_broken_row_of_somebody_forgotten_is_nobodys_business(orders):
    """It is no reason to stop, and its cells are named nowhere."""
    assert [each.value for each in check_files(SHOP, orders).violations] == ["no number"]
    aside = replace(orders, on_broken="set_aside")
    report = check_files(SHOP, aside, forgotten=bob_is)
    assert (report.violations, report.set_aside) == ((), ())


def test_events_of_the_forgotten_are_left_out_too(orders, tmp_path):
    rows = "ann,2026-01-05\nbob@x.example,2026-01-06\nold,2026-01-06\n"
    (tmp_path / "events.csv").write_text(f"who,at\n{rows}")
    events = EventsMapping(tmp_path / "events.csv", {"customer_id": "who", "happened_at": "at"}, kind="visit")
    reading = read_log(SHOP, orders, events, forgotten=bob_is)
    assert {each.rule: each.rows for each in reading.rules}[EVENTS_OF_FORGOTTEN] == 2
    assert list(reading.log.customer_ids) == ["ann"]


def test_the_customers_file_names_none_of_them_nor_an_account_of_theirs(tmp_path):
    (tmp_path / "people.csv").write_text("id,name,account\nbob@x.example,Bob,\nann,Ann,bob@x.example\nzoe,Zoe,ann\n")
    people = CustomersMapping(tmp_path / "people.csv", {"customer_id": "id", "name": "name", "account": "account"})
    frame = read_customers(people, bob_is)
    assert frame[["customer_id", "account"]].to_numpy().tolist() == [["ann", None], ["zoe", "ann"]]
    assert len(read_customers(people)) == 3


def test_rows_of_a_customer_are_told_by_file(orders, tmp_path):
    (tmp_path / "more.csv").write_text("id,who,day,total\n9,old,2026-02-01,1\n8,zoe,2026-02-01,1\n")
    both = replace(orders, files=(tmp_path / "orders.csv", tmp_path / "more.csv"))
    assert rows_of_customers(both, {"old": "new"}, ["new"]) == {"orders.csv": {"new": 1}, "more.csv": {"new": 1}}
    assert rows_of_customers(orders, {}, ["bob@x.example"]) == {"orders.csv": {"bob@x.example": 3}}
    assert rows_of_customers(orders, {}, ["nobody"]) == {}


def test_nobody_is_asked_about_what_the_shop_forgot_itself(tmp_path):
    """Neither its share, however large, nor that it was another one at the last reading, is a question."""
    rows = "".join(f"{n},c{n % 3},2026-01-{1 + n % 28:02},{n + 1}.5\n" for n in range(200))
    (tmp_path / "many.csv").write_text(f"id,who,day,total\n{rows}")
    mapping = OrdersMapping(tmp_path / "many.csv", COLUMNS)
    report = check_files(SHOP, mapping, forgotten=lambda ids: frozenset(ids) & {"c1"})
    assert not [each for each in report.questions if FORGOTTEN in str(each.words)]
