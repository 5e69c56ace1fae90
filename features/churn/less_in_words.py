"""The sentences on accounts that buy less: whole sentences, each said only where its numbers bear it out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from features.money import Money
from features.rounding import number_in_words, percent

CLEARLY_LESS = 0.75  # of the usual: what is nearer to it is no news
MOST_LETTERS = 60  # of a category
SPENT_LESS = "spent {newest} in the last {days} days, usually {usual}"
ORDERED_LESS = "ordered on {newest} of the last {days} days, usually on {usual}"
WAVERS = "in {share} of the stretches of {days} days before, spent at most half of the usual {usual}"
LIKELY_LESS = "likely spends at most half of the usual {usual} in the next {days} days"
NOT_BOUGHT = {
    3: "has not bought {category} since {month}, before in three of four months",
    4: "has not bought {category} since {month}, before in each of four months",
}


def shrinks(
    newest: float,
    usual: float,
    order_days: tuple[float, float],
    lean_share: float,
    horizon_days: int,
    money: Money,
) -> Iterator[str]:
    """Yield the sentences that are true of an account that shrinks.

    Args:
        newest: spent in the newest window, minor units.
        usual: the own usual, minor units.
        order_days: order days in the newest window, and usually.
        lean_share: share of the own windows before with at most half of the usual.
        horizon_days: the length of a window.
        money: the shop's currency.

    >>> list(shrinks(9_000, 30_000, (1.0, 4.0), 0.1, 30, Money("EUR")))[0]
    'spent €90.00 in the last 30 days, usually €300.00'
    """
    known, days, told = money.text(usual), f"{horizon_days:,}", False
    if newest <= CLEARLY_LESS * usual:
        told = True
        yield SPENT_LESS.format(newest=money.text(newest), days=days, usual=known)
    now, before = order_days
    if now <= CLEARLY_LESS * before and before - now >= 1:
        told = True
        yield ORDERED_LESS.format(newest=number_in_words(now), days=days, usual=number_in_words(before))
    if lean_share >= 1 / 3:
        told = True
        yield WAVERS.format(share=percent(lean_share), days=days, usual=known)
    if not told:
        yield LIKELY_LESS.format(usual=known, days=days)


def in_words(category: str) -> str:
    """Return a category as it is said: on one line, and not too long for a sentence.

    >>> in_words(" oil  filters ")
    'oil filters'
    """
    return " ".join(category.split())[:MOST_LETTERS]


def not_bought(category: str, last: date, as_of: date, months: int) -> str:
    """Return the sentence on a category that is bought no more.

    Args:
        category: by `in_words`.
        last: the day of the last purchase there.
        as_of: the day that is looked from.
        months: of the four months until then, in how many it was bought: 3 or 4.

    >>> not_bought("filters", date(2026, 3, 20), date(2026, 6, 1), 3)
    'has not bought filters since March, before in three of four months'
    """
    month = f"{last:%B}" if last.year == as_of.year else f"{last:%B %Y}"
    return NOT_BOUGHT[months].format(category=category, month=month)
