"""A rule whose share is another than when the shop was last read is asked about."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from features.language.languages import PERSIAN
from features.language.messages import said
from features.sources.balance.jumps import FormerReading, jumps
from features.sources.balance.sheet import BalanceSheet, Counted, SheetLine


def line(rule: str, rows: int, money: int) -> SheetLine:
    return SheetLine(rule, rows, rows, rows, {"EUR": Decimal(money)})


def sheet(rows: int, returns: tuple[int, int] = (0, 0), **left_out: tuple[int, int]) -> BalanceSheet:
    """Return a sheet of rows of 10.00, of which rules took (rows, money)."""
    lines = tuple(line(rule.replace("_", " "), *took) for rule, took in left_out.items())
    rest = rows - sum(each.rows for each in lines) - returns[0]
    parts = (line("rows read", rows, 10 * rows), lines, line("returns", *returns), line("order lines", rest, 10 * rest))
    return BalanceSheet("EUR", *parts, (), Counted(), (), np.zeros(0, dtype=np.int8))


def asked(now: BalanceSheet, before: BalanceSheet, *accepted: str) -> list[str]:
    return [each.words for each in jumps(now, FormerReading.of(before), accepted)]


def test_a_share_that_rose_is_asked_about_with_both_shares() -> None:
    (words,) = asked(sheet(1000, cancelled=(80, 800)), sheet(1000, cancelled=(20, 200)))
    assert words.startswith('8.0% of the rows (80) with 8.0% of the money are left out by the rule "cancelled"; when')
    assert "it was 2.0% with 2.0%. Is that right?" in words


def test_a_rule_that_takes_nothing_any_more_is_asked_about() -> None:
    (words,) = asked(sheet(1000), sheet(1000, cancelled=(50, 500)))
    assert words.startswith("0.0% of the rows (0) with 0.0% of the money")


def test_returns_are_compared_too() -> None:
    (words,) = asked(sheet(1000, (100, 1000)), sheet(1000, (10, 100)))
    assert "are returns; when this shop was last read it was 1.0%" in words
    assert said(words, PERSIAN).startswith("۱۰٫۰ درصد از سطرها (۱۰۰ سطر) با ۱۰٫۰ درصد از کل مبلغ مرجوعی است؛")


def test_much_money_on_few_rows_is_asked_about() -> None:
    assert asked(sheet(1000, cancelled=(10, 900)), sheet(1000, cancelled=(10, 100)))


@pytest.mark.parametrize(
    ("now", "before"),
    [
        (sheet(1000, cancelled=(55, 550)), sheet(1000, cancelled=(20, 200))),  # less than three times
        (sheet(1000, cancelled=(9, 90)), sheet(1000, cancelled=(1, 10))),  # less than a percentage point
        (sheet(90, cancelled=(20, 200)), sheet(1000, cancelled=(20, 200))),  # few rows
        (sheet(120, cancelled=(5, 50)), sheet(1000, cancelled=(12, 120))),  # may be chance
        (sheet(1000, earlier_states=(300, 3000)), sheet(1000)),  # the same order stands elsewhere
    ],
)
def test_what_is_no_news_is_not_asked_about(now: BalanceSheet, before: BalanceSheet) -> None:
    assert not asked(now, before)


def test_what_the_shop_has_accepted_is_not_asked_again() -> None:
    assert not asked(sheet(1000, cancelled=(80, 800)), sheet(1000), "cancelled")
