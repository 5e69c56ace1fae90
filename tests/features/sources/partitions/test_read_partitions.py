"""Orders in partitions: customers and orders stay whole, and what is wrong is named as in the whole file."""

from __future__ import annotations

from pathlib import Path

import pytest

from features.errors import InputError
from features.machine import this_machine
from features.sources.mapping import OrdersMapping, Shop
from features.sources.partitions.estimate import lines_of
from features.sources.partitions.read import PartitionedLog, read_partitions
from features.sources.reader import read_log

SHOP, HERE = Shop("UTC", "EUR"), this_machine(1, 2)
HEADER = "order_id,customer_id,ordered_at,amount,status"


def orders_in(folder: Path, lines: list[str], header: str = HEADER) -> OrdersMapping:
    path = folder / "orders.csv"
    path.write_text("\n".join([header, *lines, ""]), encoding="utf-8")
    return OrdersMapping(path, {name: name for name in header.split(",")})


def read(orders: OrdersMapping, folder: Path, partitions: int = 8) -> PartitionedLog:
    return read_partitions(SHOP, orders, None, folder, partitions, HERE)


def refusals(orders: OrdersMapping, folder: Path) -> tuple[str, str]:
    with pytest.raises(InputError) as whole:
        read_log(SHOP, orders)
    with pytest.raises(InputError) as parts:
        read(orders, folder)
    return str(whole.value), str(parts.value)


def of(number: int, customer: str, more: str = "2024-01-05,9.50,paid") -> str:
    return f"{number},{customer},{more}"


def test_each_customer_is_in_one_partition(tmp_path: Path) -> None:
    orders = orders_in(tmp_path, [of(number, f"c{number % 40}") for number in range(200)])
    ids = [list(log.customer_ids) for log in read(orders, tmp_path).logs()]
    assert sum(1 for each in ids if each) > 4
    assert sorted(who for each in ids for who in each) == sorted({f"c{n}" for n in range(40)})


def test_a_line_without_a_customer_follows_its_order_however_far_it_stands_from_it(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("features.sources.partitions.split.BATCH_ROWS", 5)
    lines = [of(number, f"c{number}") for number in range(30)]
    far = [f"{number},,2024-01-05,1.00,paid" for number in range(30)]
    orders = orders_in(tmp_path, [*lines, *far])
    spend = {
        who: int(spend)
        for log in read(orders, tmp_path).logs()
        for who, spend in zip(log.customer_ids, log.streams["orders"].columns["spend"], strict=True)
    }
    assert spend == {f"c{number}": 1050 for number in range(30)}


def test_an_order_number_of_two_customers_is_told_as_in_the_whole_file(tmp_path: Path) -> None:
    orders = orders_in(tmp_path, [of(7, "ann"), *(of(100 + n, f"c{n}") for n in range(20)), of(7, "bob")])
    whole, parts = refusals(orders, tmp_path)
    assert 'line 23, column order_id: "7" is not the order id of one customer' in whole
    assert parts == whole


def test_a_broken_cell_is_named_with_the_line_of_the_file(tmp_path: Path) -> None:
    lines = [of(number, f"c{number}") for number in range(40)]
    lines[30] = "30,c30,2024-01-05,ten,paid"
    whole, parts = refusals(orders_in(tmp_path, lines), tmp_path)
    assert 'orders.csv, line 32, column amount: "ten" is not a number' in whole
    assert parts == whole


def test_a_row_of_too_many_cells_is_named(tmp_path: Path) -> None:
    lines = [*(of(number, f"c{number}") for number in range(20)), "20,c20,2024-01-05,1.00,paid,more,and more"]
    whole, parts = refusals(orders_in(tmp_path, lines), tmp_path)
    assert "line 22" in whole
    assert parts == whole


def test_a_rule_of_the_whole_file_is_asked_of_all_partitions(tmp_path: Path) -> None:
    """A status that one partition alone has says which system wrote the file."""
    header = "customer_id,ordered_at,amount"
    lines = [f"c{n},2024-01-05T10:00:00+02:00,5" for n in range(30)] + ["late,2024-01-06 10:00,5"]
    whole, parts = refusals(orders_in(tmp_path, lines, header), tmp_path)
    assert "written like the other dates, of which some have a zone and some have none" in whole
    assert parts == whole


def test_what_only_the_whole_file_shows_is_refused(tmp_path: Path) -> None:
    orders = orders_in(tmp_path, [of(1, "0"), of(2, "0"), *(of(10 + n, str(n)) for n in range(1, 20))])
    assert read_log(SHOP, orders).log.n_customers == 20
    with pytest.raises(InputError, match="a customer has the id 0 or a negative one; say under"):
        read(orders, tmp_path)


def test_nothing_left_is_told(tmp_path: Path) -> None:
    whole, parts = refusals(orders_in(tmp_path, [of(n, f"c{n}", "2024-01-05,5,cancelled") for n in range(9)]), tmp_path)
    assert "holds no order of a known customer" in whole
    assert parts == whole


def test_what_is_asked_is_asked_once(tmp_path: Path) -> None:
    """One customer has half of all orders, in whichever partition."""
    of_till = [of(1000 + n, "till", f"2024-0{1 + n % 9}-05,5,paid") for n in range(150)]
    lines = [of(n, f"c{n}") for n in range(150)] + of_till
    whole, parts = refusals(orders_in(tmp_path, lines), tmp_path)
    assert 'One customer, "till", has' in whole
    assert parts == whole


def test_the_number_of_lines_is_estimated_by_size(tmp_path: Path) -> None:
    orders = orders_in(tmp_path, [of(number, f"c{number}") for number in range(10_000)])
    assert lines_of(orders) == pytest.approx(10_001, rel=0.05)
