"""What a shop's files leave open: a short question, its likely answer first, and the settings that each answer writes.

Guesses and rules ask where two readings fit the rows. `regulars init` puts the questions to a person; no other command
runs while one is open.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from features.language.languages import Language
from features.language.messages import Message, Sentence, in_a_row, message_in, said, sentence

Setting = str | bool | int | float | date | tuple[str, ...] | Mapping[str, str] | None


@dataclass(frozen=True)
class Answer:
    """One way to read the rows.

    Args:
        words: the answer as a person says it.
        settings: what it writes to `regulars.toml`, as dotted key -> value, such as {"orders.amount_is": "line"};
            None takes a key out. Without any, the answer settles nothing: the file itself has to be changed.
    """

    words: str
    settings: Mapping[str, Setting] = field(hash=False)

    @property
    def lines(self) -> list[str]:
        """What it writes, as a person writes it to `regulars.toml`.

        >>> Answer("Ireland", {"orders.format.zones": {"IST": "+01:00"}, "orders.guests": ("0",)}).lines
        ['zones = { IST = "+01:00" } under [orders.format]', 'guests = ["0"] under [orders]']
        """
        return [_line(*key.rpartition("."), value) for key, value in self.settings.items()]


@dataclass(frozen=True)
class Question:
    """A question about a shop's files that only the shop can answer.

    Args:
        key: what is asked about, the same in every run, such as "orders.minor_units".
        words: one short question.
        answers: at least two; the likely one first, which gives the right value if the guess is right.
        examples: up to three cells that show what is meant, as the file writes them.

    >>> cents = Answer("cents: 4990 is 49.90", {"orders.minor_units": True})
    >>> whole = Answer("whole units: 4990 is 4,990.00", {"orders.minor_units": False})
    >>> Question("orders.minor_units", 'What is "amount" written in?', (cents, whole), ("4990", "10000")).likely.words
    'cents: 4990 is 49.90'
    """

    key: str
    words: str
    answers: tuple[Answer, ...]
    examples: tuple[str, ...] = ()

    @property
    def likely(self) -> Answer:
        """The answer that `--yes` and Enter take."""
        return self.answers[0]

    @property
    def is_of_column(self) -> bool:
        """Whether it asks which column a field is: other guesses follow from the answer."""
        return ".columns." in self.key

    @property
    def remedy(self) -> str:
        """The likely answer as a person writes it to `regulars.toml`.

        >>> yes = Answer("yes", {"orders.accept": ("guests",)})
        >>> Question("orders.accept", "Right?", (yes, Answer("no", {}))).remedy
        'if so, write accept = ["guests"] under [orders]'
        """
        return "; ".join(f"if so, write {line}" for line in self.likely.lines)

    @property
    def likely_line(self) -> Sentence:
        """The likely answer as a person writes it, in words of any language; it has a line at least."""
        return sentence("if so, write {remedy}", remedy="; ".join(self.likely.lines))

    @property
    def setting(self) -> str:
        """The setting in whose place the question stands: its own, or the first that the likely answer writes."""
        written = [key for key, value in self.likely.settings.items() if value is not None]
        return self.key if not written or self.key in written else written[0]

    def said_in(self, language: Language) -> Question:
        """Return the question with its words and those of its answers in a language."""
        answers = tuple(replace(each, words=said(each.words, language)) for each in self.answers)
        return replace(self, words=said(self.words, language), answers=answers)

    def to_dict(self) -> dict[str, Any]:
        """Return the question for a machine, the likely answer first."""
        answers = [{"words": each.words, "settings": _to_json(each.settings)} for each in self.answers]
        return {"setting": self.setting, "words": self.words, "answers": answers, "examples": list(self.examples)}


def _to_json(settings: Mapping[str, Setting]) -> dict[str, Any]:
    return {key: value.isoformat() if isinstance(value, date) else value for key, value in settings.items()}


def _line(section: str, _dot: str, key: str, value: Setting) -> str:
    """Return a setting as a line; None takes one out."""
    if value is None:
        return f"no {key} under [{section}]"
    if isinstance(value, date):
        return f"{key} = {value.isoformat()} under [{section}]"
    if isinstance(value, Mapping):
        inside = ", ".join(f"{name} = {json.dumps(each, ensure_ascii=False)}" for name, each in value.items())
        return f"{key} = {{ {inside} }} under [{section}]"
    return f"{key} = {json.dumps(value, ensure_ascii=False)} under [{section}]"


def quoted(name: str) -> Sentence:
    """Return a column or a cell as an answer names it.

    >>> quoted("Price")
    '"Price"'
    """
    return sentence('"{name}"', name=name)


def some_of(names: Sequence[str], most: int = 40, *, in_quotes: bool = False) -> Message:
    """Return names in a row as a sentence holds them, the first ones of many; at least one.

    Args:
        names: of columns, files or words of the shop.
        most: that are named.
        in_quotes: each in its own.

    >>> from features.language.languages import ENGLISH
    >>> from features.language.messages import said
    >>> said(some_of(["a", "b", "c"], 2, in_quotes=True), ENGLISH)
    '"a", "b" and 1 more'
    """
    each = quoted if in_quotes else lambda name: sentence("{name}", name=name)
    first = in_a_row(map(each, names[:most]), commas=True)
    more = len(names) - most
    return Message("{ids} and {count} more", {"ids": first, "count": more}) if more > 0 else first


def by_setting(questions: Iterable[Question]) -> dict[str, Question]:
    """Return one question a setting: those about the same list are asked together, and their likely answers joined.

    >>> def asked(name: str) -> Question:
    ...     return Question("orders.accept", f"{name}?", (Answer("yes", {"orders.accept": (name,)}), Answer("no", {})))
    >>> by_setting([asked("guests"), asked("cancelled")])["orders.accept"].remedy
    'if so, write accept = ["guests", "cancelled"] under [orders]'
    """
    together: dict[str, Question] = {}
    for each in questions:
        before = together.get(each.setting)
        together[each.setting] = each if before is None else _joined(before, each)
    return together


def _joined(first: Question, second: Question) -> Question:
    settings = {key: _both(value, second.likely.settings.get(key)) for key, value in first.likely.settings.items()}
    likely = replace(first.likely, settings=settings)
    both = sentence("{first} {second}", first=message_in(first.words), second=message_in(second.words))
    return replace(first, words=both, answers=(likely, *first.answers[1:]))


def _both(first: Setting, second: Setting) -> Setting:
    if isinstance(first, tuple) and isinstance(second, tuple):
        return tuple(dict.fromkeys((*first, *second)))
    return first
