"""Law: a customer's features come from that customer alone, however many are computed at once, bit for bit."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from features.build import feature_table
from tests.laws.shops import CUSTOMERS, EVERYTHING, Shop, same_bits, shops, table
from tests.oracle import Line


@given(shops(), st.integers(1, 4))
def test_chunks_equal_the_whole(shop: Shop, chunk_customers: int) -> None:
    same_bits(table(shop, EVERYTHING, 200, chunk_customers=chunk_customers), table(shop, EVERYTHING, 200))


@given(shops(), st.sampled_from(CUSTOMERS))
def test_other_customers_change_nothing(shop: Shop, customer: str) -> None:
    among_others = table(shop, EVERYTHING)
    same_bits(among_others[among_others["customer_id"] == customer], table(shop.of(customer), EVERYTHING))


@given(shops(), st.lists(st.sampled_from(CUSTOMERS), max_size=3))
def test_a_log_of_some_customers_equals_their_rows_of_the_whole(shop: Shop, customers: list[str]) -> None:
    some = feature_table(shop.log.only([*customers, "nobody"]), shop.dates, EVERYTHING)
    whole = table(shop, EVERYTHING)
    same_bits(some, whole[whole["customer_id"].isin(customers)])


def test_an_order_id_shared_by_two_customers_is_two_orders() -> None:
    bought, free = Line("ann", 9, 100, order_id="0"), Line("ann", 10, 0, order_id="1")
    alone = Shop((bought, free), (), (15,))
    shared = alone.plus(Shop((Line("bob", 10, 500, order_id="1"),), (), ()))
    among_others = table(shared, EVERYTHING)
    same_bits(among_others[among_others["customer_id"] == "ann"], table(alone, EVERYTHING))
