"""A sentence that says how many there are, in the number that its language asks for."""

from __future__ import annotations

from dataclasses import replace

from features.language.messages import Message, Sentence
from features.language.typed_values import Plain, Value


def counted(message: Message, count: int, **values: Value | Message | Plain) -> Sentence:
    """Return the sentence of a message for so many.

    Args:
        message: of one and of several, its field `count` how many they are.
        count: how many.
        values: what its other fields hold.

    >>> key = Message("{count} key of {owner}", plural="{count} keys of {owner}")
    >>> str(counted(key, 1, owner="Ann")), str(counted(key, 2, owner="Ann"))
    ('1 key of Ann', '2 keys of Ann')
    """
    return Sentence.of(replace(message, values={"count": count, **values}, count=count))
