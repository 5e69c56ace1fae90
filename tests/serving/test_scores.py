"""The output contract: columns, bands, states."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.scores import SCORE_COLUMNS, SCORE_NAMES, Score, band, bands, state, states


def test_the_columns_of_the_score_file_are_these_and_in_this_order() -> None:
    """Whoever reads the file relies on it."""
    assert SCORE_NAMES == (
        "customer_id",
        "as_of",
        "horizon_days",
        "probability",
        "band",
        "state",
        "days_since_order",
        "usual_gap_days",
        "overdue",
        "expected_spend",
        "value_at_risk",
        "reasons",
        "protective",
        "model_version",
    )


def test_every_column_says_what_it_means() -> None:
    """One sentence per column, beside the column."""
    assert all(len(column.meaning) > 10 for column in SCORE_COLUMNS)


def test_one_score_has_the_columns_of_the_file() -> None:
    """The single score differs by its currency and its limits alone."""
    assert {field.name for field in fields(Score)} == {*SCORE_NAMES, "currency", "limits"}


@pytest.mark.parametrize(
    ("probability", "expected"),
    [(0.0, "low"), (0.2499999, "low"), (0.25, "medium"), (0.4999999, "medium"), (0.5, "high"), (1.0, "high")],
)
def test_an_edge_belongs_to_the_band_above(probability: float, expected: str) -> None:
    """The edges are written once."""
    assert band(probability) == expected


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 5), st.integers(1, 800), st.floats(0, 1), st.just(365)), min_size=1, max_size=30)
)
def test_the_column_wise_forms_say_what_the_single_ones_say(rows: list[tuple[int, int, float, int]]) -> None:
    """Two spellings of one rule stay one rule."""
    orders, since, probability = (np.array(column, dtype=float) for column in list(zip(*rows, strict=True))[:3])
    assert bands(probability).tolist() == [band(row[2]) for row in rows]
    assert states(orders, since, probability, 365).tolist() == [state(*row) for row in rows]
