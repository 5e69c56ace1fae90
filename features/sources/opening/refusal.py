"""Why a file cannot be opened, and the SQL that names a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from features.errors import InputError, Violation
from features.language.messages import sentence


def refusal(name: str, rule: str, remedy: str, line: int | None = None) -> InputError:
    """Return the error of a file that cannot be used.

    >>> print(refusal("orders.csv", "is empty", "export it again"))
    orders.csv cannot be used
      orders.csv: is empty; export it again
    """
    return InputError(sentence("{file} cannot be used", file=name), [Violation(name, line, "", rule, "", remedy)])


def several(names: Sequence[str], most: int = 40) -> str:
    """Return names in quotes, the first ones of many.

    >>> several(["a", "b", "c"], most=2)
    '"a", "b" and 1 more'
    """
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(f'"{name}"' for name in names[:most]) + more


def file_literal(path: Path) -> str:
    """Return a path as a SQL literal that names this one file, whatever characters it has."""
    return text_literal("".join(f"[{c}]" if c in "*?[" else c for c in str(path)))


def text_literal(text: str) -> str:
    """Return a text as SQL writes it.

    >>> text_literal("it's")
    "'it''s'"
    """
    return "'" + text.replace("'", "''") + "'"
