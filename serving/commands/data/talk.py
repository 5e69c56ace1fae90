"""The talk of `regulars init`: each question is put once, and its answer is written into the settings.

Whoever answers is a person on a terminal, or `--yes`, which takes the likely answers, or nobody: then the questions
stay open and stand in regulars.toml.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from features.language.messages import Sentence, message_in, sentence
from features.questions import Answer, Question, Setting

Answerer = Callable[[Question], Answer | None]


def leave_open(_question: Question) -> None:
    """Answer nothing."""


def likely(question: Question) -> Answer:
    """Take the likely answer."""
    return question.likely


@dataclass
class Talk:
    """What was asked and answered so far.

    Args:
        answer: who answers; None, or an answer that settles nothing, leaves the question open.
        heard: question -> its answer.
    """

    answer: Answerer = leave_open
    heard: dict[Question, Answer | None] = field(default_factory=dict)

    def put(self, questions: Iterable[Question]) -> bool:
        """Put those that were not put before, and say whether there was any."""
        new = [each for each in questions if each not in self.heard]
        for each in new:
            self.heard[each] = self.answer(each)
        return bool(new)

    @property
    def open(self) -> tuple[Question, ...]:
        """The questions that nothing settles yet."""
        return tuple(each for each, answer in self.heard.items() if answer is None or not answer.settings)

    @property
    def answered(self) -> list[Question]:
        """The questions that an answer settles, that answer first."""
        return [
            replace(each, answers=(answer, *(other for other in each.answers if other != answer)))
            for each, answer in self.heard.items()
            if answer is not None and answer.settings
        ]

    @property
    def settings(self) -> dict[str, Setting]:
        """What the answers write: setting -> value; lists of several answers are joined.

        >>> def asked(name: str) -> Question:
        ...     return Question("orders.accept", f"{name}?", (Answer("yes", {"orders.accept": (name,)}),))
        >>> talk = Talk(likely)
        >>> talk.put([asked("guests"), asked("cancelled")]), talk.settings
        (True, {'orders.accept': ('guests', 'cancelled')})
        """
        found: dict[str, Setting] = {}
        for answer in self.heard.values():
            for key, value in (answer.settings if answer else {}).items():
                before = found.get(key)
                both = isinstance(before, tuple) and isinstance(value, tuple)
                found[key] = tuple(dict.fromkeys((*before, *value))) if both else value  # type: ignore[misc]
        return found

    @property
    def columns(self) -> dict[str, str]:
        """The columns that answers name, as `--column` writes them: what follows from them is guessed again."""
        named = {}
        for question, answer in self.heard.items():
            value = answer.settings.get(question.key) if answer else None
            table, _, name = question.key.partition(".columns.")
            if name and isinstance(value, str):
                named[name if table == "orders" else f"{table}.{name}"] = value
        return named

    @property
    def said(self) -> list[Sentence]:
        """A sentence for each answer."""
        return [_said(each, taken=self.answer is likely) for each in self.answered]


def _said(question: Question, *, taken: bool) -> Sentence:
    asked, answer = message_in(question.words), message_in(question.likely.words)
    if taken:
        return sentence("{case} Taken, as likely: {reason}.", case=asked, reason=answer)
    return sentence("{case} You said: {reason}.", case=asked, reason=answer)
