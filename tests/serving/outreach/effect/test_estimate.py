"""An estimate with its interval: against Student's t as SciPy has it, and how it is written for people."""

from __future__ import annotations

import math
from decimal import Decimal
from statistics import NormalDist

import pytest
from scipy import stats

from features.money import Money
from serving.outreach.effect.estimate import (
    UNKNOWN,
    Estimate,
    MoneyEstimate,
    estimate_around,
    in_major_units,
    percent,
    student_quantile,
    wider,
)

HALVES = [Estimate(*(None if place == missing else 1.0 for place in range(3))) for missing in range(3)]


@pytest.mark.parametrize("share", [0.6, 0.9, 0.975, 0.995])
@pytest.mark.parametrize("degrees", [12.0, 30.5, 200.0, math.inf])
def test_the_quantile_is_students(share: float, degrees: float) -> None:
    assert student_quantile(share, degrees) == pytest.approx(stats.t.ppf(share, degrees), abs=1e-3)
    assert student_quantile(1 - share, degrees) == pytest.approx(-student_quantile(share, degrees))


def test_the_expansion_is_that_of_the_book() -> None:
    """Abramowitz and Stegun 26.7.5, at one degree of freedom, and no fewer, where its terms stand alone."""
    z = NormalDist().inv_cdf(0.9)
    terms = z + (z**3 + z) / 4 + (5 * z**5 + 16 * z**3 + 3 * z) / 96
    terms += (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    for degrees in (1.0, 0.5, 0.0):
        assert student_quantile(0.9, degrees) == pytest.approx(terms, rel=1e-12)
    halves = z + (z**3 + z) / 6 + (5 * z**5 + 16 * z**3 + 3 * z) / 96 / 2.25
    halves += (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384 / 3.375
    assert student_quantile(0.9, 1.5) == pytest.approx(halves, rel=1e-12)


def test_the_interval_lies_around_the_value_and_grows_with_the_error() -> None:
    found = estimate_around(7.0, 2.0, 40.0)
    assert found.value == 7.0
    assert found.low == pytest.approx(7 - 2 * stats.t.ppf(0.975, 40), abs=1e-4)
    assert found.high == pytest.approx(7 + 2 * stats.t.ppf(0.975, 40), abs=1e-4)
    reach = estimate_around(0.0, 1.0, 41.0).high
    assert reach == round(student_quantile(0.975, 41.0), 6) != round(student_quantile(0.975, 41.0), 7)
    assert estimate_around(7.0, 2.0) == Estimate(7.0, 7 - 2 * 1.959964, 7 + 2 * 1.959964)


@pytest.mark.parametrize("bias", [0.25, 1.0, 3.0, 20.0])
@pytest.mark.parametrize("error", [1.0, 4.0])
def test_with_a_bias_the_interval_still_holds_95_percent(error: float, bias: float) -> None:
    """Also where the middle is off by all of it."""
    found = estimate_around(0.0, error, bias=bias)
    chance = NormalDist(bias, error)
    assert chance.cdf(found.high) - chance.cdf(found.low) == pytest.approx(0.95, abs=1e-6)


def test_without_a_bias_or_an_error_nothing_is_wider() -> None:
    assert [wider(*each) for each in ((1.0, 0.0), (1.0, -1.0), (0.0, 1.0), (-1.0, 1.0), (0.0, 0.0))] == [1.0] * 5
    assert wider(1.0, 1e-9) == pytest.approx(1.0)
    assert wider(0.5, 0.5) == wider(2.0, 2.0) > 1.3


def test_it_is_beyond_chance_where_no_end_reaches_nought() -> None:
    inside = [Estimate(1, -1, 2), Estimate(1, 0, 2), Estimate(-1, -2, 0), UNKNOWN]
    assert [each.is_beyond_chance for each in inside] == [False] * 4
    assert [each.is_beyond_chance for each in (Estimate(2, 1, 3), Estimate(-2, -3, -1))] == [True, True]
    assert [each.is_beyond_chance for each in HALVES] == [True, False, False]


def test_times_a_number_every_end_is_and_what_is_unknown_stays_so() -> None:
    assert Estimate(1.0, -2.0, 3.0) * 4 == Estimate(4.0, -8.0, 12.0)
    assert UNKNOWN * 4 == UNKNOWN == Estimate(None, None, None)
    assert Estimate(0.0, None, 3.0) * 2 == Estimate(0.0, None, 6.0)


def test_it_is_written_for_a_cell_and_for_a_sentence() -> None:
    share, count = Estimate(12.3456, -0.5, 25.0), Estimate(1234.4, -12.6, 2468.0)
    assert share.as_points() == "1,234.6 (−50.0 to 2,500.0)"
    assert share.as_points_more() == "1,234.6 points more (95 % interval −50.0 to 2,500.0)"
    assert count.as_count() == "1,234 (−13 to 2,468)"
    assert count.as_customers_kept() == "1,234 customers kept (−13 to 2,468)"
    euros = Money("EUR")
    texts = [euros.text(end).replace("-", "−") for end in (123_440, -1_260, 246_800)]
    assert (count * 100).as_money(euros) == f"{texts[0]} ({texts[1]} to {texts[2]})"
    for each in (UNKNOWN, *HALVES):
        assert each.as_points_more() == "too few to say"


def test_money_is_answered_in_major_units() -> None:
    found = in_major_units(Estimate(1250.0, -50.0, 2_550.4), Money("EUR"))
    assert found == MoneyEstimate(Decimal("12.50"), Decimal("-0.50"), Decimal("25.50"))
    assert in_major_units(UNKNOWN, Money("EUR")) == MoneyEstimate(None, None, None)


def test_a_share_is_written_as_a_percentage() -> None:
    assert [percent(share) for share in (0.0, 0.1234, 1.0, None)] == ["0.0 %", "12.3 %", "100.0 %", "–"]
