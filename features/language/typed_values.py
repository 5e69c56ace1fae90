"""What the fields of a message hold: a number with its meaning, so that each language writes it in its own way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any


@dataclass(frozen=True)
class Days:
    """A number of days, said with its unit: 74 days."""

    days: float


@dataclass(frozen=True)
class Every:
    """A gap in days, said as a rhythm: every 31 days, every week."""

    days: float


@dataclass(frozen=True)
class Amount:
    """An amount of money: minor units, and the ISO 4217 code of the currency."""

    minor: float
    currency: str


@dataclass(frozen=True)
class Percent:
    """A part of a whole, 0 to 1, said in percent."""

    share: float


@dataclass(frozen=True)
class Number:
    """A plain number."""

    number: float


@dataclass(frozen=True)
class Digits:
    """A number with exactly the digits that English writes it with: 1,234.50."""

    digits: str


@dataclass(frozen=True)
class Day:
    """A calendar day."""

    day: date


@dataclass(frozen=True)
class Name:
    """A name, an id, or another text that the shop wrote: said as it is."""

    name: str


Value = Days | Every | Amount | Percent | Number | Digits | Day | Name
Plain = Decimal | float | date | str
_TYPED = (Days, Every, Amount, Percent, Number, Digits, Day, Name)


def typed(value: Value | Plain) -> Value:
    """Return a value with its meaning: a plain number is a number, a date a day, and a text a name.

    >>> typed(3), typed("Ann")
    (Number(number=3.0), Name(name='Ann'))
    """
    if isinstance(value, _TYPED):  # the usual case by far
        return value
    if isinstance(value, date):
        return Day(value)
    return Name(value) if isinstance(value, str) else Number(float(value))


def value_to_json(value: Value) -> dict[str, Any]:
    """Return a value as JSON holds it: its fields, by which its meaning is known again.

    >>> value_to_json(Amount(1250, "EUR")), value_to_json(Day(date(2026, 1, 2)))
    ({'minor': 1250, 'currency': 'EUR'}, {'day': '2026-01-02'})
    """
    if isinstance(value, Day):
        return {"day": value.day.isoformat()}
    if isinstance(value, Every):
        return {"every": value.days}
    return dict(vars(value))


def value_from_json(held: Mapping[str, Any]) -> Value:
    """Return the value that JSON holds.

    Raises:
        ValueError: it is none.

    >>> value_from_json({"share": 0.4})
    Percent(share=0.4)
    """
    for names, made in _BY_FIELDS:
        if names == held.keys():
            return made(**held)
    raise ValueError(f"no value has the fields {', '.join(held)}")


_BY_FIELDS: tuple[tuple[set[str], Callable[..., Value]], ...] = (
    ({"days"}, Days),
    ({"every"}, lambda every: Every(every)),
    ({"minor", "currency"}, Amount),
    ({"share"}, Percent),
    ({"number"}, Number),
    ({"digits"}, Digits),
    ({"day"}, lambda day: Day(date.fromisoformat(day))),
    ({"name"}, Name),
)
