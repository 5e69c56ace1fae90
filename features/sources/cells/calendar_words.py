"""The words of dates and times in twelve languages, read once from `calendar_words.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from features.sources.plain_text import plain

_FILE = Path(__file__).with_suffix(".toml")


@dataclass(frozen=True)
class CalendarWords:
    """Words as `plain_text.plain` compares them.

    Args:
        months: name -> calendar and number of the month, from 1.
        weekdays: names of days of the week.
        between: words between the parts of a date, such as "de", or between a date and its time.
        half_days: AM and PM -> whether it is the afternoon.
        zones: abbreviation, in capitals -> seconds east of UTC.
        ambiguous_zones: abbreviation that several countries use -> what it may mean, the likely one first.
        zones_by_currency: currency -> abbreviation -> what it means in a shop of that currency, such as "+05:30".
    """

    months: Mapping[str, tuple[Literal["gregorian", "jalali"], int]]
    weekdays: frozenset[str]
    between: frozenset[str]
    half_days: Mapping[str, bool]
    zones: Mapping[str, int]
    ambiguous_zones: Mapping[str, tuple[str, ...]]
    zones_by_currency: Mapping[str, Mapping[str, str]]


@cache
def calendar_words() -> CalendarWords:
    """Return the words.

    >>> calendar_words().months["juillet"], calendar_words().months["مهر"]
    (('gregorian', 7), ('jalali', 7))
    """
    found = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return CalendarWords(
        months={
            **{name: ("gregorian", month) for name, month in _months(found["months"])},
            **{name: ("jalali", month) for name, month in _months(found["jalali_months"])},
        },
        weekdays=frozenset(plain(word) for line in found["weekdays"].values() for word in line.split()),
        between=frozenset(plain(word) for word in found["between"]["words"].split()),
        half_days={plain(word): half == "pm" for half in ("am", "pm") for word in found["half_days"][half].split()},
        zones={name: east(written) for name, written in found["zones"].items()},
        ambiguous_zones={name: tuple(meanings) for name, meanings in found["ambiguous_zones"].items()},
        zones_by_currency=found["zones_by_currency"],
    )


def _months(lines: Mapping[str, str]) -> list[tuple[str, int]]:
    return [
        (plain(name), month)
        for line in lines.values()
        for month, names in enumerate(line.split("|"), start=1)
        for name in names.split()
    ]


def east(written: str) -> int:
    """Return an offset such as +03:30, -0500 or +2 in seconds east of UTC.

    >>> east("+03:30"), east("-0500"), east("+2")
    (12600, -18000, 7200)
    """
    digits = written[1:].replace(":", "")
    hours, minutes = (digits, "0") if len(digits) <= 2 else (digits[:-2], digits[-2:])
    return (int(hours) * 3600 + int(minutes) * 60) * (-1 if written[0] == "-" else 1)
