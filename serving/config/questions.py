"""Questions in regulars.toml that nobody has answered yet: each stands where its answer belongs, as a text with "? ".

    [orders.columns]
    ordered_at = "? Which column is ordered_at, when it was ordered?"

Whoever answers writes the value in its place; the answers stand above it as comments, the likely one first. Any setting
of any section may be such a question, whatever its type.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from features.errors import OpenQuestions, Violation
from features.questions import Question

MARK = "? "


def with_questions(content: Mapping[str, Any], section: str, questions: Mapping[str, Question]) -> dict[str, Any]:
    """Return a section's keys with the questions of that section in place of their answers.

    Args:
        content: key → value.
        section: its name, such as `orders.columns`.
        questions: setting, such as `orders.columns.ordered_at` → question.

    >>> from features.questions import Answer
    >>> asked = Question("shop.zone", "Where is the shop?", (Answer("in Athens", {"shop.zone": "Europe/Athens"}),))
    >>> with_questions({"zone": "UTC", "currency": "EUR"}, "shop", {"shop.zone": asked})["zone"].words
    'Where is the shop?'
    """
    asked = {
        setting.removeprefix(f"{section}."): question
        for setting, question in questions.items()
        if setting.rpartition(".")[0] == section
    }
    return {**content, **asked}


def question_lines(key: str, question: Question) -> Iterator[str]:
    r"""Yield a question as it stands in regulars.toml: its answers as comments, then the question in their place.

    >>> from features.questions import Answer
    >>> likely, other = Answer("in Athens", {"shop.zone": "Europe/Athens"}), Answer("elsewhere", {})
    >>> print(*question_lines("zone", Question("shop.zone", "Where?", (likely, other))), sep="\n")
    # in Athens (likely): zone = "Europe/Athens" under [shop]
    # elsewhere: no line does; change what is wrong, then delete the next line
    zone = "? Where?"
    """
    for place, answer in enumerate(question.answers):
        likely = " (likely)" if place == 0 and answer.settings else ""
        writes = "; ".join(answer.lines) or "no line does; change what is wrong, then delete the next line"
        yield f"# {answer.words}{likely}: {writes}"
    yield f"{key} = {json.dumps(MARK + question.words, ensure_ascii=False)}"


def refuse_open_questions(raw: Mapping[str, Any], where: Path) -> None:
    """Refuse a file in which a question stands.

    Args:
        raw: the file as TOML reads it.
        where: the file.

    Raises:
        OpenQuestions: names the setting and the question of each.
    """
    refuse_questions(dict(_open(raw)), where, "write each answer in place of its question, then run this again")


def refuse_questions(questions: Mapping[str, str], where: Path, remedy: str) -> None:
    """Refuse to go on while there are questions.

    Args:
        questions: setting → question.
        where: the file that they are about.
        remedy: how they are answered.

    Raises:
        OpenQuestions: names the setting and the question of each.
    """
    if questions:
        said = [Violation(f"{where}, {setting}", None, "", text, "", "") for setting, text in questions.items()]
        raise OpenQuestions(f"{where}: nobody has answered {', '.join(questions)}; {remedy}", said)


def _open(raw: Mapping[str, Any], section: str = "") -> Iterator[tuple[str, str]]:
    for key, value in raw.items():
        if isinstance(value, dict):
            yield from _open(value, f"{section}{key}.")
            continue
        asked = (each for each in (value if isinstance(value, list) else [value]) if isinstance(each, str))
        yield from ((f"{section}{key}", each.removeprefix(MARK)) for each in asked if each.startswith(MARK))
