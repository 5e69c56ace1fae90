"""Whether the shop's data comes as it usually does: how old it is, and what each source sent in the last week.

Weeks are counted back from the day that is looked from, so each has the same seven weekdays.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import numpy as np

from features.clock import date_of, day_number
from features.definitions.engagement import kind_in_words
from features.language.counted import counted
from features.language.messages import Message, sentence
from features.language.typed_values import Days, Digits
from features.log import EVENT, Ints, Log
from serving.monitoring.alarm import Alarm
from serving.monitoring.movement import usual
from training.dataset import Floats

WEEK_DAYS, WEEKS_A_YEAR = 7, 52
MOST_WEEKS = 2 * WEEKS_A_YEAR
# A week is compared with the mean of so many before it.
COMPARED_WEEKS = 4
# A source that sends less than this a week cannot be seen to fall silent within one.
ENOUGH_A_WEEK = 10.0
CHANCE = 2.5e-5  # of a week that is called unusual and is not; see CHANCES of drift.py
LEAST_LOG = 0.3  # a quarter less, or a third as much again
# Pauses of which there are fewer days tell nothing of the next.
ENOUGH_DAYS = 20
# How long pauses may get is read from the longest ones: those of mails that go out in waves are all alike, those of
# what comes by chance fall off exponentially. One that passes the longest of a year by four times that scale comes once
# in twenty shops in three years. Pickands (1975), "Statistical inference using extreme order statistics".
LONGEST_PAUSES, SCALES_LONGER = 6, 4
# A shop that brings its export up to date once a week is never late.
LEAST_AGE_DAYS = 7
ORDER_DAYS = Message(
    "{count} order day in the week before {day:table}; usual are {low} to {high}",
    plural="{count} order days in the week before {day:table}; usual are {low} to {high}",
)


def age_alarms(log: Log, today: date) -> Iterator[Alarm]:
    """Yield an alarm where the orders end longer ago than they ever paused in the year before, and than a week.

    Args:
        log: the shop's log.
        today: the day that is looked from.
    """
    days = np.unique(log.streams["orders"].day)
    age = day_number(today) - log.last_day
    recent = days[days > log.last_day - WEEKS_A_YEAR * WEEK_DAYS]
    longest = int(np.diff(recent).max(initial=1))
    if age > max(LEAST_AGE_DAYS, longest) + 1:
        words = sentence(
            "the last order is of {last:table}, {age} ago; the longest pause of the year before was {longest}",
            last=date_of(log.last_day),
            age=Days(age),
            longest=Days(longest),
        )
        yield Alarm("data_age", "", words)


def silence_alarms(log: Log, as_of: date) -> Iterator[Alarm]:
    """Yield an alarm for each kind of event that pauses longer than it ever did in the year before.

    Args:
        log: the shop's log.
        as_of: the day that is looked from.
    """
    for kind in log.kinds:
        stream = log.streams[f"{EVENT}{kind}"]
        days = np.unique(stream.day[stream.day < day_number(as_of)])
        recent = days[days > days[-1] - WEEKS_A_YEAR * WEEK_DAYS] if len(days) else days
        if len(recent) < ENOUGH_DAYS:
            continue
        silent, pauses = day_number(as_of) - int(days[-1]), np.sort(np.diff(recent))[-LONGEST_PAUSES:]
        longest, scale = int(pauses[-1]), float((pauses - pauses[0]).sum() / (len(pauses) - 1))
        if silent > longest + SCALES_LONGER * scale + 1:
            words = sentence(
                "no {kind} since {last:table}, for {silent}; the longest pause of the year before was {longest}",
                kind=kind_in_words(kind),
                last=date_of(int(days[-1])),
                silent=Days(silent),
                longest=Days(longest),
            )
            yield Alarm("events", kind, words)


def order_alarms(log: Log, as_of: date) -> Iterator[Alarm]:
    """Yield an alarm where unusually many or few orders came in the week before a day.

    Args:
        log: the shop's log.
        as_of: the day that is looked from.
    """
    counts = weekly(log.streams["orders"].day, day_number(as_of))
    before = _before(counts)
    if len(before) < 2 or before[-1] < ENOUGH_A_WEEK:
        return
    usual_logs = usual(_over(counts, before), LEAST_LOG, WEEKS_A_YEAR, CHANCE)
    if usual_logs is not None and usual_logs.is_unusual:
        low, high = (max(0.0, np.exp(end) * (before[-1] + 0.5) - 0.5) for end in (usual_logs.low, usual_logs.high))
        ends = {"low": Digits(f"{low:,.0f}"), "high": Digits(f"{high:,.0f}")}
        yield Alarm("orders", "week", counted(ORDER_DAYS, int(counts[-1]), day=as_of, **ends))


def weekly(days: Ints, end: int) -> Ints:
    """Return how many rows each week before a day has, oldest first; weeks before the first row are left out.

    >>> weekly(np.array([0, 1, 8, 13]), 14)
    array([2, 2])
    """
    inside = days[(days < end) & (days >= end - MOST_WEEKS * WEEK_DAYS)]
    if not len(inside):
        return np.zeros(1, dtype=np.int64)
    week = (end - 1 - inside) // WEEK_DAYS
    whole = max(1, (end - int(inside.min())) // WEEK_DAYS)
    return np.bincount(week, minlength=whole)[:whole][::-1]


def _before(counts: Ints) -> Floats:
    """Return the mean of the weeks before each week that has enough of them.

    >>> _before(np.array([1, 2, 3, 4, 9])).tolist()
    [2.5]
    """
    sums = np.cumsum(np.concatenate([[0], counts]))
    return np.asarray((sums[COMPARED_WEEKS:-1] - sums[: -COMPARED_WEEKS - 1]) / COMPARED_WEEKS, dtype=np.float64)


def _over(counts: Ints, before: Floats) -> Floats:
    """Return each week over the mean of those before it, in natural logarithms."""
    return np.asarray(np.log(counts[COMPARED_WEEKS:] + 0.5) - np.log(before + 0.5), dtype=np.float64)
