"""Whether the shop's files can be read, and how old they are."""

from __future__ import annotations

from collections.abc import Iterator

from features.clock import date_of
from features.errors import InputError, MachineFault
from features.language.messages import sentence
from features.log import Log
from features.sources.reader import read_log
from serving.commands.doctor.finding import Examined, Finding
from serving.config import Settings
from serving.monitoring.arrivals import age_alarms
from serving.shop import OpenShop, calendar_day, today

NAME = "data"


def check_data(examined: Examined) -> Iterator[Finding]:
    """Read orders and events, and compare their last day with the longest pause of the year before."""
    settings = examined.settings
    if settings is None:
        return
    try:
        log = _log(examined, settings)
    except InputError as error:
        yield Finding(
            NAME, "problem", error.message.splitlines()[0], sentence("regulars check says each row and column")
        )
        return
    except MachineFault as error:
        yield Finding(NAME, "problem", f"{error.fault} at {error.place}", error.remedy)
        return
    old = list(age_alarms(log, today(settings)))
    yield from (Finding(NAME, "warning", alarm.words, alarm.to_do) for alarm in old)
    if not old:
        yield Finding(
            NAME,
            "ok",
            sentence(
                "orders of {first:table} to {last:table} are read",
                first=date_of(log.first_day),
                last=date_of(log.last_day),
            ),
        )


def _log(examined: Examined, settings: Settings) -> Log:
    if examined.book is not None:
        return OpenShop(settings, book=examined.book).log
    return read_log(settings.shop, settings.orders, settings.events, latest=calendar_day(settings)).log
