"""What each worker counted of its part of the orders, and the balance sheet that they make together.

A summary is text, so that it lies in a column beside the lines. Rows and money of parts add up; of orders and
customers, who may stand in several parts, the sum is an upper end.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from features.errors import InputError, Violation
from features.sources.balance.parts import NO_FATE, changes_of, line_of, lines_of
from features.sources.balance.sheet import BalanceSheet, Change, Counted, SheetLine
from features.sources.rules import RULES

MOST_SHOWN = 20  # broken cells


@dataclass(frozen=True)
class Summary:
    """What a worker found in its part.

    Args:
        lines: of the balance sheet: read, left out by each rule, returns, order lines; none where a rule is broken.
        changes: of their money.
        broken: the rules that rows break.
        questions: what only the shop can say.
    """

    lines: tuple[SheetLine, ...] = ()
    changes: tuple[Change, ...] = ()
    broken: tuple[Violation, ...] = ()
    questions: tuple[str, ...] = ()

    def to_json(self) -> str:
        """Return it as text."""
        lines = [[each.rule, each.rows, each.orders, each.customers, _texts(each.money)] for each in self.lines]
        changes = [[each.rule, each.of, each.rows, _texts(each.money)] for each in self.changes]
        broken = [[each.column, each.rule, each.value, each.remedy] for each in self.broken[:MOST_SHOWN]]
        return json.dumps([lines, changes, broken, self.questions])

    @classmethod
    def from_json(cls, text: str, place: str) -> Summary:
        """Read what `to_json` gave, of orders that messages call `place`."""
        lines, changes, broken, questions = json.loads(text)
        return cls(
            tuple(
                SheetLine(rule, rows, orders, customers, _amounts(money))
                for rule, rows, orders, customers, money in lines
            ),
            tuple(Change(rule, of, rows, _amounts(money)) for rule, of, rows, money in changes),
            tuple(Violation(place, None, *each) for each in broken),
            tuple(questions),
        )


def _texts(money: Mapping[str, Decimal]) -> dict[str, str]:
    return {currency: str(amount) for currency, amount in money.items()}


def _amounts(texts: Mapping[str, str]) -> dict[str, Decimal]:
    return {currency: Decimal(text) for currency, text in texts.items()}


def refuse_broken(summaries: Sequence[Summary], place: str) -> None:
    """Refuse orders of which a part breaks a rule or leaves a question.

    Raises:
        InputError: with the first broken cells and each question.
    """
    broken = list(dict.fromkeys(each for summary in summaries for each in summary.broken))[:MOST_SHOWN]
    asked = dict.fromkeys(words for summary in summaries for words in summary.questions)
    found = [*broken, *(Violation(place, None, "", words, "", "") for words in asked)]
    if found:
        raise InputError(f"{place} cannot be used", found)


def sheet_of(currency: str, summaries: Iterable[Summary], counted: Counted) -> BalanceSheet:
    """Return the balance sheet of all parts, once it adds up.

    Args:
        currency: of the shop.
        summaries: of the parts.
        counted: what the histories hold that were made of their lines.

    Raises:
        RegularsError: it does not add up.
    """
    parts = [part for part in summaries if part.lines]
    lines = [part.lines for part in parts]
    read, back, sold = (line_of([each[place] for each in lines]) for place in (0, -2, -1))
    left_out = tuple(lines_of([each[1:-2] for each in lines], RULES))
    changes = changes_of([part.changes for part in parts])
    sheet = BalanceSheet(currency, read, left_out, back, sold, changes, counted, ("",), NO_FATE)
    sheet.check()
    return sheet


def counted_in(facts: Sequence[Mapping[str, Any]]) -> Counted:
    """Return what all parts of the histories hold: numbers by the names of `Counted`, money as text."""

    def total(name: str) -> Decimal:
        return sum((Decimal(each[name]) for each in facts), Decimal(0))

    numbers = (int(total(name)) for name in ("order_lines", "orders", "order_days", "customers"))
    lines, orders, order_days, customers = numbers
    return Counted(lines, orders, order_days, customers, total("spend"), total("returned"))
