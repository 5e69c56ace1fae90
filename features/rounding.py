"""Rounds the numbers that people read: one rule, so that a fact is the same number wherever it is told.

A number has at most three digits after the point, as the columns of a list show it; a sentence rounds what the column
shows, halves away from zero. Read from the column or from the number itself, the sentence says the same.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

SHOWN_DIGITS = 3
_RHYTHMS = {1: "every day", 7: "every week", 14: "every two weeks"}
LONGEST = 20  # digits before the point; a Decimal holds 28 in all


def as_shown(value: float) -> Decimal:
    """Return a finite number with the digits that a column shows.

    >>> as_shown(0.59483), as_shown(0.0625)
    (Decimal('0.595'), Decimal('0.063'))
    """
    return _to(Decimal(repr(float(value))), SHOWN_DIGITS)


def rounded(value: float, digits: int = 0) -> Decimal:
    """Return a finite number rounded from what a column shows, halves away from zero.

    >>> rounded(22.5), rounded(-22.5), rounded(2.25, 1)
    (Decimal('23'), Decimal('-23'), Decimal('2.3'))
    """
    return _to(as_shown(value), digits)


def days_in_words(value: float) -> str:
    """Return days as a person says them: whole.

    >>> days_in_words(40.5), days_in_words(0.5)
    ('41 days', '1 day')
    """
    days = rounded(value)
    return f"{days:,} day" if days == 1 else f"{days:,} days"


def every_in_words(days: float) -> str:
    """Return a gap as a rhythm.

    >>> every_in_words(1.0), every_in_words(7.0), every_in_words(30.5)
    ('every day', 'every week', 'every 31 days')
    """
    whole = max(int(rounded(days)), 1)
    return _RHYTHMS.get(whole, f"every {whole:,} days")


def percent(share: float, digits: int = 0) -> str:
    """Return a share as a percentage, a whole one unless a table has room for one digit more.

    >>> percent(0.595), percent(0.625), percent(0.625, 1)
    ('60%', '63%', '62.5%')
    """
    return f"{_to(as_shown(share) * 100, digits)}%"


def number_in_words(value: float) -> str:
    """Write whole numbers whole, small ones with a digit, large ones with separators.

    >>> number_in_words(1200.0), number_in_words(2.25), number_in_words(12.5)
    ('1,200', '2.3', '13')
    """
    number = rounded(value, 0 if abs(value) >= 10 else 1)
    return f"{number:,.0f}" if number == number.to_integral_value() else f"{number:,}"


def _to(number: Decimal, digits: int) -> Decimal:
    if number.adjusted() > LONGEST:
        return number  # no digit after the point is known of it
    found = number.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)
    return abs(found) if found.is_zero() else found  # no −0
