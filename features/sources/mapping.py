"""How a shop's own files map to the contract: which column is which, and how cells are written.

`serving/config/load.py` builds these from `regulars.toml`; `features/guess/guess.py` proposes them for `regulars init`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cache, cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, TypeVar
from zoneinfo import ZoneInfo

from features.errors import ConfigError, suggest
from features.language.languages import LANGUAGES
from features.money import NEW_RIAL, RIAL, RIALS, TOMAN
from features.questions import Question
from features.sources import cells
from features.sources.databases.address import Database
from features.sources.rules import DOUBTS, RULES
from features.sources.words.meanings import Meaning, plain_word
from features.tables import CONTACTS, CUSTOMERS, EVENTS, ORDERS, Field, names

Calendar = Literal["gregorian", "jalali"]
# A way of writing dates: a strptime format, None for ISO 8601, and a calendar.
DateFormat = tuple[str | None, Calendar]
DATE_FORMATS: tuple[DateFormat, ...] = (
    (None, "gregorian"), (None, "jalali"), ("%d/%m/%Y", "gregorian"), ("%m/%d/%Y", "gregorian"),
    ("%d.%m.%Y", "gregorian"), ("%m.%d.%Y", "gregorian"), ("%d-%m-%Y", "gregorian"), ("%m-%d-%Y", "gregorian"),
    ("%d/%m/%y", "gregorian"), ("%m/%d/%y", "gregorian"), ("%d.%m.%y", "gregorian"), ("%d-%m-%y", "gregorian"),
    ("%m-%d-%y", "gregorian"), ("%d %m %Y", "gregorian"), ("%d/%m/%Y", "jalali"),
    ("%Y%m%d", "gregorian"), ("%d%m%Y", "gregorian"), ("%m%d%Y", "gregorian"),
    *((unit, "gregorian") for unit in cells.COUNTED),
)  # fmt: skip
BARE_DIGITS = ("%Y%m%d", "%d%m%Y", "%m%d%Y")  # formats of dates that look like any number
NO_FILE = Path()  # a path that names nothing
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


def known_zone(name: str) -> ZoneInfo:
    """Return the rules of a zone.

    Raises:
        ConfigError: no such zone.
    """
    try:
        return ZoneInfo(name)
    except (ValueError, KeyError, OSError, ImportError):
        raise ConfigError(f'zone "{name}" does not exist; write one such as Europe/Athens') from None


@cache
def country_of(zone: str) -> str:
    """Return the two letters of the country whose clock a zone is; empty for a zone of none, such as UTC.

    >>> country_of("Europe/Athens"), country_of("UTC")
    ('GR', '')
    """
    text = (files("tzdata") / "zoneinfo" / "zone.tab").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in text.splitlines() if not line.startswith("#"))
    return next((code for code, _, name, *_ in rows if name == zone), "")


@dataclass(frozen=True)
class FileFormat:
    """How a file writes its cells; Parquet files need none of it.

    Args:
        delimiter: what separates cells; None = the one of , ; tab | that the header uses.
        decimal: '.', ',' or 'either', where each cell has its own mark and a cell that leaves a doubt is refused.
        encoding: any encoding that Python knows, such as 'utf-8', 'cp1253', 'utf-16'.
        date_format: strptime codes of the date, such as '%d/%m/%Y'; or 'epoch_s', 'epoch_ms', 'epoch_us', 'epoch_ns'
            (counted since 1970, in UTC) or 'excel_days' (the numbers of a spreadsheet's dates); None = the year first,
            as in 2024-01-31, or a month by its name in twelve languages. A time after the date is read whether or not
            the format names it.
        calendar: 'jalali' for dates such as 1403/01/15.
        zone: of times that name none, such as 'UTC'; None = the shop's.
        zones: what abbreviations mean that several countries use, such as {"IST": "+05:30"}.
        table: the sheet of a workbook or the file of an archive that is read; also a pattern such as "2026-*".
        header_line: the line of the header; None = the first that looks like one.
        filled_down: columns that stand on the first line of an order only, such as its number, date and customer.
        line_columns: columns that come several times side by side, one group for each line of an order; "item_#_qty"
            where a number tells them apart.

    >>> FileFormat(decimal=",").decimal
    ','
    """

    delimiter: str | None = None
    decimal: str = "."
    encoding: str = "utf-8"
    date_format: str | None = None
    calendar: Calendar = "gregorian"
    zone: str | None = None
    zones: Mapping[str, str] = field(default_factory=dict)
    table: str | None = None
    header_line: int | None = None
    filled_down: tuple[str, ...] = ()
    line_columns: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _one_of("decimal", self.decimal, cells.DECIMALS)
        _one_of("calendar", self.calendar, ("gregorian", "jalali"))
        if self.zone is not None:
            known_zone(self.zone)
        for name, east in self.zones.items():
            if not re.fullmatch(r"[+-](0\d|1[0-4]):[0-5]\d", east):
                raise ConfigError(f'zones: {name} = "{east}" is not an offset from UTC; write {name} = "+05:30"')
        if self.header_line is not None and self.header_line < 1:
            raise ConfigError(f"header_line is the number of a line, from 1, not {self.header_line}")
        if self.delimiter is not None and (len(self.delimiter) != 1 or self.delimiter in '"\r\n'):
            raise ConfigError(f"delimiter is one character, not {self.delimiter!r}")
        try:
            "".encode(self.encoding)
        except (LookupError, ValueError):
            problem = f'encoding "{self.encoding}" is not known; write utf-8, cp1253, cp1256 or utf-16'
            raise ConfigError(problem) from None


_SHOWN_IN = {"rial": RIAL, "toman": TOMAN, "new_rial": NEW_RIAL}


@dataclass(frozen=True)
class Shop:
    """Facts of the shop that every row is read by.

    Args:
        zone: IANA name of the shop's zone.
        currency: ISO 4217 code of the currency that everything is counted in.
        day_starts_at: 'HH:MM' on the shop's clock at which a business day begins.
        exchange_rates: what one unit of another currency is worth in the shop's.
        language: of whoever works with the lists: en, fa or el; who it is known of is spoken to in the own language.
        shown_in: 'rial', 'toman' or 'new_rial', the unit of Iran that people read amounts in; None = the currency.
        new_rial_from: the first business day whose amounts the files write in new rial, of 10,000 rial each; 1980-01-01
            where all of them are; None = none.

    Raises:
        ConfigError: a zone that does not exist, a time or currency that is none, a rate that is not above zero, a
            language that is not spoken.

    >>> Shop("Europe/Athens", "EUR", "04:00").day_starts_at_second
    14400
    """

    zone: str
    currency: str
    day_starts_at: str = "00:00"
    exchange_rates: Mapping[str, Decimal] = field(default_factory=dict)
    language: str = "en"
    shown_in: Literal["rial", "toman", "new_rial"] | None = None
    new_rial_from: date | None = None

    def __post_init__(self) -> None:
        _ = self.zone_info
        _one_of("language", self.language, tuple(each.code for each in LANGUAGES))
        for name in ("shown_in", "new_rial_from"):
            if getattr(self, name) is not None and self.currency not in (RIAL, TOMAN):
                raise ConfigError(f'{name} is for amounts of Iran, in {RIAL} or {TOMAN}, not in "{self.currency}"')
        _one_of("shown_in", self.shown_in or "rial", tuple(_SHOWN_IN))
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
        return known_zone(self.zone)

    @property
    def rials_as(self) -> str | None:
        """The unit that amounts of Iran are read in, one of `RIALS`; None = the currency."""
        return None if self.shown_in is None else _SHOWN_IN[self.shown_in]

    def rate(self, currency: str) -> Decimal | Fraction | None:
        """Return what one unit of another currency is worth in the shop's: a stated rate, else that of the law.

        >>> Shop("UTC", "IRT").rate("new rial"), Shop("UTC", "IRT").rate("EUR")
        (Fraction(1000, 1), None)
        """
        if currency in self.exchange_rates:
            return self.exchange_rates[currency]
        return Fraction(RIALS[currency], RIALS[self.currency]) if {currency, self.currency} <= RIALS.keys() else None

    @property
    def country(self) -> str:
        """The two letters of the country whose clock the zone is; empty where it is of none."""
        return country_of(self.zone)

    def business_day(self, instant: datetime) -> date:
        """Return the shop's business day at an instant that carries a zone.

        >>> Shop("Europe/Athens", "EUR", "04:00").business_day(datetime.fromisoformat("2026-03-02T01:30:00+00:00"))
        datetime.date(2026, 3, 1)
        """
        return (instant.astimezone(self.zone_info) - timedelta(seconds=self.day_starts_at_second)).date()

    def end_of(self, day: date) -> datetime:
        """Return the instant at which a business day ends, in UTC.

        >>> Shop("Europe/Athens", "EUR", "04:00").end_of(date(2026, 3, 1)).isoformat()
        '2026-03-02T02:00:00+00:00'
        """
        local = datetime.combine(day + timedelta(days=1), time(), self.zone_info)
        return (local + timedelta(seconds=self.day_starts_at_second)).astimezone(UTC)

    @property
    def day_starts_at_second(self) -> int:
        """Seconds from midnight to the start of a business day."""
        return int(self.day_starts_at[:2]) * 3600 + int(self.day_starts_at[3:]) * 60


AmountIs = Literal["line", "order", "none"]
DiscountIs = Literal["money", "share", "percent"]


@dataclass(frozen=True, kw_only=True)
class StatedRules:
    """What a shop says that its cells mean for a line; the defaults fit a posted history.

    Args:
        amount_is: 'line', or 'order' where amount is the order's total, on each of its lines or on one of them; 'none'
            where the file holds no money, so that orders are only counted.
        price_times_quantity: amounts are price × quantity − discount.
        amount_unit: 'major', or 'minor' where 4990 is 49.90.
        discount_is: 'money', 'share' (0.2 = 20 %) or 'percent' of the money before discount.
        discount_taken: whether the amount is after discount; None = an amount is, price × quantity is not.
        refund_is: 'line', or 'order' where refunded is the order's, on each of its lines or on one of them; None = what
            amount_is says.
        sale_status: the shop's words for orders, beside those of `words.toml`; all four win over it.
        cancelled_status: the shop's words for orders that never were one.
        returned_status: the shop's words for orders that came back.
        no_order_status: the shop's words for documents that are no order, such as a payment.
        return_prefix: what the order id of a return begins with.
        keep_repeats: orders and lines that come again in the file are orders and lines of their own.
        guests: ids that stand for nobody; None = not said, and ids that look so are asked about.

    >>> StatedRules(cancelled_status=("void",)).own_words
    {'void': 'cancelled'}
    """

    amount_is: AmountIs = "line"
    price_times_quantity: bool = False
    amount_unit: Literal["major", "minor"] = "major"
    discount_is: DiscountIs = "money"
    discount_taken: bool | None = None
    refund_is: Literal["line", "order"] | None = None
    sale_status: tuple[str, ...] = ()
    cancelled_status: tuple[str, ...] = ()
    returned_status: tuple[str, ...] = ()
    no_order_status: tuple[str, ...] = ()
    return_prefix: str | None = None
    keep_repeats: bool = False
    guests: tuple[str, ...] | None = None

    @property
    def own_words_of(self) -> Mapping[str, tuple[str, ...]]:
        """The shop's own words, by setting."""
        names = ("sale_status", "cancelled_status", "returned_status", "no_order_status")
        return {name: getattr(self, name) for name in names}

    @cached_property
    def own_words(self) -> Mapping[str, Meaning]:
        """What the shop says that its words mean, by plain word."""
        lists: tuple[tuple[Meaning, tuple[str, ...]], ...] = (
            ("sale", self.sale_status),
            ("cancelled", self.cancelled_status),
            ("returned", self.returned_status),
            ("no_order", self.no_order_status),
        )
        return {plain_word(word): meaning for meaning, words in lists for word in words}


@dataclass(frozen=True, kw_only=True)
class LineRules(StatedRules):
    """All that decides what a line is and is worth.

    Args:
        date_format: how updated_at is written, as in FileFormat.
        calendar: of updated_at, as in FileFormat.
        check_all: keep cancelled lines, so that their cells are checked, too.

    >>> LineRules(return_prefix="C").amount_is
    'line'
    """

    date_format: str | None = None
    calendar: Calendar = "gregorian"
    check_all: bool = False

    def as_posted(self) -> LineRules:
        """Return the rules of what is posted: its amounts are those of its lines, in whole units, after discount.

        >>> LineRules(amount_is="order", return_prefix="C").as_posted().amount_is
        'line'
        """
        return replace(
            self,
            amount_is="none" if self.amount_is == "none" else "line",
            price_times_quantity=False,
            amount_unit="major",
            discount_is="money",
            discount_taken=None,
            refund_is=None,
            guests=self.guests or (),
            date_format=None,
            calendar="gregorian",
        )


def _check_source(orders: OrdersMapping) -> None:
    if (orders.paths == (NO_FILE,)) == (orders.url is None):
        raise ConfigError('orders need a file = "orders.csv", or a url with a table or query, and not both')
    if orders.url is None and (orders.table or orders.query):
        raise ConfigError("table and query are of a database; add its url, or take them out")
    _ = orders.database


@dataclass(frozen=True)
class Beside:
    """Files that hold a part of the orders, joined by ids.

    Args:
        lines: the lines of orders whose heads stand in the orders file.
        payments: the payments of orders, where no file holds their lines.
        persons: who stands behind a customer id, where it is new with each order.
    """

    lines: Path | None = None
    payments: Path | None = None
    persons: Path | None = None


@dataclass(frozen=True)
class OrdersMapping(StatedRules):
    """Where the orders are, which column is which field, and what cells mean for a line.

    Args:
        file: text, workbook, Parquet or JSON, also packed; a folder or a pattern such as "exports/*.csv".
        columns: field of ORDERS -> column in the file; "subtotal#2" is the second of several columns of one name.
        contacts: field of CONTACTS -> column in the file, for whoever calls or writes to customers; never a feature.
        url: of a database that holds the orders instead of a file, see `Database`.
        table: of that database.
        query: the SELECT of that database, instead of a table.
        files: several of them instead, read one after the other.
        lines: the lines of the orders in a file apart, joined by their id.
        payments: the payments in a file apart, where no file holds the lines.
        persons: who stands behind customer ids in a file apart, joined by these.
        merge: a file of two columns below a header: old customer id, new customer id.
        accept: what the shop has said is right: rules that take many rows, and names of DOUBTS.
        most_left_out: share of the rows, or of the money, that a rule may leave out unasked.
        on_broken: 'stop' where a row breaks a rule, or 'set_aside': it is named in a file, and the others are read.

    Raises:
        ConfigError: a field that ORDERS does not have, or a required one that is missing.

    >>> m = OrdersMapping(Path("o.csv"), {"customer_id": "card", "ordered_at": "time", "amount": "total"})
    >>> m.rules.amount_is
    'line'
    """

    file: Path = NO_FILE
    columns: Mapping[str, str] = field(default_factory=dict)
    url: str | None = None
    table: str | None = None
    query: str | None = None
    accept: tuple[str, ...] = ()
    most_left_out: float = 0.05
    on_broken: Literal["stop", "set_aside"] = "stop"
    files: tuple[Path, ...] = ()
    lines: Path | None = None
    payments: Path | None = None
    persons: Path | None = None
    merge: Path | None = None
    contacts: Mapping[str, str] = field(default_factory=dict)
    format: FileFormat = FileFormat()

    def __post_init__(self) -> None:
        _check_source(self)
        if self.lines is not None and self.payments is not None:
            raise ConfigError("lines and payments both hold the money of the orders; leave out one of them")
        for name in self.accept:
            _one_of("accept", name, (*RULES, *DOUBTS))
        _one_of("amount_is", self.amount_is, ("line", "order", "none"))
        _one_of("on_broken", self.on_broken, ("stop", "set_aside"))
        _one_of("amount_unit", self.amount_unit, ("major", "minor"))
        _one_of("discount_is", self.discount_is, ("money", "share", "percent"))
        _one_of("refund_is", self.refund_is or "line", ("line", "order"))
        needed: tuple[str, ...] = ("price", "quantity") if self.price_times_quantity else ("amount",)
        needed = () if self.amount_is == "none" else needed
        _check_fields("orders", self.columns, ORDERS, ("customer_id", "ordered_at", *needed))
        _check_fields("contacts", self.contacts, CONTACTS, ())

    @property
    def database(self) -> Database | None:
        """Where the orders are, if in no file."""
        return None if self.url is None else Database(self.url, self.table, self.query)

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files that hold the orders."""
        return self.files or (self.file,)

    @property
    def source_name(self) -> str:
        """The file, table or query as it is called in messages."""
        return self.paths[0].name if self.database is None else self.database.name

    def at(self, folder: Path) -> OrdersMapping:
        """Return the same mapping, files of relative paths as lying in the folder."""
        moved = with_paths(self, folder.joinpath)
        return moved if self.database is None else replace(moved, url=self.database.at(folder).url)

    def read_from(self, *files: Path) -> OrdersMapping:
        """Return the same mapping for another file, or for several."""
        file, several = (files[0], ()) if len(files) == 1 else (NO_FILE, files)
        return replace(self, file=file, files=several, url=None, table=None, query=None)

    def read_from_database(self, database: Database) -> OrdersMapping:
        """Return the same mapping for a database."""
        return replace(self, file=NO_FILE, url=database.url, table=database.table, query=database.query)

    @property
    def beside(self) -> Beside:
        """The files that hold a part of them."""
        return Beside(self.lines, self.payments, self.persons)

    @property
    def rules(self) -> LineRules:
        """What cells mean for a line."""
        own = {each.name: getattr(self, each.name) for each in fields(StatedRules)}
        return LineRules(**own, date_format=self.format.date_format, calendar=self.format.calendar)


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


Mapped = TypeVar("Mapped", OrdersMapping, EventsMapping, CustomersMapping)


def with_paths(mapping: Mapped, moved: Callable[[Path], Path]) -> Mapped:
    """Return a mapping with each of its paths moved.

    >>> mapping = CustomersMapping(Path("c.csv"), {"customer_id": "card"})
    >>> with_paths(mapping, Path("shop").joinpath).file.as_posix()
    'shop/c.csv'
    """
    change: dict[str, Any] = {}
    for each in fields(mapping):
        value = getattr(mapping, each.name)
        if isinstance(value, Path) and value != NO_FILE:
            change[each.name] = moved(value)
        elif each.name == "files":
            change[each.name] = tuple(moved(path) for path in value)
    return replace(mapping, **change)


@dataclass(frozen=True)
class Guess:
    """What `regulars init` proposes; each assumption is one sentence.

    `use` names the columns of the customers file that are proposed as features, `not_used` the columns of each table's
    file that nothing is read from; `questions` holds what nobody but the user can know; the mappings hold their likely
    answers.
    """

    shop: Shop
    orders: OrdersMapping
    events: EventsMapping | None
    customers: CustomersMapping | None
    assumptions: tuple[str, ...]
    not_used: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    questions: tuple[Question, ...] = ()
    use: tuple[str, ...] = ()
