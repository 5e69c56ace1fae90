"""The dates to train on and the dates to test on.

Splits are rolling origin: a test date, and training dates whose horizons have all ended by then. The horizon is the gap
between the last training date and the test date, so that no training label reads a day on or after the test date. All
dates of a split lie whole weeks apart: a window from a Monday on has other weekends than one from a Friday on.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from features.churn.labels import ChurnDefinition, complete_until
from features.clock import date_of, day_number
from features.errors import InsufficientHistory
from features.log import Log

MOST_TRAINING_DATES = 16
WEEK_DAYS = 7
STEP_DAYS = (WEEK_DAYS, 4 * WEEK_DAYS)
TEST_DATES = 5
# From so many rows on, half of the dates cost no log loss (docs/decisions/0009-the-blend-by-default.md).
MANY_ROWS = 100_000
# As many dates as are kept at least: with fewer a model learns less.
LEAST_DATES_KEPT = 6
# With less than a week of history a model would learn only the calendar.
LEAST_HISTORY_DAYS = 7


@dataclass(frozen=True)
class Split:
    """One test date, and the training dates whose labels were known by then.

    >>> Split((date(2017, 11, 20), date(2017, 12, 4)), date(2017, 12, 18)).test_date
    datetime.date(2017, 12, 18)
    """

    train_dates: tuple[date, ...]
    test_date: date


def labels_end(log: Log, until: date | None = None) -> int:
    """Return the first day number that no label may read: where the log is complete, or `until` if that is earlier.

    >>> from features.log import Lines
    >>> from features.roll_up import roll_up
    >>> log = roll_up(Lines.of(["ann", "bob"], [1, 5], [700, 300]))
    >>> labels_end(log), labels_end(log, date(1970, 1, 4))
    (6, 3)
    """
    end = complete_until(log)
    return end if until is None else min(end, day_number(until))


def training_dates(first_day: int, scored: int, definition: ChurnDefinition) -> tuple[date, ...]:
    """Return at most 16 dates whose horizons have ended by the scoring date, spread as far back as history allows.

    They lie whole weeks before it. Each needs `active_days` of history before it; in a short log, half of the log.

    Args:
        first_day: day number of the first order.
        scored: day number of the date to be scored.
        definition: population and horizon.

    >>> [str(day) for day in training_dates(0, 134, ChurnDefinition(14, 30))][-3:]
    ['1970-04-17', '1970-04-24', '1970-05-01']
    """
    last = scored - definition.horizon_days
    if last - first_day < LEAST_HISTORY_DAYS:
        return ()
    earliest = first_day + min(definition.active_days, (last - first_day + 1) // 2)
    aligned = last - (-definition.horizon_days) % WEEK_DAYS
    last = aligned if aligned >= earliest else last
    least, most = STEP_DAYS
    step = min(most, max(least, (last - earliest) // (MOST_TRAINING_DATES - 1) // WEEK_DAYS * WEEK_DAYS))
    days = range(last, earliest - 1, -step)[:MOST_TRAINING_DATES]
    return tuple(date_of(day) for day in reversed(days))


def learning_dates(log: Log, scored: int, definition: ChurnDefinition) -> tuple[date, ...]:
    """Return the training dates for a date to be scored; of a large shop every second one, the latest among them.

    Args:
        log: the shop's log.
        scored: day number of the date to be scored.
        definition: population and horizon.

    >>> from features.log import Lines
    >>> from features.roll_up import roll_up
    >>> log = roll_up(Lines.of(["ann", "bob"], [1, 35], [700, 300]))
    >>> [str(day) for day in learning_dates(log, 36, ChurnDefinition(14, 90))]
    ['1970-01-16', '1970-01-23']
    """
    dates = training_dates(log.first_day, scored, definition)
    if len(dates) < 2 * LEAST_DATES_KEPT:
        return dates
    rows = len(dates) * active_customers(log, day_number(dates[-1]), definition)
    return dates if rows < MANY_ROWS else dates[::-1][::2][::-1]


def active_customers(log: Log, day: int, definition: ChurnDefinition) -> int:
    """Return how many customers the population holds on a day."""
    orders = log.streams["orders"]
    inside = (orders.day >= day - definition.active_days) & (orders.day < day)
    return len(np.unique(orders.customer[inside]))


def latest_dates(log: Log, definition: ChurnDefinition, until: date | None = None) -> tuple[date, ...]:
    """Return the training dates of the model that will serve: up to the last one whose horizon has ended.

    Raises:
        InsufficientHistory: no date has both history and a finished horizon.

    >>> from features.log import Lines
    >>> from features.roll_up import roll_up
    >>> log = roll_up(Lines.of(["ann", "bob"], [1, 35], [700, 300]))
    >>> [str(day) for day in latest_dates(log, ChurnDefinition(14, 90))]
    ['1970-01-16', '1970-01-23']
    """
    end = labels_end(log, until)
    dates = learning_dates(log, end, definition)
    if not dates:
        raise _too_short(end - log.first_day, definition, needs=definition.horizon_days + LEAST_HISTORY_DAYS)
    return dates


def rolling_origin(
    log: Log, definition: ChurnDefinition, until: date | None = None, n_tests: int = TEST_DATES
) -> tuple[Split, ...]:
    """Return the splits of a backtest, oldest first; the last test date is the latest whose horizon has ended.

    Test dates lie a horizon apart, at least a week; a short log gives fewer.

    Args:
        log: the shop's log.
        definition: population and horizon.
        until: orders on or after this date are not read.
        n_tests: how many test dates to ask for.

    Raises:
        InsufficientHistory: no test date has a training date before it.

    >>> from features.log import Lines
    >>> from features.roll_up import roll_up
    >>> log = roll_up(Lines.of(["ann", "bob"], [1, 70], [700, 300]))
    >>> [str(split.test_date) for split in rolling_origin(log, ChurnDefinition(14, 90))]
    ['1970-01-30', '1970-02-13', '1970-02-27']
    """
    end, horizon = labels_end(log, until), definition.horizon_days
    tests = [end - horizon - number * max(STEP_DAYS[0], horizon) for number in range(n_tests)]
    pairs = [(learning_dates(log, test, definition), test) for test in tests]
    splits = tuple(Split(dates, date_of(test)) for dates, test in reversed(pairs) if dates)
    if not splits:
        raise _too_short(end - log.first_day, definition, needs=2 * horizon + LEAST_HISTORY_DAYS)
    return splits


def _too_short(has: int, definition: ChurnDefinition, needs: int) -> InsufficientHistory:
    fits = (has - LEAST_HISTORY_DAYS) // (needs // definition.horizon_days)
    still = f"a horizon of up to {fits} days would fit" if fits >= 1 else "wait until there are more orders"
    return InsufficientHistory(
        f"the log holds {has} days of finished history; a horizon of {definition.horizon_days} days "
        f"needs {needs}: {still}"
    )
