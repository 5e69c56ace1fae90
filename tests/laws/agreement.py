"""When two engines agree on a feature: integers exactly, reals to 1e-9."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from features import aggregates as agg
from features.clock import day_number
from features.feature import Feature, FeatureSet

# What is read off integers must be equal to the last digit; the rest is a quotient, a root or a power.
EXACT = (agg.Count, agg.Min, agg.Max, agg.First, agg.Last, agg.Distinct, agg.Sum)


def keys(found: pd.DataFrame) -> list[tuple[str, int]]:
    return [
        (customer, day_number(as_of.date())) for customer, as_of in zip(found.customer_id, found.as_of, strict=True)
    ]


def assert_agree(features: FeatureSet, left: pd.DataFrame, right: pd.DataFrame) -> None:
    """The same customers and dates, and for each the same features."""
    assert keys(left) == keys(right)
    for feature in features:
        for one, other in zip(left[feature.name], right[feature.name], strict=True):
            assert_equal(feature, one, other)


def assert_equal(feature: Feature, found: float, expected: float | None) -> None:
    """Integers exactly, reals to 1e-9 with a floor where a difference cancels."""
    expected = math.nan if expected is None else expected
    if math.isnan(expected) or math.isnan(found) or isinstance(feature.value, EXACT):
        agree = np.array_equal(found, expected, equal_nan=True)
    else:
        agree = math.isclose(found, expected, rel_tol=1e-9, abs_tol=1e-9)
    assert agree, f"{feature.name} ({feature.meaning}): {found!r} is not {expected!r}"
