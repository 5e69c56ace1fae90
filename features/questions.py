"""What a shop's files leave open: a short question, its likely answer first, and the settings that each answer writes.

Guesses and rules ask where two readings fit the rows. `regulars init` puts the questions to a person; no other command
runs while one is open.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

Setting = str | bool | int | float | tuple[str, ...] | None


@dataclass(frozen=True)
class Answer:
    """One way to read the rows.

    Args:
        words: the answer as a person says it.
        settings: what it writes to `regulars.toml`, as dotted key -> value, such as {"orders.amount_is": "line"};
            None takes a key out.
    """

    words: str
    settings: Mapping[str, Setting]


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
    def remedy(self) -> str:
        """The likely answer as a person writes it to `regulars.toml`.

        >>> yes = Answer("yes", {"orders.accept": ("guests",)})
        >>> Question("orders.accept", "Right?", (yes, Answer("no", {}))).remedy
        'if so, write accept = ["guests"] under [orders]'
        """
        settings = [(key.rpartition("."), value) for key, value in self.likely.settings.items()]
        return "; ".join(
            f"if so, write {key} = {json.dumps(value)} under [{section}]" for (section, _, key), value in settings
        )


def by_setting(questions: Iterable[Question]) -> dict[str, Question]:
    """Return one question a setting: those about the same list are asked together, and their likely answers joined.

    >>> def asked(name: str) -> Question:
    ...     return Question("orders.accept", f"{name}?", (Answer("yes", {"orders.accept": (name,)}), Answer("no", {})))
    >>> by_setting([asked("guests"), asked("cancelled")])["orders.accept"].remedy
    'if so, write accept = ["guests", "cancelled"] under [orders]'
    """
    together: dict[str, Question] = {}
    for each in questions:
        before = together.get(each.key)
        together[each.key] = each if before is None else _joined(before, each)
    return together


def _joined(first: Question, second: Question) -> Question:
    settings = {key: _both(value, second.likely.settings.get(key)) for key, value in first.likely.settings.items()}
    likely = replace(first.likely, settings=settings)
    return replace(first, words=f"{first.words} {second.words}", answers=(likely, *first.answers[1:]))


def _both(first: Setting, second: Setting) -> Setting:
    if isinstance(first, tuple) and isinstance(second, tuple):
        return tuple(dict.fromkeys((*first, *second)))
    return first
