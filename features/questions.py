"""What a shop's files leave open: a short question, its likely answer first, and the settings that each answer writes.

Guesses and rules ask where two readings fit the rows. `regulars init` puts the questions to a person; no other command
runs while one is open.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

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
