"""Every error that Regulars raises on purpose.

    RegularsError                 exit code 1
    ├── InputError                exit code 2, also a ValueError: what was given cannot be used
    │   ├── ConfigError           regulars.toml
    │   └── InsufficientHistory   too little history for what was asked
    ├── ModelRefused              exit code 3: a bundle that is corrupt or fails its probe
    └── ModelNotFound             exit code 3, also a LookupError: no champion yet

This module imports nothing from the package.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Violation:
    """One broken rule of the input contract, with where it is and what to do instead.

    `line` is the physical line of the file, 1 = the header; None where the whole file or column is meant.

    >>> print(Violation("orders.csv", 7, "amount", "a number", "12,x", "write 12.50"))
    orders.csv, line 7, column amount: "12,x" is not a number; write 12.50
    """

    file: str
    line: int | None
    column: str
    rule: str
    value: str
    remedy: str

    def __str__(self) -> str:
        line = f", line {self.line}" if self.line is not None else ""
        column = f", column {self.column}" if self.column else ""
        problem = f'"{self.value}" is not {self.rule}' if self.value else self.rule
        return f"{self.file}{line}{column}: {problem}" + (f"; {self.remedy}" if self.remedy else "")


class RegularsError(Exception):
    """The base of every error here; catch it to catch them all."""

    exit_code = 1


class InputError(RegularsError, ValueError):
    """What was given cannot be used; `violations` holds every broken rule at once.

    >>> print(InputError("orders.csv cannot be used", [Violation("orders.csv", None, "", "is empty", "", "")]))
    orders.csv cannot be used
      orders.csv: is empty
    """

    exit_code = 2

    def __init__(self, message: str, violations: Sequence[Violation] = ()) -> None:
        self.message = message
        self.violations = tuple(violations)
        super().__init__("\n".join([message, *(f"  {violation}" for violation in self.violations)]))


class ConfigError(InputError):
    """regulars.toml has a wrong key or value."""


class InsufficientHistory(InputError):
    """The log is too short or too small for what was asked; the message says what is still possible."""


class ModelRefused(RegularsError):
    """A bundle is corrupt, or does not compute the features it was trained on."""

    exit_code = 3


class ModelNotFound(RegularsError, LookupError):
    """No model is registered yet; train one first."""

    exit_code = 3


def suggest(word: str, known: Iterable[str]) -> str:
    """Say which known name was probably meant.

    >>> suggest("custmer_id", ["order_id", "customer_id"])
    ' Did you mean "customer_id"?'
    >>> suggest("x", ["customer_id"])
    ''
    """
    close = difflib.get_close_matches(word, list(known), n=1)
    return f' Did you mean "{close[0]}"?' if close else ""
