"""An English text that was kept without its message, and is one of few: it knows its message again.

What a file or a model holds is English. Who shows it knows which sentences it can be.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from string import Formatter

from features.language.messages import Message, Sentence
from features.language.typed_values import Digits, Name

_NUMBER = re.compile(r"[+-]?\d[\d,]*(\.\d+)?")


def known_again(text: str, messages: Iterable[Message]) -> str:
    """Return a text as the sentence of the first message that says it; as it is where none does.

    Args:
        text: English.
        messages: that it can be, each field once in each.

    >>> found = known_again("the models at http://ml", [Message("the models at {storage}")])
    >>> found.message.values
    {'storage': Name(name='http://ml')}
    >>> known_again("1,200 of 3 dates", [Message("{count} of {all} dates")]).message.values["count"]
    Digits(digits='1,200')
    """
    for message in messages:
        if found := re.fullmatch(_pattern(message.text), text, re.DOTALL):
            values = {name: _value(held) for name, held in found.groupdict().items()}
            return Sentence.of(replace(message, values=values), text)
    return text


def _pattern(text: str) -> str:
    parts = Formatter().parse(text)
    return "".join(f"{re.escape(literal)}{f'(?P<{name}>.+?)' if name else ''}" for literal, name, *_ in parts)


def _value(held: str) -> Digits | Name:
    return Digits(held) if _NUMBER.fullmatch(held) else Name(held)
