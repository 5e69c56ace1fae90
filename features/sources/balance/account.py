"""Follows each row of an orders file through the cleaning: the rule that left it out, and what changed its money."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from features.log import Coded, Codes, Ints

IN = 0  # the fate of a row that no rule left out


@dataclass(frozen=True, eq=False)
class MoneyChange:
    """What a rule did to the money of rows: row numbers, and what each gained, in millionths."""

    rule: str
    rows: Ints
    gained: Ints


class Account:
    """The fate of each row, its money as the file writes it, and the changes of that money.

    `written` are millionths, `currency` ISO 4217 codes, '' = the shop's own; both are set once the amounts are read.

    >>> account = Account(3)
    >>> account.leave_out("cancelled", np.array([True, False, False]))
    >>> account.rules, account.fate
    (['', 'cancelled'], array([1, 0, 0], dtype=int8))
    """

    def __init__(self, rows: int) -> None:
        self.rules = [""]
        self.fate: npt.NDArray[np.int8] = np.zeros(rows, dtype=np.int8)
        self.changes: list[MoneyChange] = []
        self.written: Ints = np.zeros(rows, dtype=np.int64)
        self.currency = Coded(np.array([""], dtype=object), np.broadcast_to(np.int64(0), rows))

    def leave_out(self, rule: str, rows: npt.NDArray[np.bool_]) -> None:
        """Note that a rule leaves rows out; a row that is out already keeps its first rule."""
        if rule not in self.rules:
            self.rules.append(rule)
        if rows.any():
            self.fate[rows & (self.fate == IN)] = self.rules.index(rule)

    def change(self, rule: str, before: Ints, after: Ints) -> None:
        """Note what a rule does to the money of each row.

        Args:
            rule: its name, one of `features.sources.rules.CHANGES`.
            before: millionths, one per row.
            after: the same rows once the rule is applied.
        """
        rows = np.flatnonzero(before != after)
        if len(rows):
            self.changes.append(MoneyChange(rule, rows, after[rows] - before[rows]))


@dataclass(frozen=True, eq=False)
class ReadRows:
    """The rows of an orders file as the cleaning left them, one value per row.

    Args:
        account: the fate and the money of each row.
        keep: whether the row is in, and breaks no rule.
        order: the order as an integer, −1 without an id.
        customer: '' for nobody.
        day: business day number.
        returned: whether the row came back.
        minor: what the row is worth, minor units of the shop's currency, with its sign.
        back: what came back of a row that stays in, minor units.
        in_minor_units: whether the file writes money in minor units.
    """

    account: Account
    keep: npt.NDArray[np.bool_]
    order: Codes
    customer: Coded
    day: Ints
    returned: npt.NDArray[np.bool_]
    minor: Ints
    back: Ints
    in_minor_units: bool
