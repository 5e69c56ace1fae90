"""Questions in regulars.toml that nobody has answered yet: each stands where its answer belongs, as a text with "? ".

    [orders.columns]
    ordered_at = "? Which column is ordered_at, when it was ordered?"

Whoever answers writes the value in its place. Any setting of any section may be such a question, whatever its type.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from features.errors import ConfigError, Violation

MARK = "? "


def with_questions(content: Mapping[str, Any], section: str, questions: Mapping[str, str]) -> dict[str, Any]:
    """Return a section's keys with the questions of that section in place of their answers.

    Args:
        content: key → value.
        section: its name, such as `orders.columns`.
        questions: setting, such as `orders.columns.ordered_at` → question.

    >>> with_questions({"zone": "UTC", "currency": "EUR"}, "shop", {"shop.zone": "Where is the shop?"})
    {'zone': '? Where is the shop?', 'currency': 'EUR'}
    """
    asked = {
        setting.removeprefix(f"{section}."): f"{MARK}{question}"
        for setting, question in questions.items()
        if setting.rpartition(".")[0] == section
    }
    return {**content, **asked}


def refuse_open_questions(raw: Mapping[str, Any], where: Path) -> None:
    """Refuse a file in which a question stands.

    Args:
        raw: the file as TOML reads it.
        where: the file.

    Raises:
        ConfigError: names the setting and the question of each.
    """
    refuse_questions(dict(_open(raw)), where, "write each answer in place of its question, then run this again")


def refuse_questions(questions: Mapping[str, str], where: Path, remedy: str) -> None:
    """Refuse to go on while there are questions.

    Args:
        questions: setting → question.
        where: the file that they are about.
        remedy: how they are answered.

    Raises:
        ConfigError: names the setting and the question of each.
    """
    if questions:
        said = [Violation(f"{where}, {setting}", None, "", text, "", "") for setting, text in questions.items()]
        raise ConfigError(f"{where}: nobody has answered {', '.join(questions)}; {remedy}", said)


def _open(raw: Mapping[str, Any], section: str = "") -> Iterator[tuple[str, str]]:
    for key, value in raw.items():
        if isinstance(value, dict):
            yield from _open(value, f"{section}{key}.")
        elif isinstance(value, str) and value.startswith(MARK):
            yield f"{section}{key}", value.removeprefix(MARK)
