from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.money import Money


@pytest.mark.parametrize(
    ("currency", "decimals", "text"),
    [("EUR", 2, "€1,234.50"), ("IRR", 0, "123,450 IRR"), ("KWD", 3, "123.450 KWD"), ("JPY", 0, "¥123,450")],
)
def test_currencies_have_their_own_digits(currency, decimals, text):
    assert Money(currency).decimals == decimals
    assert Money(currency).text(123450) == text


@settings(max_examples=100)
@given(st.integers(-(10**13), 10**13), st.sampled_from(["EUR", "IRR", "KWD"]))
def test_minor_units_survive_the_way_out_and_back(minor, currency):
    money = Money(currency)
    assert money.minor(money.major(minor)) == minor


def test_half_a_minor_unit_is_rounded_away_from_zero():
    assert [Money("EUR").minor(Decimal(text)) for text in ("0.005", "-0.005", "0.0049")] == [1, -1, 0]
