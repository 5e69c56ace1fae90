"""Which differences are worth telling: larger than chance makes them, and large enough to be said aloud."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from features.feature import Words

Row = Mapping[str, Any]
FALLEN, RISEN = 2 / 3, 3 / 2


def fallen(now: Any, before: Any) -> Any:
    """Return whether a count has fallen to two thirds at most, and by more than counts of that size differ by chance.

    >>> [bool(fallen(now, before)) for now, before in ((2, 6), (4, 5), (1, 2), (0, 1))]
    [True, False, False, False]
    """
    return (now <= before * FALLEN) & (before - now >= 2) & (before - now >= np.sqrt(before + now))


def risen(now: Any, before: Any) -> Any:
    """Return whether a count has risen as much as one that has fallen.

    >>> bool(risen(6, 2)), bool(risen(5, 4))
    (True, False)
    """
    return fallen(before, now)


def over_two_windows(row: Row, days: int) -> Any:
    """Return whether the customer was there in the window before: else every rise is only the beginning."""
    return row["tenure_days"] > 2 * days


def compared(text: str, now: str, before: str, tail: str, *, fact: str, down: Any, up: Any) -> tuple[Words, Words]:
    """Return the two sentences of a comparison: fallen, as a risk, and risen, as protection.

    Args:
        text: the beginning, with the number of now.
        now: feature.
        before: feature that it is compared with.
        tail: the end.
        fact: what they tell of.
        down: from a row, whether the fall is worth telling.
        up: from a row, whether the rise is.

    >>> money = {"fact": "money", "down": lambda row: row["a"] < row["b"], "up": lambda row: row["a"] > row["b"]}
    >>> [words.text for words in compared("spent {a}", "a", "b", " before", **money)]
    ['spent {a}, down from {b} before', 'spent {a}, up from {b} before']
    """
    return (
        Words(f"{text}, down from {{{before}}}{tail}", down, as_risk=True, fact=fact),
        Words(f"{text}, up from {{{before}}}{tail}", up, as_risk=False, fact=fact),
    )
