"""Which differences are worth telling: larger than chance makes them, and large enough to be said aloud."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from features.feature import FilledFrom, Words

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


def compared(
    fell: str,
    rose: str,
    *,
    fact: str,
    down: Callable[[Row], Any],
    up: Callable[[Row], Any],
    fields: Mapping[str, FilledFrom] | None = None,
) -> tuple[Words, Words]:
    """Return the two sentences of a comparison: fallen, as a risk, and risen, as protection.

    Args:
        fell: the whole sentence of a fall.
        rose: the whole sentence of a rise.
        fact: what they tell of.
        down: from a row, whether the fall is worth telling.
        up: from a row, whether the rise is.
        fields: as in `Words`.

    >>> both = compared("less", "more", fact="money", down=lambda row: row["a"] < 1, up=lambda row: row["a"] > 1)
    >>> [(words.text, words.as_risk) for words in both]
    [('less', True), ('more', False)]
    """
    known = fields or {}
    return (
        Words(fell, down, as_risk=True, fact=fact, fields=known),
        Words(rose, up, as_risk=False, fact=fact, fields=known),
    )
