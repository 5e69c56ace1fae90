"""regulars.toml → settings, or every wrong key and value of it at once.

Paths in the file are read as lying beside it.
"""

from __future__ import annotations

import dataclasses
import functools
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import TypeAdapter, ValidationError

from features.errors import ConfigError, Violation, suggest
from features.faults import faults_at
from features.questions import by_setting
from features.shell import shell_line
from features.sources.mapping import CustomersMapping, EventsMapping, FileFormat, OrdersMapping, Shop, with_paths
from features.sources.people.attribute_settings import FairnessSettings, FeatureSettings
from serving.config.broken_restore import refuse_broken_restore
from serving.config.machine_settings import MachineSettings
from serving.config.out_settings import OutSettings
from serving.config.questions import refuse_open_questions, refuse_questions
from serving.config.retention_settings import RetentionSettings
from serving.config.settings import (
    AUTO,
    FILE_NAME,
    BookSettings,
    Churn,
    DeliverSettings,
    FileSettings,
    ListSettings,
    MlflowSettings,
    PagesSettings,
    ServeSettings,
    Settings,
)
from serving.config.to_toml import toml_value
from serving.config.weekly_settings import RetrainSettings, WeeklySettings


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
        ConfigError: every question that nobody has answered yet, else every wrong key and value at once; or a restore
            of the shop was broken off.
    """
    where = path or Path(FILE_NAME)
    refuse_broken_restore(where.resolve().parent)
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
    return guessed_settings(orders, Path())


def guessed_settings(orders: Path, folder: Path) -> Settings:
    """Return what `regulars init` would guess from an orders file; the book and `mlruns/` lie in the folder.

    Raises:
        ConfigError: it would ask something.
        InputError: a file that cannot be read, or a required column that was not recognised.
    """
    from features.guess.guess import guess  # only here: it reads files, and most commands have a toml

    found = guess(orders, None, None)
    asked = {name: each.words for name, each in by_setting(found.questions).items()}
    refuse_questions(asked, orders, f"answer in the file that this writes: {shell_line('regulars', 'init', orders)}")
    return Settings(shop=found.shop, orders=found.orders, folder=folder.resolve())


def _read(where: Path, orders: Path | None) -> Settings:
    try:
        with faults_at(where):
            raw = tomllib.loads(where.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{where} is not TOML: {error}") from error
    refuse_open_questions(raw, where)
    folder = where.resolve().parent
    section = raw.get("orders")
    if isinstance(section, dict) and section.get("files") and "file" not in section:
        section["file"] = section["files"][0]  # what messages call them by
    settings = _checked(raw, where)
    moved, playbooks = settings.orders.at(folder), settings.list.playbooks
    return dataclasses.replace(
        settings,
        folder=folder,
        orders=moved if orders is None else moved.read_from(orders.resolve()),
        events=_at(folder, settings.events) if settings.events else None,
        customers=_at(folder, settings.customers) if settings.customers else None,
        list=dataclasses.replace(settings.list, playbooks=playbooks and folder / playbooks),
    )


Mapping_ = TypeVar("Mapping_", EventsMapping, CustomersMapping)


def _at(folder: Path, mapping: Mapping_) -> Mapping_:
    """Read a file's path as lying beside the toml."""
    return with_paths(mapping, folder.joinpath)


@functools.cache
def _checker() -> TypeAdapter[Settings]:
    """Return what checks the settings: building it costs more than reading a file."""
    return TypeAdapter(Settings)


def _checked(raw: dict[str, Any], where: Path) -> Settings:
    unknown = list(_unknown_keys(raw, where))
    try:
        settings = _checker().validate_python(raw)
    except ValidationError as error:
        raise ConfigError(f"{where} cannot be used", [*unknown, *_violations(error, where)]) from error
    if unknown:
        raise ConfigError(f"{where} cannot be used", unknown)
    return settings


_SECTIONS: dict[str, Any] = {
    "shop": Shop,
    "churn": Churn,
    "orders": OrdersMapping,
    "events": EventsMapping,
    "customers": CustomersMapping,
    "features": FeatureSettings,
    "fairness": FairnessSettings,
    "list": ListSettings,
    "book": BookSettings,
    "mlflow": MlflowSettings,
    "serve": ServeSettings,
    "files": FileSettings,
    "machine": MachineSettings,
    "pages": PagesSettings,
    "deliver": DeliverSettings,
    "retention": RetentionSettings,
    "weekly": WeeklySettings,
    "retrain": RetrainSettings,
    "out": OutSettings,
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


# Keys of before, and what has taken their place.
FORMER: Mapping[str, str] = {
    "deliver.page": 'write address = "https://…" under [pages]: a notice leads there',
    "shop.in_toman": 'write shown_in = "toman" under [shop]',
}


def _unknown(where: Path, key: str, word: str, known: Iterable[str]) -> Violation:
    if key in FORMER:
        return Violation(f"{where}, {key}", None, "", "no such key any more", "", FORMER[key])
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
    return value if isinstance(value, str) and value else toml_value(value)
