"""Law: three readings of every aggregate and of every feature give the same numbers on any shop."""

from __future__ import annotations

import math
from dataclasses import replace

import ibis
import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, given, settings

from features import aggregates as agg
from features.clock import day_number
from features.engines import relational
from features.engines.stream_tables import stream_tables
from features.feature import Feature, FeatureSet
from tests import oracle
from tests.laws.shops import AGGREGATES, DEFAULTS, EVERYTHING, Shop, crowds, shops, table

# What is read off integers must be equal to the last digit; the rest is a quotient, a root or a power.
EXACT = (agg.Count, agg.Min, agg.Max, agg.First, agg.Last, agg.Distinct, agg.Sum)
ACTIVE_DAYS = 200
HALVES = tuple(replace(AGGREGATES, features=AGGREGATES.features[half::2]) for half in (0, 1))
# A query of every aggregate takes some seconds: a failing shop is shown as it was found.
UNSHRUNK = (Phase.explicit, Phase.reuse, Phase.generate)


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


@pytest.mark.parametrize("features", [DEFAULTS, *HALVES], ids=["features", "aggregates", "more aggregates"])
@pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")  # Ibis 12 asks DuckDB 2 by the old name
@given(shop=crowds())
@settings(max_examples=max(settings().max_examples // 8, 1), phases=UNSHRUNK)
def test_single_pass_equals_relational(features: FeatureSet, shop: Shop) -> None:
    found = table(shop, features, ACTIVE_DAYS)
    tables = stream_tables(shop.log, ibis.duckdb.connect())
    queried = relational.feature_table(tables, shop.dates, features, ACTIVE_DAYS)
    assert keys(found) == keys(queried)
    for feature in features:
        for left, right in zip(found[feature.name], queried[feature.name], strict=True):
            assert_equal(feature, left, right)


def keys(found: pd.DataFrame) -> list[tuple[str, int]]:
    return [
        (customer, day_number(as_of.date())) for customer, as_of in zip(found.customer_id, found.as_of, strict=True)
    ]


def expected_keys(shop: Shop) -> list[tuple[str, int]]:
    return sorted((who, day) for day in shop.days for who in oracle.population(shop.lines, day, ACTIVE_DAYS))


def assert_equal(feature: Feature, found: float, expected: float | None) -> None:
    """Integers exactly, reals to 1e-9 with a floor where a difference cancels."""
    expected = math.nan if expected is None else expected
    if math.isnan(expected) or math.isnan(found) or isinstance(feature.value, EXACT):
        agree = np.array_equal(found, expected, equal_nan=True)
    else:
        agree = math.isclose(found, expected, rel_tol=1e-9, abs_tol=1e-9)
    assert agree, f"{feature.name} ({feature.meaning}): {found!r} is not {expected!r}"
