"""Rial, toman and the new rial of 10,000 rial: how files in each are read, and what is asked where nobody has said."""

from __future__ import annotations

import dataclasses
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from features.language.languages import GREEK, PERSIAN
from features.language.messages import said
from features.money import NEW_RIAL
from features.questions import Question
from features.sources.balance.jumps import FormerReading, jumps
from features.sources.mapping import OrdersMapping, Shop
from features.sources.posted import posted_lines
from features.sources.reader import check_files

RIAL_SHOP, TOMAN_SHOP = Shop("Asia/Tehran", "IRR"), Shop("Asia/Tehran", "IRT")
SWITCH = date(2027, 3, 21)


def orders(folder: Path, rows: list[tuple[str, str, str, str]], **more: object) -> OrdersMapping:
    path = folder / "orders.csv"
    path.write_text("\n".join(map(",".join, [("who", "day", "money", "unit"), *rows])))
    columns = {"customer_id": "who", "ordered_at": "day", "amount": "money", "currency": "unit"}
    return OrdersMapping(path, columns, **more)  # type: ignore[arg-type]


def sales(first: date, days: int, rial: int, *, divided_by: int = 1, unit: str = "") -> list[tuple[str, str, str, str]]:
    """Return three orders a day of about so many rial, as a till writes them."""
    drawn = np.random.default_rng(first.toordinal()).lognormal(0, 0.8, (days, 3))
    return [
        (f"c{(3 * day + n) % 40}", str(first + timedelta(days=day)), f"{rial * drawn[day, n] / divided_by:.0f}", unit)
        for day in range(days)
        for n in range(3)
    ]


def questions(shop: Shop, mapping: OrdersMapping) -> tuple[Question, ...]:
    report = check_files(shop, mapping)
    assert not report.violations, report.violations
    return report.questions


@pytest.mark.parametrize(
    ("shop", "old", "expected"), [(RIAL_SHOP, "24000000", 24_000_000), (TOMAN_SHOP, "2400000", 2_400_000)]
)
def test_amounts_are_in_new_rial_from_the_first_day_that_the_shop_names(shop: Shop, old: str, expected: int) -> None:
    rows = [{"ordered_at": "2027-03-20", "amount": old}, {"ordered_at": "2027-03-21", "amount": "2400"}]
    lines = posted_lines(rows, dataclasses.replace(shop, new_rial_from=SWITCH))
    assert lines.amount.tolist() == [expected, expected]


def test_a_qiran_is_a_hundredth_of_a_new_rial_and_nothing_is_rounded_away() -> None:
    shop = dataclasses.replace(RIAL_SHOP, new_rial_from=SWITCH)
    assert posted_lines([{"ordered_at": "2027-03-21", "amount": "57.43"}], shop).amount.tolist() == [574_300]


def test_a_row_that_names_its_unit_is_read_in_it_whatever_the_day_and_needs_no_rate() -> None:
    rows = [
        {"ordered_at": "2027-03-20", "amount": "2400", "currency": "ریال جدید"},
        {"ordered_at": "2027-03-22", "amount": "2400000", "currency": "تومان"},
        {"ordered_at": "2027-03-22", "amount": "2400", "currency": "ريال"},  # the rial of that day is the new one
        {"ordered_at": "2027-03-19", "amount": "24000000", "currency": "IRR"},
    ]
    lines = posted_lines(rows, dataclasses.replace(RIAL_SHOP, new_rial_from=SWITCH))
    assert lines.amount.tolist() == [24_000_000] * 4
    assert posted_lines(rows[:2], TOMAN_SHOP).amount.tolist() == [2_400_000] * 2


def test_the_balance_sheet_names_both_units_and_what_became_of_them(tmp_path: Path) -> None:
    rows = [*sales(SWITCH - timedelta(days=20), 20, 8_000_000), *sales(SWITCH, 20, 8_000_000, divided_by=10_000)]
    sheet = check_files(dataclasses.replace(RIAL_SHOP, new_rial_from=SWITCH), orders(tmp_path, rows)).sheet
    assert sheet is not None
    assert set(sheet.read.money) == {"IRR", NEW_RIAL}
    assert sheet.counted.spend == sheet.read.money["IRR"] + 10_000 * sheet.read.money[NEW_RIAL]


def test_a_fall_by_ten_thousand_stops_and_asks_from_which_day_and_the_answer_settles_it(tmp_path: Path) -> None:
    rows = [*sales(date(2026, 9, 1), 201, 8_000_000), *sales(SWITCH, 4, 8_000_000, divided_by=10_000)]
    (question,) = questions(RIAL_SHOP, orders(tmp_path, rows))
    assert question.words == (
        "From 2027-03-21 on amounts are about 10,000 times smaller than before. "
        "Are they in new rial, of 10,000 rial each?"
    )
    assert question.likely.settings == {"shop.new_rial_from": SWITCH}
    assert question.remedy == "if so, write new_rial_from = 2027-03-21 under [shop]"
    assert "۱۴۰۶/۰۱/۰۱" in said(question.words, PERSIAN)
    assert said(question.words, GREEK) != question.words
    told = dataclasses.replace(RIAL_SHOP, new_rial_from=SWITCH)
    assert questions(told, orders(tmp_path, rows)) == ()
    assert questions(RIAL_SHOP, orders(tmp_path, rows, accept=("new unit",))) == ()


@pytest.mark.parametrize("named", [date(2027, 2, 1), date(2027, 5, 1)])
def test_a_first_day_that_is_not_the_files_own_is_asked_about_with_the_right_one(tmp_path: Path, named: date) -> None:
    rows = [*sales(date(2026, 9, 1), 201, 8_000_000), *sales(SWITCH, 90, 8_000_000, divided_by=10_000)]
    (question,) = questions(dataclasses.replace(RIAL_SHOP, new_rial_from=named), orders(tmp_path, rows))
    assert question.likely.settings == {"shop.new_rial_from": SWITCH}


def test_two_units_side_by_side_are_asked_about(tmp_path: Path) -> None:
    mixed = sales(date(2027, 4, 1), 90, 8_000_000) + [
        (who, day, str(max(1, int(money) // 10_000)), unit)
        for who, day, money, unit in sales(date(2027, 4, 2), 90, 9_000_000)[::6]
    ]
    (question,) = questions(RIAL_SHOP, orders(tmp_path, mixed))
    assert "about 10,000 times smaller or larger than the others" in question.words
    assert question.likely.settings == {"orders.accept": ("new unit",)}


def test_decimals_in_rial_ask_for_the_new_rial(tmp_path: Path) -> None:
    rows = [(who, day, f"{money}.25", unit) for who, day, money, unit in sales(date(2027, 4, 1), 60, 900)]
    (question,) = questions(RIAL_SHOP, orders(tmp_path, rows))
    assert question.likely.settings == {"shop.new_rial_from": date(1980, 1, 1)}
    assert questions(RIAL_SHOP, orders(tmp_path, rows, accept=("rounded",))) == ()


def test_a_shop_whose_history_was_converted_since_it_was_last_read_is_asked(tmp_path: Path) -> None:
    before = check_files(RIAL_SHOP, orders(tmp_path, sales(date(2026, 9, 1), 150, 8_000_000))).sheet
    now = check_files(RIAL_SHOP, orders(tmp_path, sales(date(2026, 9, 1), 152, 8_000_000, divided_by=10_000))).sheet
    assert before is not None
    assert now is not None
    (question,) = jumps(now, FormerReading.of(before), ())
    assert question.likely.settings == {"shop.new_rial_from": date(1980, 1, 1)}
    assert jumps(now, FormerReading.of(before), ("new unit",)) == ()
    assert jumps(before, FormerReading.of(before), ()) == ()
    (back,) = jumps(before, FormerReading.of(now), ())
    assert back.likely.settings == {"orders.accept": ("new unit",)}


def test_prices_that_double_and_other_currencies_ask_nothing(tmp_path: Path) -> None:
    rows = [*sales(date(2026, 9, 1), 100, 8_000_000), *sales(date(2026, 12, 10), 100, 40_000_000)]
    assert questions(RIAL_SHOP, orders(tmp_path, rows)) == ()
    fallen = [*sales(date(2026, 9, 1), 201, 8_000_000), *sales(SWITCH, 90, 8_000_000, divided_by=10_000)]
    assert questions(Shop("Europe/Athens", "EUR"), orders(tmp_path, fallen)) == ()


def test_the_law_sets_the_rates_and_a_stated_rate_wins() -> None:
    assert RIAL_SHOP.rate(NEW_RIAL) == 10_000
    assert dataclasses.replace(TOMAN_SHOP, exchange_rates={"IRR": Decimal("0.2")}).rate("IRR") == Decimal("0.2")
