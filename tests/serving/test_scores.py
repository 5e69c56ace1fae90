"""The output contract: columns, bands, states."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.scores import SCORE_COLUMNS, SCORE_NAMES, Score, band, bands, lost_after_days, states


def test_the_columns_of_the_score_file_are_these_and_in_this_order() -> None:
    """Whoever reads the file relies on it."""
    assert SCORE_NAMES == (
        "customer_id",
        "as_of",
        "horizon_days",
        "probability",
        "left_probability",
        "band",
        "state",
        "days_since_order",
        "usual_gap_days",
        "overdue",
        "overdue_days",
        "next_order_on",
        "next_order_from",
        "next_order_until",
        "silent_30d",
        "silent_60d",
        "silent_90d",
        "silent_180d",
        "expected_spend",
        "value_at_risk",
        "value_at_risk_low",
        "value_at_risk_high",
        "shrunk_probability",
        "category_lost_probability",
        "usual_spend",
        "missing_spend",
        "lost_categories",
        "shrinking",
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
@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_the_column_wise_form_says_what_the_single_one_says(probabilities: list[float]) -> None:
    """Two spellings of one rule stay one rule."""
    assert bands(np.array(probabilities)).tolist() == [band(p) for p in probabilities]


# A regular who orders every week or so, nine gaps in ten within 10 days; 30 days ahead, 90 active.
GONE = {
    "order_days": 20.0,
    "long_gap_days": 10.0,
    "days_since_order": 31.0,
    "probability": 0.9,
    "left": 0.8,
    "overdue": 3.1,
}


def state_of(**other: float) -> str:
    facts = {name: np.array([value]) for name, value in {**GONE, **other}.items()}
    lost_after = lost_after_days(facts["order_days"], facts["long_gap_days"], 30)
    found = states(
        facts["order_days"],
        facts["days_since_order"],
        facts["probability"],
        facts["left"],
        facts["overdue"] >= 1,
        90,
        lost_after,
    )
    return str(found[0])


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        ({}, "lapsed"),
        ({"days_since_order": 30.0}, "at_risk"),  # not longer than three long gaps, and than the horizon
        ({"long_gap_days": 1.0, "days_since_order": 30.0}, "at_risk"),  # far beyond the rhythm, within the horizon
        ({"long_gap_days": 11.0}, "at_risk"),  # beyond the horizon, not far beyond the rhythm
        ({"probability": 0.7499}, "at_risk"),  # the model still hopes
        ({"order_days": 2.0}, "at_risk"),  # one gap is no rhythm
        ({"order_days": 1.0, "long_gap_days": np.nan}, "new"),  # a newcomer is never lost by a rhythm
        ({"order_days": 1.0, "long_gap_days": np.nan, "days_since_order": 90.0}, "new"),
        ({"order_days": 1.0, "long_gap_days": np.nan, "days_since_order": 91.0}, "lapsed"),
        ({"probability": 0.1, "days_since_order": 91.0}, "lapsed"),  # outside the population, whatever is said
        ({"long_gap_days": 11.0, "left": 0.2499}, "active"),  # late, and likely to come back
        ({"long_gap_days": 11.0, "overdue": 0.999}, "active"),  # on time, however likely no order is
        ({"long_gap_days": 11.0, "overdue": 1.0}, "at_risk"),
        ({"long_gap_days": 11.0, "overdue": np.nan}, "active"),  # no rhythm to be late by
    ],
)
def test_a_state_is_the_first_that_fits(other: dict[str, float], expected: str) -> None:
    """Lapsed by rhythm asks for everything at once; each condition alone keeps a customer on the list."""
    assert state_of(**other) == expected


@settings(deadline=None)
@given(st.integers(1, 30), st.floats(1, 90) | st.just(np.nan), st.integers(1, 200), st.floats(0, 1), st.integers(1, 60))
def test_law_more_silence_or_risk_never_takes_a_customer_out_of_lapsed(
    order_days: int, long_gap: float, since: int, probability: float, more: int
) -> None:
    """Lost stays lost while nothing is ordered, and only regulars are ever lost within the population."""
    now = {"order_days": float(order_days), "long_gap_days": long_gap}
    before = state_of(**now, days_since_order=float(since), probability=probability)
    if before == "lapsed":
        later = {"days_since_order": float(since + more), "probability": (1 + probability) / 2}
        assert state_of(**now, **later) == "lapsed"
        assert since > 90 or order_days >= 3
    if order_days == 1:
        assert before == ("lapsed" if since > 90 else "new")
