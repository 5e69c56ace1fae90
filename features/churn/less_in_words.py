"""The sentences on accounts that buy less: whole sentences, each said only where its numbers bear it out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from features.churn.categories import HABIT_MONTHS
from features.language.messages import Message, Sentence
from features.language.typed_values import Amount, Day, Days, Name, Number, Percent, Plain, Value
from features.money import Money

Fields = dict[str, Value | Message | Plain]
CLEARLY_LESS = 0.75  # of the usual: what is nearer to it is no news
MOST_LETTERS = 60  # of a category


def shrinks(
    newest: float,
    usual: float,
    order_days: tuple[float, float],
    lean_share: float,
    horizon_days: int,
    money: Money,
) -> Iterator[Sentence]:
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
    own: Fields = {"usual": Amount(usual, money.currency), "days": Days(horizon_days)}
    now, before = order_days
    told = []
    if newest <= CLEARLY_LESS * usual and (now or before < 1):  # spending nothing on no order goes without saying
        own_newest: Fields = {**own, "newest": Amount(newest, money.currency)}
        told.append(Message("spent {newest} in the last {days}, usually {usual}", own_newest))
    if now <= CLEARLY_LESS * before and before - now >= 1:
        told.append(_seldom(now, before, horizon_days))
    if lean_share >= 1 / 3:
        lean: Fields = {**own, "share": Percent(lean_share)}
        told.append(
            Message("in {share} of the stretches of {days} before, spent at most half of the usual {usual}", lean)
        )
    if not told:
        told.append(Message("likely spends at most half of the usual {usual} in the next {days}", own))
    yield from map(Sentence.of, told)


def _seldom(now: float, before: float, horizon_days: int) -> Message:
    """Return on how many days was ordered, and usually is."""
    counts: Fields = {"usual": Number(before), "days": Days(horizon_days)}
    if now:
        return Message("ordered on {newest} of the last {days}, usually on {usual}", {**counts, "newest": Number(now)})
    return Message("no order in the last {days}, usually on {usual} of them", counts)


def in_words(category: str) -> str:
    """Return a category as it is said: on one line, and not too long for a sentence.

    >>> in_words(" oil  filters ")
    'oil filters'
    """
    return " ".join(category.split())[:MOST_LETTERS]


def not_bought(category: str, last: date, months: int) -> Sentence:
    """Return the sentence on a category that is bought no more.

    Args:
        category: by `in_words`.
        last: the day of the last purchase there.
        months: of the four months until then, in how many it was bought: 3 or 4.

    >>> not_bought("filters", date(2026, 3, 20), 3)
    'has not bought filters since March 2026, before in three of four months'
    """
    own: Fields = {"category": Name(category), "day": Day(last)}
    if months == HABIT_MONTHS:
        return Sentence.of(Message("has not bought {category} since {day:month}, before in each of four months", own))
    return Sentence.of(Message("has not bought {category} since {day:month}, before in three of four months", own))
