"""Law: the single pass and a reading in plain Python give the same numbers on any shop.

That every engine gives those of the single pass is in `tests/features/engines/test_contract.py`.
"""

from __future__ import annotations

from hypothesis import given, settings

from features import aggregates as agg
from features.clock import day_number
from tests import oracle
from tests.laws.agreement import assert_equal, keys
from tests.laws.shops import AGGREGATES, EVERYTHING, Shop, shops, table

ACTIVE_DAYS = 200


def test_every_aggregate_is_under_the_law() -> None:
    tried = {type(feature.value) for feature in AGGREGATES}
    assert tried == set(agg.Aggregate.__subclasses__())


@given(shops())
@settings(max_examples=settings().max_examples * 2)
def test_single_pass_equals_plain_python(shop: Shop) -> None:
    found = table(shop, EVERYTHING, ACTIVE_DAYS)
    assert keys(found) == expected_keys(shop)
    for row in found.to_dict("records"):
        day = day_number(row["as_of"].date())
        expected = oracle.features_of(EVERYTHING, shop.lines, shop.events, row["customer_id"], day, shop.known)
        for feature in EVERYTHING:
            assert_equal(feature, row[feature.name], expected[feature.name])


def expected_keys(shop: Shop) -> list[tuple[str, int]]:
    return sorted((who, day) for day in shop.days for who in oracle.population(shop.lines, day, ACTIVE_DAYS))
