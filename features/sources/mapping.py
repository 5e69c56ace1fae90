"""How a shop's own files map to the contract: which column is which, and how cells are written.

`serving/config/load.py` builds these from `regulars.toml`; `features/guess/guess.py` proposes them for `regulars init`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from features.errors import ConfigError, suggest
from features.sources.rules import CANCELLED, RETURNED, plain_status
from features.tables import CUSTOMERS, EVENTS, ORDERS, Field, names

Calendar = Literal["gregorian", "jalali"]
# A way of writing dates: a strptime format, None for ISO 8601, and a calendar.
DateFormat = tuple[str | None, Calendar]
DATE_FORMATS: tuple[DateFormat, ...] = (
    (None, "gregorian"), (None, "jalali"), ("%d/%m/%Y", "gregorian"), ("%m/%d/%Y", "gregorian"),
    ("%d.%m.%Y", "gregorian"), ("%d-%m-%Y", "gregorian"), ("%m-%d-%Y", "gregorian"), ("%d/%m/%y", "gregorian"),
    ("%m/%d/%y", "gregorian"), ("%d.%m.%y", "gregorian"), ("%d-%m-%y", "gregorian"), ("%Y%m%d", "gregorian"),
    ("%Y.%m.%d", "gregorian"), ("%b %d, %Y", "gregorian"), ("%B %d, %Y", "gregorian"), ("%d %b %Y", "gregorian"),
    ("%d %B %Y", "gregorian"), ("%d-%b-%Y", "gregorian"), ("%d-%b-%y", "gregorian"), ("%d/%m/%Y", "jalali"),
)  # fmt: skip
ENOUGH = 0.97  # of the cells must be readable: a few broken ones are for `check` to name


def _check_fields(table: str, columns: Mapping[str, str], known: tuple[Field, ...], needed: tuple[str, ...]) -> None:
    for name in columns:
        if name not in names(known):
            raise ConfigError(f'{table} have no field "{name}".{suggest(name, names(known))}')
    missing = [name for name in needed if not columns.get(name)]
    if missing:
        lines = "\n".join(f'  {name} = "the column\'s name in the file"' for name in missing)
        raise ConfigError(f"{table} need {', '.join(missing)}; write under [{table}.columns]\n{lines}")


def _one_of(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise ConfigError(f'{name} is {" or ".join(repr(k) for k in known)}, not "{value}".{suggest(value, known)}')


@dataclass(frozen=True)
class FileFormat:
    """How a file writes its cells; Parquet files need none of it.

    Args:
        delimiter: what separates cells; None = the one of , ; tab | that the header uses.
        decimal: '.' or ','.
        encoding: any encoding that Python knows, such as 'utf-8', 'cp1253', 'utf-16'.
        date_format: strptime codes of the date, such as '%d/%m/%Y'; None = 2024-01-31. A time after it is read
            whether or not the format names it.
        calendar: 'jalali' for dates such as 1403/01/15.

    >>> FileFormat(decimal=",").decimal
    ','
    """

    delimiter: str | None = None
    decimal: str = "."
    encoding: str = "utf-8"
    date_format: str | None = None
    calendar: Calendar = "gregorian"

    def __post_init__(self) -> None:
        _one_of("decimal", self.decimal, (".", ","))
        _one_of("calendar", self.calendar, ("gregorian", "jalali"))
        if self.delimiter is not None and (len(self.delimiter) != 1 or self.delimiter in '"\r\n'):
            raise ConfigError(f"delimiter is one character, not {self.delimiter!r}")
        try:
            "".encode(self.encoding)
        except (LookupError, ValueError):
            problem = f'encoding "{self.encoding}" is not known; write utf-8, cp1253, cp1256 or utf-16'
            raise ConfigError(problem) from None


@dataclass(frozen=True)
class Shop:
    """Facts of the shop that every row is read by.

    Args:
        zone: IANA name of the shop's zone.
        currency: ISO 4217 code of the currency that everything is counted in.
        day_starts_at: 'HH:MM' on the shop's clock at which a business day begins.
        exchange_rates: what one unit of another currency is worth in the shop's.

    Raises:
        ConfigError: a zone that does not exist, a time or currency that is none, a rate that is not above zero.

    >>> Shop("Europe/Athens", "EUR", "04:00").day_starts_at_second
    14400
    """

    zone: str
    currency: str
    day_starts_at: str = "00:00"
    exchange_rates: Mapping[str, Decimal] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _ = self.zone_info
        if not re.fullmatch(r"[A-Z]{3}", self.currency):
            raise ConfigError(f'currency is three capital letters such as EUR, not "{self.currency}"')
        if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", self.day_starts_at):
            raise ConfigError(f'day_starts_at is a time such as "04:00", not "{self.day_starts_at}"')
        for code, rate in self.exchange_rates.items():
            if not (re.fullmatch(r"[A-Z]{3}", code) and Decimal(rate).is_finite() and Decimal(rate) > 0):
                raise ConfigError(f'exchange_rates: {code} = {rate} is not a rate; write USD = "0.92"')

    @cached_property
    def zone_info(self) -> ZoneInfo:
        """The zone's rules.

        Raises:
            ConfigError: no such zone.
        """
        try:
            return ZoneInfo(self.zone)
        except (ValueError, KeyError, OSError, ImportError):
            raise ConfigError(f'zone "{self.zone}" does not exist; write one such as Europe/Athens') from None

    def business_day(self, instant: datetime) -> date:
        """Return the shop's business day at an instant that carries a zone.

        >>> Shop("Europe/Athens", "EUR", "04:00").business_day(datetime.fromisoformat("2026-03-02T01:30:00+00:00"))
        datetime.date(2026, 3, 1)
        """
        return (instant.astimezone(self.zone_info) - timedelta(seconds=self.day_starts_at_second)).date()

    @property
    def day_starts_at_second(self) -> int:
        """Seconds from midnight to the start of a business day."""
        return int(self.day_starts_at[:2]) * 3600 + int(self.day_starts_at[3:]) * 60


@dataclass(frozen=True)
class LineRules:
    """What a shop's cells mean for a line; the defaults fit a posted history.

    Args:
        amount_is: 'line', or 'order' where amount is the order's total, on each of its lines or on one of them.
        price_times_quantity: amounts are price × quantity − discount.
        cancelled_status: statuses of orders that never were one.
        returned_status: statuses of orders that came back.
        return_prefix: what the order id of a return begins with.

    >>> LineRules(return_prefix="C").amount_is
    'line'
    """

    amount_is: Literal["line", "order"] = "line"
    price_times_quantity: bool = False
    cancelled_status: tuple[str, ...] = CANCELLED
    returned_status: tuple[str, ...] = RETURNED
    return_prefix: str | None = None

    @cached_property
    def cancelled(self) -> frozenset[str]:
        """The cancelled statuses as they are compared."""
        return frozenset(map(plain_status, self.cancelled_status))

    @cached_property
    def refunded(self) -> frozenset[str]:
        """The returned statuses as they are compared."""
        return frozenset(map(plain_status, self.returned_status))


@dataclass(frozen=True)
class OrdersMapping:
    """Where the orders are, which column is which field, and what cells mean for a line (see `LineRules`).

    Args:
        file: CSV (or text) or Parquet.
        columns: field of ORDERS -> column in the file.

    Raises:
        ConfigError: a field that ORDERS does not have, or a required one that is missing.

    >>> m = OrdersMapping(Path("o.csv"), {"customer_id": "card", "ordered_at": "time", "amount": "total"})
    >>> m.rules.amount_is
    'line'
    """

    file: Path
    columns: Mapping[str, str]
    amount_is: Literal["line", "order"] = "line"
    price_times_quantity: bool = False
    cancelled_status: tuple[str, ...] = CANCELLED
    returned_status: tuple[str, ...] = RETURNED
    return_prefix: str | None = None
    format: FileFormat = FileFormat()

    def __post_init__(self) -> None:
        _one_of("amount_is", self.amount_is, ("line", "order"))
        needed = ("price", "quantity") if self.price_times_quantity else ("amount",)
        _check_fields("orders", self.columns, ORDERS, ("customer_id", "ordered_at", *needed))

    @property
    def rules(self) -> LineRules:
        """What cells mean for a line."""
        return LineRules(**{each.name: getattr(self, each.name) for each in fields(LineRules)})


@dataclass(frozen=True)
class EventsMapping:
    """Where the events are; `kind` names the kind of all of them where the file has no such column.

    >>> EventsMapping(Path("v.csv"), {"customer_id": "card", "happened_at": "time"}, kind="visit").kind
    'visit'
    """

    file: Path
    columns: Mapping[str, str]
    kind: str | None = None
    format: FileFormat = FileFormat()

    def __post_init__(self) -> None:
        needed = ("customer_id", "happened_at") if self.kind is not None else ("customer_id", "kind", "happened_at")
        _check_fields("events", self.columns, EVENTS, needed)


@dataclass(frozen=True)
class CustomersMapping:
    """Where the customers are.

    >>> CustomersMapping(Path("c.csv"), {"customer_id": "card"}).columns["customer_id"]
    'card'
    """

    file: Path
    columns: Mapping[str, str]
    format: FileFormat = FileFormat()

    def __post_init__(self) -> None:
        _check_fields("customers", self.columns, CUSTOMERS, ("customer_id",))


@dataclass(frozen=True)
class Guess:
    """What `regulars init` proposes; each assumption is one sentence.

    `not_used` names the columns of each table's file that nothing is read from; `questions` holds what nobody but the
    user can know: setting of regulars.toml → question.
    """

    shop: Shop
    orders: OrdersMapping
    events: EventsMapping | None
    customers: CustomersMapping | None
    assumptions: tuple[str, ...]
    not_used: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    questions: Mapping[str, str] = field(default_factory=dict)
