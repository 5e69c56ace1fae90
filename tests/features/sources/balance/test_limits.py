"""What is asked about an orders file because it is too much to be decided in silence."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from pathlib import Path

import pytest

from features.errors import ConfigError, InputError
from features.language.languages import PERSIAN
from features.language.messages import said
from features.sources.mapping import OrdersMapping, Shop
from features.sources.reader import CheckReport, check_files, read_log

Row = tuple[str, str, str, str]


def regulars(months: int = 6) -> list[Row]:
    """Return the orders of forty customers who come every month."""
    return [
        (f"c{customer}", f"2024-{month:02}-{1 + (customer + month) % 27:02}", "10", "paid")
        for month in range(1, months + 1)
        for customer in range(40)
    ]


def mapping(folder: Path, rows: Iterable[Row], **more: object) -> OrdersMapping:
    path = folder / "orders.csv"
    path.write_text("\n".join(map(",".join, [("who", "day", "money", "state"), *rows])))
    columns = {"customer_id": "who", "ordered_at": "day", "amount": "money", "status": "state"}
    return OrdersMapping(path, columns, **more)  # type: ignore[arg-type]


def report(orders: OrdersMapping) -> CheckReport:
    return check_files(Shop("UTC", "EUR"), orders)


def asked(orders: OrdersMapping) -> list[str]:
    return [each.words for each in report(orders).questions]


def test_a_usual_shop_is_asked_nothing(tmp_path: Path) -> None:
    assert asked(mapping(tmp_path, [*regulars(), *[("", "2024-03-04", "10", "paid")] * 8])) == []


def test_a_rule_that_takes_many_rows_is_asked_about_and_stops_all_else(tmp_path: Path) -> None:
    rows = [*regulars(), *[("", "2024-03-04", "10", "paid")] * 30]
    (words,) = asked(mapping(tmp_path, rows))
    assert words.startswith('30 of 270 rows (11%) with 300.00 EUR (11% of the money) are left out by the rule "guests"')
    with pytest.raises(InputError, match=r'write accept = \["guests"\] under \[orders\]'):
        read_log(Shop("UTC", "EUR"), mapping(tmp_path, rows))
    assert read_log(Shop("UTC", "EUR"), mapping(tmp_path, rows, accept=("guests",))).log.n_customers == 40


def test_a_shop_without_money_is_asked_about_rows_alone(tmp_path: Path) -> None:
    orders = mapping(tmp_path, [*regulars(), *[("", "2024-03-04", "10", "paid")] * 30])
    columns = {name: header for name, header in orders.columns.items() if name != "amount"}
    (words,) = asked(dataclasses.replace(orders, columns=columns, amount_is="none"))
    assert words == '30 of 270 rows (11%) are left out by the rule "guests". Is that right?'


def test_a_rule_that_takes_few_rows_and_much_money_is_asked_about(tmp_path: Path) -> None:
    rows = [*regulars(), ("c1", "2024-03-04", "9000", "cancelled")]
    (words,) = asked(mapping(tmp_path, rows))
    assert "1 of 241 rows (0%) with 9,000.00 EUR (79% of the money)" in words
    assert "به مبلغ ۹٬۰۰۰٫۰۰ EUR (۷۹ درصد از کل مبلغ)" in said(words, PERSIAN)
    assert asked(mapping(tmp_path, rows, most_left_out=0.8)) == []


def test_decimals_that_the_currency_has_not_are_asked_about(tmp_path: Path) -> None:
    rows = [(who, day, "12.34", state) for who, day, _, state in regulars(1)]
    assert not asked(mapping(tmp_path, rows))
    (question,) = check_files(Shop("Asia/Tokyo", "JPY"), mapping(tmp_path, rows)).questions
    assert question.words == "40 amounts have decimals, which JPY has not; they are rounded. Is that right?"


def test_months_that_are_left_out_whole_are_asked_about(tmp_path: Path) -> None:
    gone = [
        (who, day, money, "cancelled" if day.startswith("2024-03") else "paid") for who, day, money, _ in regulars()
    ]
    (words,) = asked(mapping(tmp_path, gone, accept=("cancelled",)))
    assert words == "All rows of 2024-03 (40 rows) are left out. Is that right?"
    assert said(words, PERSIAN) == "همهٔ سطرهای 2024-03 (۴۰ سطر) کنار گذاشته شده است. درست است؟"


def test_one_customer_with_more_than_a_tenth_of_all_orders_is_asked_about(tmp_path: Path) -> None:
    till = [("till", f"2024-0{month}-{day:02}", "3", "paid") for month in (1, 2) for day in range(1, 27)]
    (words,) = asked(mapping(tmp_path, [*regulars(), *till]))
    assert words == 'One customer, "till", has 52 orders, 18% of all. Is that right?'


def test_customers_who_never_come_again_are_asked_about(tmp_path: Path) -> None:
    rows = [(f"n{number}", f"2024-01-{1 + number % 27:02}", "10", "paid") for number in range(120)]
    (words,) = asked(mapping(tmp_path, rows))
    assert words.startswith("None of the 120 customers ever comes again")


def test_a_day_with_a_fifth_of_all_orders_is_asked_about(tmp_path: Path) -> None:
    moved = [(who, "2024-02-01" if day < "2024-03" else day, money, state) for who, day, money, state in regulars(5)]
    (words,) = asked(mapping(tmp_path, moved))
    assert words == "40 orders, 25% of all, lie on one day, 2024-02-01. Is that right?"


def test_small_files_are_not_asked_about(tmp_path: Path) -> None:
    assert asked(mapping(tmp_path, [*regulars(1), *[("", "2024-03-04", "10", "paid")] * 40])) == []


def test_what_is_accepted_has_a_known_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r'accept is .* not "gests".*guests'):
        mapping(tmp_path, [], accept=("gests",))
