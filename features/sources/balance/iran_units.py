"""Asks a shop of Iran where its amounts look as if they were in another unit than the one they are read in.

By the law of November 2025 a new rial takes the place of 10,000 rial, and both are valid for up to three years. Files
go over to it without a word: from some day on amounts are 10,000 times smaller, or all are since the last reading, or
each till writes its own. Whatever differs by 10,000 is asked about; nothing is scaled that the shop has not named.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

import numpy as np
import numpy.typing as npt

from features.clock import date_of
from features.language.messages import Message, Sentence, message_in, sentence
from features.language.typed_values import Amount, Percent
from features.log import Ints, Log
from features.money import RIALS
from features.questions import Answer, Question
from features.sources.balance.sheet import ORDER_LINES, BalanceSheet
from features.sources.rules import NEW_UNIT, ROUNDED

Floats = npt.NDArray[np.float64]
FROM_THE_FIRST = date(1980, 1, 1)  # the earliest date that a file may hold: all its amounts are in new rial
LEAST, MOST = 3.5, 4.5  # powers of ten that pass for 10,000; prices move between two readings
DAYS = 5  # of orders on either side of a jump, of which the median counts: a few gifts are no new unit
FAR, LEAST_SHARE, LEAST_ROWS = 2.5, 0.02, 20  # of amounts that stand apart from the usual ones
MOST_ROUNDED = 0.05


def unit_questions(
    sheet: BalanceSheet, log: Log, new_rial_from: date | None, accepted: Sequence[str]
) -> tuple[Question, ...]:
    """Return what a shop of Iran is asked about the unit of its amounts; nothing where it counts in other money.

    Args:
        sheet: of the orders file.
        log: rolled up from it.
        new_rial_from: what the shop has said.
        accepted: what it has said is right.
    """
    if sheet.currency not in RIALS or NEW_UNIT in accepted or not log.has_money:
        return ()
    day, power = _powers(log)
    if (jumps := _jumps(day, power)) is not None:
        return (_of_jumps(*jumps, new_rial_from, accepted),)
    if (share := _share_apart(power)) is not None:
        words = sentence(
            "The amounts of {share} of the orders are about 10,000 times smaller or larger than the others, as if some "
            "were in rial and some in new rial. A column of currencies would tell which.",
            share=Percent(share),
        )
        return (_right_or_not(words, accepted),)
    return tuple(_of_decimals(sheet, new_rial_from, accepted))


def since_last_reading(sheet: BalanceSheet, mean_minor: float, accepted: Sequence[str]) -> Question | None:
    """Return the question whether all amounts are in another unit than when this shop was last read.

    Args:
        sheet: of this reading.
        mean_minor: worth of an order day at the last reading, minor units.
        accepted: what the shop has said is right.
    """
    now = mean_of_order_day(sheet)
    if sheet.currency not in RIALS or NEW_UNIT in accepted or not (now > 0 and mean_minor > 0):
        return None
    power = float(np.log10(mean_minor / now))
    if not LEAST <= abs(power) <= MOST:
        return None
    words = sentence(
        "What a customer buys on a day is worth {now} on average; when this shop was last read it was {then}, about "
        "10,000 times as much or as little.",
        now=Amount(now, sheet.currency),
        then=Amount(mean_minor, sheet.currency),
    )
    return _in_new_rial(words, FROM_THE_FIRST, accepted) if power > 0 else _right_or_not(words, accepted)


def mean_of_order_day(sheet: BalanceSheet) -> float:
    """Return what a customer buys on one day on average, minor units; 0 where nothing is counted."""
    return float(sheet.counted.spend) / sheet.counted.order_days if sheet.counted.order_days else 0.0


def _powers(log: Log) -> tuple[Ints, Floats]:
    """Return day and power of ten of what each customer bought on a day, in the order of the days."""
    stream = log.streams["orders"]
    spend = stream.columns["spend"]
    worth = spend > 0
    rows = np.argsort(stream.day[worth], kind="stable")
    return stream.day[worth][rows], np.log10(spend[worth][rows].astype(np.float64))


def _jumps(day: Ints, power: Floats) -> tuple[list[date], list[date]] | None:
    """Return the days from which amounts are 10,000 times smaller, and larger; None where there is none."""
    days, first = np.unique(day, return_index=True)
    usual = np.array([_lower_median(each) for each in np.split(power, first[1:])])
    found: tuple[list[date], list[date]] = [], []
    place = DAYS
    while place <= len(days) - DAYS:
        before, after = _lower_median(usual[place - DAYS : place]), _lower_median(usual[place : place + DAYS])
        if not LEAST <= abs(before - after) <= MOST:
            place += 1
            continue
        middle, falls = (before + after) / 2, before > after
        window = usual[place : place + DAYS]
        at = place + int(np.argmax(window < middle if falls else window > middle))
        found[0 if falls else 1].append(date_of(int(days[at])))
        place = at + DAYS
    return found if any(found) else None


def _lower_median(values: Floats) -> float:
    """Return the median, the lower one of two: what lies between two units is neither."""
    return float(np.partition(values, (len(values) - 1) // 2)[(len(values) - 1) // 2])


def _share_apart(power: Floats) -> float | None:
    """Return the share of amounts that stand 10,000 times below or above the usual ones, where there are many."""
    if not len(power):
        return None
    usual = float(np.median(power))
    for apart in (power < usual - FAR, power > usual + FAR):
        share = float(apart.mean())
        if np.count_nonzero(apart) < LEAST_ROWS or share < LEAST_SHARE:
            continue
        if LEAST <= abs(float(np.median(power[apart])) - float(np.median(power[~apart]))) <= MOST:
            return share
    return None


def _of_jumps(
    smaller: Sequence[date], larger: Sequence[date], new_rial_from: date | None, accepted: Sequence[str]
) -> Question:
    """Ask about jumps: a single fall tells the first day of the new rial, whatever was said before."""
    day = min((*smaller, *larger))
    if len(smaller) == 1 and (not larger or new_rial_from is not None):
        words = sentence("From {day:table} on amounts are about 10,000 times smaller than before.", day=smaller[0])
        return _in_new_rial(words, smaller[0], accepted)
    words = sentence(
        "From {day:table} on amounts are about 10,000 times smaller or larger than before, as if the first day of the "
        "new rial were another.",
        day=day,
    )
    return _right_or_not(words, accepted)


def _of_decimals(sheet: BalanceSheet, new_rial_from: date | None, accepted: Sequence[str]) -> Iterator[Question]:
    rounded = sum(change.rows for change in sheet.changes if (change.rule, change.of) == (ROUNDED, ORDER_LINES))
    if ROUNDED in accepted or new_rial_from is not None or rounded <= MOST_ROUNDED * sheet.order_lines.rows:
        return
    words = Sentence.of(
        Message(
            "{count} amount has decimals, which rial and toman have not, and the new rial has.",
            {"count": rounded},
            plural="{count} amounts have decimals, which rial and toman have not, and the new rial has.",
            count=rounded,
        )
    )
    yield _in_new_rial(words, FROM_THE_FIRST, accepted, name=ROUNDED)


def _in_new_rial(words: str, first: date, accepted: Sequence[str], name: str = NEW_UNIT) -> Question:
    asked = sentence("{case} Are they in new rial, of 10,000 rial each?", case=message_in(words))
    yes = Answer(sentence("yes, in new rial from {day:table} on", day=first), {"shop.new_rial_from": first})
    if first == FROM_THE_FIRST:
        yes = Answer(sentence("yes, all of them in new rial"), {"shop.new_rial_from": first})
    no = Answer(sentence("no, they are right as they are"), {"orders.accept": (*accepted, name)})
    return Question("shop.new_rial_from", asked, (yes, no))


def _right_or_not(words: str, accepted: Sequence[str]) -> Question:
    yes = Answer(sentence("yes, that is right"), {"orders.accept": (*accepted, NEW_UNIT)})
    no = Answer(sentence("no, the file is read wrongly"), {})
    return Question("orders.accept", sentence("{case} Is that right?", case=message_in(words)), (yes, no))
