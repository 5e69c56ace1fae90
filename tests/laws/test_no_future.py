"""Law: nothing on or after `as_of` changes a feature, and the order of rows and dates never does, bit for bit."""

from __future__ import annotations

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from features.build import feature_table
from features.clock import date_of
from tests.laws.shops import EVERYTHING, KINDS, Shop, later_rows, same_bits, shops, table
from tests.oracle import Line

ACTIVE_DAYS = 400


def on_day(found: pd.DataFrame, day: int) -> pd.DataFrame:
    return found[found["as_of"] == pd.Timestamp(date_of(day))]


@given(shops())
def test_many_dates_equal_one_date(shop: Shop) -> None:
    many = table(shop, EVERYTHING, ACTIVE_DAYS)
    for day in shop.days:
        same_bits(on_day(many, day), table(shop.on(day), EVERYTHING, ACTIVE_DAYS))


@given(shops())
def test_the_whole_history_equals_the_history_up_to_the_date(shop: Shop) -> None:
    many = table(shop, EVERYTHING, ACTIVE_DAYS)
    for day in shop.days:
        same_bits(on_day(many, day), table(shop.before(day), EVERYTHING, ACTIVE_DAYS))


@given(shops())
def test_a_log_cut_at_the_date_equals_lines_cut_at_the_date(shop: Shop) -> None:
    for day in shop.days:
        cut = feature_table(shop.log.before(day), [date_of(day)], EVERYTHING, ACTIVE_DAYS)
        same_bits(cut, table(shop.before(day), EVERYTHING, ACTIVE_DAYS))


@given(shops(), st.integers(0, 2**16))
def test_the_order_of_rows_and_dates_does_not_matter(shop: Shop, seed: int) -> None:
    same_bits(table(shop, EVERYTHING), table(shop.shuffled(seed), EVERYTHING))
    same_bits(table(shop, EVERYTHING), table(shop.on(*shop.days[::-1] * 2), EVERYTHING))


@given(st.data(), shops())
def test_nothing_on_or_after_the_date_changes_a_feature(data: st.DataObject, shop: Shop) -> None:
    day = shop.days[-1]
    now = shop.on(day)
    same_bits(table(now, EVERYTHING), table(now.plus(data.draw(later_rows(day))), EVERYTHING))


def test_a_later_line_of_the_same_order_id_does_not_change_what_was_known() -> None:
    free, paid = Line("ann", 10, 0, order_id="1"), Line("ann", 20, 500, order_id="1")
    bought = Line("ann", 9, 100, order_id="0")
    same_bits(
        table(Shop((bought, free), (), (15,)), EVERYTHING), table(Shop((bought, free, paid), (), (15,)), EVERYTHING)
    )


def test_the_law_looks_at_events_of_every_sort() -> None:
    """A kind by the shop, one that answers it, and one with a value: without them the laws above prove less."""
    assert {(kind.by_shop, kind.answers is not None, kind.has_value) for kind in KINDS} == {
        (True, False, False),
        (False, True, False),
        (False, False, True),
    }
