"""The yes or no that a cell means."""

from __future__ import annotations

from features.sources.cells.marks import FLAG_BAD, FLAG_EMPTY
from features.sources.cells.texts import text

YES = ("1", "true", "t", "yes", "y", "x", "ja", "oui", "si", "sí", "ναι", "بله", "returned", "return", "refund", "test")
NO = ("0", "false", "f", "no", "n", "-", "nein", "non", "όχι", "οχι", "خیر", "0.0")


def flag(value: object) -> int:
    """Return 1 for yes, 0 for no, FLAG_EMPTY or FLAG_BAD.

    >>> flag("Yes"), flag(False), flag("") == FLAG_EMPTY
    (1, 0, True)
    """
    cell = text(value).lower()
    if not cell:
        return FLAG_EMPTY
    return 1 if cell in YES else 0 if cell in NO else FLAG_BAD
