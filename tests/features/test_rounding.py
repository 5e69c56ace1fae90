"""One rounding of a number that people read, whoever rounds it and from whatever text of it."""

from decimal import ROUND_HALF_UP, Decimal

import pytest

from features.definitions import default_features
from features.money import Money
from features.reasons import reason_sentence, value_in_words
from features.rounding import number_in_words, percent, rounded
from serving.outreach.exports.safe_text import for_people
from serving.outreach.playbooks.openings import fact_in_words, opening

FEATURES, EURO = default_features(), Money("EUR")
HALVES = [number + 0.5 for number in range(1, 400)]


@pytest.mark.parametrize("off", [0.0, 1e-9, -1e-9])
def test_reason_opening_and_column_say_the_same_number_of_days(off):
    """As the columns have three digits, noise behind them moves nothing."""
    feature = FEATURES["days_since_order"]
    for gap in HALVES:
        row = {"days_since_order": 500.0, "usual_gap_days": gap + off, "frequency": 3.0}
        days = int(Decimal(for_people(gap + off)).quantize(Decimal(1), ROUND_HALF_UP))
        assert days == int(gap + 0.5)
        reason = reason_sentence(feature, row, FEATURES, EURO)
        rhythm = {7: "every week", 14: "every two weeks"}.get(days, f"every {days} days")
        assert reason == f"no order for 500 days, usually {rhythm}"
        assert fact_in_words(row, "usual_gap_days", EURO) == f"{days} days"
        assert opening(row, ("You order {rhythm}.",), EURO) == f"You order {rhythm}."


def test_a_share_is_one_percentage_in_a_sentence_and_read_from_a_column():
    for thousandths in range(10_000):
        share = thousandths / 10_000
        assert percent(share) == percent(float(for_people(share)))
        assert value_in_words(share, FEATURES["discounted_share"], EURO) == percent(share)
    assert [percent(share) for share in (0.005, 0.125, 0.285, 0.5948, 0.595)] == ["1%", "13%", "29%", "60%", "60%"]


def test_halves_go_away_from_zero_on_both_sides_and_the_largest_numbers_are_left_alone():
    assert [int(rounded(half)) for half in (0.5, 1.5, 2.5, -0.5, -1.5, -2.5)] == [1, 2, 3, -1, -2, -3]
    assert [number_in_words(number) for number in (0.25, 2.35, 9.95, 12.5, 1e6, -0.01)] == [
        *("0.3", "2.4", "10", "13"),
        *("1,000,000", "0"),
    ]
    assert number_in_words(1e30) == f"{10**30:,}"
