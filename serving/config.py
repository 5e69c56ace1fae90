"""regulars.toml → frozen settings, and back.

The sections of the file are the frozen objects that the rooms below define (`Shop`, `OrdersMapping`, …): a setting is
added there, with its meaning, and the file knows it. The book and `mlruns/` lie beside the file in use.
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from pydantic import BeforeValidator, TypeAdapter, ValidationError

from features.errors import ConfigError, Violation, suggest
from features.money import Money
from features.sources.mapping import CustomersMapping, EventsMapping, FileFormat, OrdersMapping, Shop
from serving.outreach.plan.policy import Policy

if TYPE_CHECKING:  # pandas stands behind these: a wrong key in the file is told before it is imported
    from features.churn.labels import ChurnDefinition
    from features.log import Log

FILE_NAME = "regulars.toml"
BOOK_URL = "REGULARS_BOOK_URL"
AUTO: Literal["auto"] = "auto"


def days_or_auto(given: int | str) -> int | Literal["auto"]:
    """Return a horizon as it may be written: a number of days, or "auto".

    Raises:
        ConfigError: neither of the two.

    >>> days_or_auto("30"), days_or_auto("auto")
    (30, 'auto')
    """
    if given == AUTO:
        return AUTO
    try:
        return int(str(given))
    except ValueError:
        raise ConfigError(f'horizon_days is a number of days or "auto", not "{given}"') from None


@dataclass(frozen=True)
class ListSettings(Policy):
    """How lists are planned, which is the shop's policy, and how they are written.

    Args:
        addresses: owner → mail address, for lists as mails.
        playbooks: the shop's own playbooks, a TOML file.
        formats: in which lists are written, see `regulars list --help`.

    >>> ListSettings(capacity=25).rank_by
    'gain'
    """

    addresses: Mapping[str, str] = field(default_factory=dict)
    playbooks: Path | None = None
    formats: tuple[str, ...] = ("csv",)


@dataclass(frozen=True)
class BookSettings:
    """Where the book lies.

    Args:
        url: of a database, as postgresql://user@host/name; without one SQLite beside regulars.toml. The environment
            variable REGULARS_BOOK_URL counts before it, so that a password need not stand in a file.
    """

    url: str | None = None


@dataclass(frozen=True)
class ServeSettings:
    """How the HTTP interface serves.

    Args:
        requests_per_second: what one key may ask in the long run, of all workers together.
        workers: processes; each holds the model.
    """

    requests_per_second: float = 100.0
    workers: int = 1

    @property
    def per_worker(self) -> float:
        """Each worker's share of what a key may ask."""
        return self.requests_per_second / self.workers


@dataclass(frozen=True)
class Churn:
    """The two windows, days; `Settings.definition_for` a log is what the rooms below read.

    Args:
        horizon_days: "auto" for what the shop's own gaps propose, each time the log is read.
        active_days: None for what goes with the horizon: 90 days, and with "auto" what is proposed.
    """

    horizon_days: Annotated[int | Literal["auto"], BeforeValidator(days_or_auto)] = 30
    active_days: int | None = None


@dataclass(frozen=True)
class Settings:
    """All that regulars.toml says.

    Args:
        folder: where the file lies; the book and `mlruns/` lie beside it.
        shop: zone, currency, when its business day starts.
        orders: the orders file and its columns.
        churn: horizon and active window, days.
        events: the events file, if any.
        customers: the customers file, if any.
        list: how lists are planned and written.
        book: where the book lies.
        serve: how the HTTP interface serves.
    """

    shop: Shop
    orders: OrdersMapping
    churn: Churn = field(default_factory=Churn)
    events: EventsMapping | None = None
    customers: CustomersMapping | None = None
    list: ListSettings = field(default_factory=ListSettings)
    book: BookSettings = field(default_factory=BookSettings)
    serve: ServeSettings = field(default_factory=ServeSettings)
    folder: Path = Path()

    @property
    def definition(self) -> ChurnDefinition:
        """What churn means here, where the file says it.

        Raises:
            ConfigError: the file leaves it to the log.
        """
        if self.churn.horizon_days == AUTO:
            raise ConfigError('horizon_days is "auto": only a log can say how many days that is')
        from features.churn.horizon import LEAST_ACTIVE_DAYS
        from features.churn.labels import ChurnDefinition

        return ChurnDefinition(self.churn.horizon_days, self.churn.active_days or LEAST_ACTIVE_DAYS)

    def definition_for(self, log: Log) -> ChurnDefinition:
        """What churn means here; "auto" is what the gaps of this log propose."""
        if self.churn.horizon_days != AUTO:
            return self.definition
        from features.churn.horizon import proposed_definition
        from features.churn.labels import ChurnDefinition

        proposed = proposed_definition(log)
        return ChurnDefinition(proposed.horizon_days, self.churn.active_days or proposed.active_days)

    def agrees_with(self, known: ChurnDefinition) -> bool:
        """Say whether a model trained for `known` answers what is asked; "auto" asks for no certain horizon."""
        auto, active = self.churn.horizon_days == AUTO, self.churn.active_days
        return active in (None, known.active_days) if auto else self.definition == known

    def said_auto(self, definition: ChurnDefinition) -> tuple[str, ...]:
        """Say in one line what "auto" came to; nothing where the file itself said it."""
        if self.churn.horizon_days != AUTO:
            return ()
        return (
            f"horizon_days = auto: {definition.horizon_days} days, from the shop's own gaps; who ordered in the last "
            f"{definition.active_days} days can churn",
        )

    @property
    def book_place(self) -> Path | str:
        """The book's database: its URL, or the folder in which SQLite keeps it."""
        return os.environ.get(BOOK_URL) or self.book.url or self.folder

    @property
    def money(self) -> Money:
        """The shop's currency."""
        return Money(self.shop.currency)


def load_settings(
    path: Path | None = None,
    *,
    orders: Path | None = None,
    horizon_days: int | Literal["auto"] | None = None,
    active_days: int | None = None,
) -> Settings:
    """Read regulars.toml; without one, guess from the orders file as `regulars init` does.

    Args:
        path: the file; None for regulars.toml in this folder.
        orders: read this orders file instead of the one that is named.
        horizon_days: instead of the file's; "auto" for what the gaps of the log propose.
        active_days: instead of the file's.

    Raises:
        ConfigError: every wrong key and value at once.
    """
    where = path or Path(FILE_NAME)
    settings = _read(where, orders) if where.exists() else _guessed(where, orders, named=path is not None)
    churn = Churn(
        settings.churn.horizon_days if horizon_days is None else horizon_days,
        settings.churn.active_days if active_days is None else active_days,
    )
    settings = dataclasses.replace(settings, churn=churn)
    _sensible(churn)
    return settings


def _sensible(churn: Churn) -> None:
    """Refuse a window that makes no sense, here and not in the middle of a run."""
    from features.churn.horizon import LEAST_ACTIVE_DAYS
    from features.churn.labels import ChurnDefinition

    days = 1 if churn.horizon_days == AUTO else churn.horizon_days
    ChurnDefinition(days, LEAST_ACTIVE_DAYS if churn.active_days is None else churn.active_days)


def _guessed(where: Path, orders: Path | None, *, named: bool) -> Settings:
    if named or orders is None:
        remedy = "write one with: regulars init orders.csv"
        raise ConfigError(f"there is no {where}; {remedy}")
    from features.guess.guess import guess  # only here: it reads files, and most commands have a toml

    found = guess(orders, None, None)
    return Settings(shop=found.shop, orders=found.orders, folder=Path().resolve())


def _read(where: Path, orders: Path | None) -> Settings:
    try:
        raw = tomllib.loads(where.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{where} is not TOML: {error}") from error
    folder = where.resolve().parent
    settings = _checked(raw, where)
    moved = _at(folder, settings.orders)
    return dataclasses.replace(
        settings,
        folder=folder,
        orders=moved if orders is None else dataclasses.replace(moved, file=orders.resolve()),
        events=_at(folder, settings.events) if settings.events else None,
        customers=_at(folder, settings.customers) if settings.customers else None,
        list=dataclasses.replace(settings.list, playbooks=_beside(folder, settings.list.playbooks)),
    )


def _beside(folder: Path, file: Path | None) -> Path | None:
    return None if file is None else folder / file


Mapping_ = TypeVar("Mapping_", OrdersMapping, EventsMapping, CustomersMapping)


def _at(folder: Path, mapping: Mapping_) -> Mapping_:
    """Read a file's path as lying beside the toml."""
    return dataclasses.replace(mapping, file=folder / mapping.file)


def _checked(raw: dict[str, Any], where: Path) -> Settings:
    unknown = list(_unknown_keys(raw, where))
    try:
        settings = TypeAdapter(Settings).validate_python(raw)
    except ValidationError as error:
        raise ConfigError(f"{where} cannot be used", [*unknown, *_violations(error, where)]) from error
    if unknown:
        raise ConfigError(f"{where} cannot be used", unknown)
    return settings


LIST_COMMENT = (
    "capacity: entries per owner; rank_by: gain, value_at_risk or probability; holdout_share: never contacted,\n"
    "# so that the effect can be measured (0 = nobody). Everything else: docs/lists.md"
)
_SECTIONS: dict[str, Any] = {
    "shop": Shop,
    "churn": Churn,
    "orders": OrdersMapping,
    "events": EventsMapping,
    "customers": CustomersMapping,
    "list": ListSettings,
    "book": BookSettings,
    "serve": ServeSettings,
}


def _unknown_keys(raw: dict[str, Any], where: Path) -> Iterator[Violation]:
    for section, content in raw.items():
        if section not in _SECTIONS:
            yield _unknown(where, section, section, _SECTIONS)
        elif isinstance(content, dict):
            yield from _unknown_in(content, where, section, _SECTIONS[section])


def _unknown_in(content: dict[str, Any], where: Path, section: str, kind: Any) -> Iterator[Violation]:
    known = [f.name for f in dataclasses.fields(kind)]
    for key, value in content.items():
        if key not in known:
            yield _unknown(where, f"{section}.{key}", key, known)
        elif key == "format" and isinstance(value, dict):
            yield from _unknown_in(value, where, f"{section}.format", FileFormat)


def _unknown(where: Path, key: str, word: str, known: Iterable[str]) -> Violation:
    return Violation(f"{where}, {key}", None, "", f"no such key.{suggest(word, known)}", "", "")


def _violations(error: ValidationError, where: Path) -> Iterator[Violation]:
    for problem in error.errors(include_url=False, include_context=False):
        key = ".".join(str(part) for part in problem["loc"])
        rule, remedy = _in_our_words(problem)
        value = _written(problem["input"]) if rule in RULES.values() else ""
        yield Violation(f"{where}, {key}", None, "", rule, value, remedy)


RULES: Mapping[str, str] = {
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float", "int_parsing_size"), "a whole number"),
    **dict.fromkeys(("float_type", "float_parsing", "finite_number"), "a number"),
    **dict.fromkeys(("bool_type", "bool_parsing"), "true or false"),
    "string_type": 'a text in quotes, as "Eleni"',
    **dict.fromkeys(("path_type", "path_parsing"), 'a file in quotes, as "orders.csv"'),
    **dict.fromkeys(("tuple_type", "list_type"), 'a list in brackets, as ["csv", "xlsx"]'),
    **dict.fromkeys(("mapping_type", "dict_type"), "a table in braces, as { Eleni = 40 }"),
    **dict.fromkeys(("dataclass_type", "dataclass_exact_type", "model_type"), "a section of its own, as [list]"),
    "literal_error": "a known word",
}


def _in_our_words(problem: Mapping[str, Any]) -> tuple[str, str]:
    """Return the rule that a value breaks and what to do; pydantic's own words only where we have none."""
    kind = problem["type"]
    if kind in ("missing", "missing_argument"):
        return "missing", "add it, or write a new file with: regulars init orders.csv"
    if kind == "literal_error":
        known = re.findall("'([^']*)'", problem["msg"])
        return RULES[kind], f"known are {', '.join(known)}.{suggest(str(problem['input']), known)}"
    return RULES.get(kind, problem["msg"].removeprefix("Value error, ")), ""


def _written(value: Any) -> str:
    """Return a value as the file has it, without the quotes."""
    return value if isinstance(value, str) and value else _value(value)


def toml_text(settings: Settings, assumptions: Iterable[str] = ()) -> str:
    """Write settings as a commented regulars.toml.

    Args:
        settings: what to write; paths inside the folder become relative to it.
        assumptions: sentences that stand at the top, so that the reader knows what was guessed.
    """
    notes = "".join(f"# - {line}\n" for line in assumptions)
    head = f"# Written by `regulars init`. It assumed:\n{notes}# Change what is wrong, then: regulars check\n"
    return "\n".join([head, *_sections(settings)])


def _sections(settings: Settings) -> Iterator[str]:
    folder = settings.folder
    yield _section("shop", settings.shop, "Days are cut in this zone; money is counted in this currency.")
    yield _section(
        "churn",
        settings.churn,
        'Churned = no order on horizon_days days (or "auto"); who ordered in the last active_days days can churn.',
    )
    yield from _file_section("orders", settings.orders, folder, "field of Regulars = column of the file")
    if settings.events:
        yield from _file_section("events", settings.events, folder, "what customers did besides ordering")
    if settings.customers:
        yield from _file_section("customers", settings.customers, folder, "names and owners; never a feature")
    yield _section("list", settings.list, LIST_COMMENT)
    if settings.book != BookSettings():
        yield _section("book", settings.book, "the database of record; without a url SQLite beside this file")
    if settings.serve != ServeSettings():
        yield _section("serve", settings.serve, "requests_per_second: what one key may ask; workers: processes")


def _file_section(name: str, mapping: Any, folder: Path, comment: str) -> Iterator[str]:
    plain = {f.name: getattr(mapping, f.name) for f in dataclasses.fields(mapping)}
    columns, written, file = plain.pop("columns"), plain.pop("format"), plain.pop("file")
    if "status" not in columns:  # the words for statuses matter only where there is one
        plain = {key: value for key, value in plain.items() if not key.endswith("_status")}
    inside = file.is_relative_to(folder)
    plain = {"file": (file.relative_to(folder) if inside else file).as_posix(), **plain}
    yield f"[{name}]\n" + _lines(plain)
    yield f"[{name}.columns]  # {comment}\n" + _lines(dict(columns))
    if written != FileFormat():
        yield f"[{name}.format]\n" + _lines(dataclasses.asdict(written))


def _section(name: str, content: Any, comment: str) -> str:
    return f"# {comment}\n[{name}]\n" + _lines(dataclasses.asdict(content))


def _lines(content: dict[str, Any]) -> str:
    said = ((_key(key), value) for key, value in content.items() if value not in (None, {}, ()))
    return "".join(f"{key} = {_value(value)}\n" for key, value in said)


def _key(key: str) -> str:
    return key if key.replace("_", "").isalnum() and key.isascii() else json.dumps(key)


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_key(k)} = {_value(v)}" for k, v in value.items()) + " }"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_value(v) for v in value) + "]"
    # A JSON string is a TOML basic string, as long as nothing is escaped that need not be.
    return json.dumps(value if isinstance(value, (bool, int, float)) else str(value), ensure_ascii=False)
