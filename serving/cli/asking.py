"""Puts the questions of `regulars init` to a person on a terminal, one at a time."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from features.language.languages import ENGLISH, Language
from features.language.messages import said, sentence
from features.language.written import number_text
from features.questions import Answer, Question


def is_a_talk() -> bool:
    """Say whether a person sits at both ends."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def ask(question: Question, language: Language = ENGLISH) -> Answer | None:
    """Put a question; Enter takes the likely answer, and an end of input leaves the question open."""
    print(*lines(question, language), sep="\n")
    while True:
        try:
            typed = input(said(sentence("1–{last}, Enter for 1: ", last=len(question.answers)), language)).strip()
        except EOFError:
            return None
        chosen = answer_of(question, typed)
        if chosen is not None:
            return chosen
        print(said(sentence('"{typed}" is none of the answers', typed=typed), language))


def lines(question: Question, language: Language = ENGLISH) -> Iterator[str]:
    r"""Yield a question as a person sees it.

    >>> cents = Answer("cents", {"orders.amount_unit": "minor"})
    >>> print(*lines(Question("orders.amount_unit", "Which?", (cents, Answer("euros", {})), ("4990",))), sep="\n")
    <BLANKLINE>
    Which?
      the file has, for example: 4990
      1  cents
      2  euros
    """
    yield ""
    yield said(question.words, language)
    if question.examples:
        examples = sentence("the file has, for example: {cells}", cells="   ".join(question.examples))
        yield f"  {said(examples, language)}"
    for place, answer in enumerate(question.answers, start=1):
        yield f"  {number_text(place, language)}  {said(answer.words, language)}"


def answer_of(question: Question, typed: str) -> Answer | None:
    """Return the answer that was typed: its number, or nothing for the first; None where it is none of them.

    >>> asked = Question("orders.accept", "Right?", (Answer("yes", {}), Answer("no", {})))
    >>> answer_of(asked, "").words, answer_of(asked, "2").words, answer_of(asked, "3")
    ('yes', 'no', None)
    """
    place = 1 if not typed else int(typed) if typed.isdecimal() else 0  # also in Persian digits
    return question.answers[place - 1] if 1 <= place <= len(question.answers) else None
