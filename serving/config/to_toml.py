"""Settings → a commented regulars.toml."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from features.language.languages import ENGLISH, Language
from features.language.messages import said
from features.questions import Question, by_setting
from features.sources.mapping import NO_FILE, FileFormat
from features.sources.people.attribute_settings import FairnessSettings, FeatureSettings
from serving.config.machine_settings import MachineSettings
from serving.config.questions import question_lines, with_questions
from serving.config.settings import BookSettings, FileSettings, MlflowSettings, PagesSettings, ServeSettings, Settings
from serving.config.weekly_settings import RetrainSettings, WeeklySettings

RARE = ("amount_unit", "discount_is", "keep_repeats")  # written only where a shop needs another than the usual one
LIST_COMMENT = (
    "capacity: entries per owner; rank_by: gain, value_at_risk, left_probability or probability; holdout_share: never\n"
    "# contacted, so that the effect can be measured (0 = nobody). Everything else: docs/lists.md"
)
SERVE_COMMENT = (
    "requests_per_second: what one key may ask; workers: processes; today: the day that counts as today, for a log of\n"
    "# the past"
)
CONTACTS_COMMENT = "how to reach a customer, for whoever calls or writes; never a feature"


def toml_text(
    settings: Settings,
    assumptions: Iterable[str] = (),
    questions: Iterable[Question] = (),
    language: Language = ENGLISH,
) -> str:
    """Write settings as a commented regulars.toml.

    Args:
        settings: what to write; paths inside the folder become relative to it.
        assumptions: sentences that stand at the top, so that the reader knows what was guessed.
        questions: each is written where its answer belongs, and no command runs while it stands.
        language: of assumptions and questions; the names of settings and what they mean stay as the documentation has
            them.
    """
    notes = "".join(f"# - {said(line, language)}\n" for line in assumptions)
    asked = {setting: question.said_in(language) for setting, question in by_setting(questions).items()}
    asks = 'Write the answer in place of each question ("? …") below. ' if asked else ""
    head = f"# Written by `regulars init`. It assumed:\n{notes}# {asks}Change what is wrong, then: regulars check\n"
    return "\n".join([head, *_sections(settings, asked)])


def _sections(settings: Settings, questions: Mapping[str, Question]) -> Iterator[str]:
    section, file_section = partial(_section, questions), partial(_file_section, questions, settings.folder)
    yield section("shop", settings.shop, "Days are cut in this zone; money is counted in this currency.")
    yield section(
        "churn",
        settings.churn,
        'Churned = no order on horizon_days days (or "auto"); who ordered in the last active_days days can churn.',
    )
    yield from file_section("orders", settings.orders, "field of Regulars = column of the file")
    if settings.events:
        yield from file_section("events", settings.events, "what customers did besides ordering")
    if settings.customers:
        yield from file_section("customers", settings.customers, "names and owners; a feature only as [features] says")
    if settings.features != FeatureSettings():
        yield section(
            "features", settings.features, "use: columns of the customers file; never: words of what may not be"
        )
    if settings.fairness != FairnessSettings():
        yield section(
            "fairness", settings.fairness, "no group may be served worse; sensitive: compared by, and never a feature"
        )
    yield section("list", settings.list, LIST_COMMENT)
    if settings.book != BookSettings():
        yield section("book", settings.book, "the database of record; without a url SQLite beside this file")
    if settings.mlflow != MlflowSettings():
        yield section("mlflow", settings.mlflow, "trainings and models; without a uri in mlruns/ beside this file")
    if settings.serve != ServeSettings():
        yield section(
            "serve",
            settings.serve,
            "requests_per_second: what one key may ask; workers: processes; today: the day that counts as today",
        )
    if settings.files != FileSettings():
        yield section("files", settings.files, "group: its members may read what is written; without one nobody")
    if settings.machine != MachineSettings():
        yield section("machine", settings.machine, "how much memory and how many cores may be used: docs/scale.md")
    if settings.pages != PagesSettings():
        yield section("pages", settings.pages, "how people open the pages: docs/pages.md")
    if settings.deliver is not None:
        yield section("deliver", settings.deliver, "mails each owner's list; the password is in REGULARS_SMTP_PASSWORD")
    if settings.retention is not None:
        yield section("retention", settings.retention, "how long what is kept of persons stays: docs/privacy.md")
    if settings.weekly != WeeklySettings():
        yield section("weekly", settings.weekly, "where regulars weekly writes, and whom it mails: docs/weekly.md")
    if settings.retrain != RetrainSettings():
        yield section("retrain", settings.retrain, "when regulars weekly trains: docs/weekly.md")
    if settings.out is not None:
        yield section("out", settings.out, "the database that takes tables for other systems: docs/scale.md")


def _file_section(
    questions: Mapping[str, Question], folder: Path, name: str, mapping: Any, comment: str
) -> Iterator[str]:
    every = dataclasses.fields(mapping)
    plain = {f.name: value for f in every if (value := getattr(mapping, f.name)) != f.default or f.name not in RARE}
    columns, written, contacts = plain.pop("columns"), plain.pop("format"), plain.pop("contacts", {})
    if not {"status", "type"} & set(columns):  # the words for statuses matter only where there is one
        plain = {key: value for key, value in plain.items() if not key.endswith("_status")}
    if plain.get("files"):
        plain = {"files": plain.pop("files"), **{key: value for key, value in plain.items() if key != "file"}}
    elif (file := plain.pop("file")) != NO_FILE:
        plain = {"file": file, **plain}
    plain = {key: _relative(value, folder) for key, value in plain.items()}
    yield f"[{name}]\n" + _lines(with_questions(plain, name, questions))
    section = f"{name}.columns"
    yield f"[{section}]  # {comment}\n" + _lines(with_questions(columns, section, questions))
    if contacts:
        yield f"[{name}.contacts]  # how to reach a customer, for whoever calls or writes; never a feature\n" + _lines(
            contacts
        )
    plain_format = dataclasses.asdict(written) if written != FileFormat() else {}
    if cells := with_questions(plain_format, f"{name}.format", questions):
        yield f"[{name}.format]\n" + _lines(cells)


def _relative(value: Any, folder: Path) -> Any:
    """Return paths inside the folder as seen from it."""
    if isinstance(value, tuple):
        return tuple(_relative(each, folder) for each in value)
    if isinstance(value, Path):
        return (value.relative_to(folder) if value.is_relative_to(folder) else value).as_posix()
    return value


def _section(questions: Mapping[str, Question], name: str, content: Any, comment: str) -> str:
    return f"# {comment}\n[{name}]\n" + _lines(with_questions(dataclasses.asdict(content), name, questions))


NO_GUESTS = ("guests", ())


def _lines(content: dict[str, Any]) -> str:
    # No guests at all is an answer: it says that every id is a customer.
    given = ((_key(k), value) for k, value in content.items() if value not in (None, {}, ()) or (k, value) == NO_GUESTS)
    return "".join(f"{line}\n" for key, value in given for line in _written(key, value))


def _written(key: str, value: Any) -> Iterator[str]:
    if isinstance(value, Question):
        yield from question_lines(key, value)
    else:
        yield f"{key} = {toml_value(value)}"


def _key(key: str) -> str:
    return key if key.replace("_", "").isalnum() and key.isascii() else json.dumps(key)


def toml_value(value: Any) -> str:
    """Return a value as TOML writes it."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_key(k)} = {toml_value(v)}" for k, v in value.items()) + " }"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(toml_value(v) for v in value) + "]"
    if isinstance(value, date):
        return value.isoformat()
    # A JSON string is a TOML basic string, as long as nothing is escaped that need not be.
    return json.dumps(value if isinstance(value, (bool, int, float)) else str(value), ensure_ascii=False)
