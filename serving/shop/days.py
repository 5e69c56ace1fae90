"""The shop's days: what counts as today, and the day that is looked from."""

from __future__ import annotations

from datetime import UTC, date, datetime

from features.clock import date_of
from features.errors import InputError
from features.log import Log
from serving.config import Settings


def today(settings: Settings) -> date:
    """Return the shop's own date at this moment, or the day that its settings take for today."""
    return settings.serve.today or calendar_day(settings)


def calendar_day(settings: Settings) -> date:
    """Return the shop's own date at this moment: later orders and events are mistakes, whatever counts as today."""
    return settings.shop.business_day(datetime.now(UTC))


def chosen_day(log: Log, as_of: date | None) -> date:
    """Return `as_of`, or the day after the last order.

    Raises:
        InputError: the day lies before the first order.

    >>> from features.log import Lines
    >>> from features.roll_up import roll_up
    >>> chosen_day(roll_up(Lines.of(["ann"], [10], [500])), None)
    datetime.date(1970, 1, 12)
    """
    day, first = as_of or date_of(log.last_day + 1), date_of(log.first_day)
    if day <= first:
        raise InputError(f"nothing is known on {day}: the first order is of {first}")
    return day
