"""Settings → a commented regulars.toml."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from features.sources.mapping import FileFormat
from serving.config.settings import BookSettings, ServeSettings, Settings

LIST_COMMENT = (
    "capacity: entries per owner; rank_by: gain, value_at_risk or probability; holdout_share: never contacted,\n"
    "# so that the effect can be measured (0 = nobody). Everything else: docs/lists.md"
)


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
    given = ((_key(key), value) for key, value in content.items() if value not in (None, {}, ()))
    return "".join(f"{key} = {toml_value(value)}\n" for key, value in given)


def _key(key: str) -> str:
    return key if key.replace("_", "").isalnum() and key.isascii() else json.dumps(key)


def toml_value(value: Any) -> str:
    """Return a value as TOML writes it."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_key(k)} = {toml_value(v)}" for k, v in value.items()) + " }"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(toml_value(v) for v in value) + "]"
    # A JSON string is a TOML basic string, as long as nothing is escaped that need not be.
    return json.dumps(value if isinstance(value, (bool, int, float)) else str(value), ensure_ascii=False)
