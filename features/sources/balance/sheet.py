"""The balance sheet of an orders file: rows read = order lines + returns + rows left out by rule, and so is the money.

Rows and money add up, to the last cent, from the cells as written to the spend of the log. Orders and customers do not:
an order whose second line came back stands in two lines of the sheet.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import numpy.typing as npt

from features.errors import RegularsError
from features.log import Ints

Amounts = Mapping[str, Decimal]
READ, ORDER_LINES, RETURNS = "rows read", "order lines", "returns"
SIGN = "sign of a return"


@dataclass(frozen=True)
class SheetLine:
    """One line of the sheet.

    Args:
        rule: what the rows are, or the rule that left them out.
        rows: of the file.
        orders: to which they belong; rows without an order id are one order a customer and day.
        customers: of these rows, nobody not counted.
        money: as the file writes it, by currency.
    """

    rule: str
    rows: int
    orders: int
    customers: int
    money: Amounts


@dataclass(frozen=True)
class Change:
    """What a rule did to the money of the rows that are in, by currency; `of` is ORDER_LINES or RETURNS."""

    rule: str
    of: str
    rows: int
    money: Amounts


@dataclass(frozen=True)
class Counted:
    """What the log holds, in the shop's currency; `posted` lines came through the API and are part of it."""

    order_lines: int = 0
    orders: int = 0
    order_days: int = 0
    customers: int = 0
    spend: Decimal = Decimal(0)
    returned: Decimal = Decimal(0)
    posted_lines: int = 0
    posted_spend: Decimal = Decimal(0)
    posted_returned: Decimal = Decimal(0)


@dataclass(frozen=True, eq=False)
class BalanceSheet:
    """Where every row of an orders file went, and every unit of its money.

    Args:
        currency: of the shop.
        read: all rows.
        left_out: by rule, in the order in which the rules are applied.
        returns: rows that came back.
        order_lines: rows that are orders.
        changes: what turned the money of these rows, as written, into the money that is counted.
        counted: what the log holds.
        rules: the rule of each value of `fate`.
        fate: which rule left out a row, 0 = none; one per row of the file.
    """

    currency: str
    read: SheetLine
    left_out: tuple[SheetLine, ...]
    returns: SheetLine
    order_lines: SheetLine
    changes: tuple[Change, ...]
    counted: Counted
    rules: tuple[str, ...]
    fate: npt.NDArray[np.int8]

    def rows_of(self, rule: str) -> Ints:
        """Return the numbers of the rows that a rule left out, from 0."""
        return np.flatnonzero(self.fate == self.rules.index(rule)) if rule in self.rules[1:] else np.zeros(0, np.int64)

    @property
    def lines(self) -> tuple[SheetLine, ...]:
        """All lines: what was read, and the parts that it falls into."""
        return (self.read, *self.left_out, self.returns, self.order_lines)

    def check(self) -> None:
        """Check that rows and money add up.

        Raises:
            RegularsError: they do not; that is a fault of the program, and no figure of this file can be trusted.
        """
        wrong = [name for name, left, right in self._sums() if left != right]
        if wrong:
            raise RegularsError(f"the balance sheet of the orders does not add up: {', '.join(wrong)}; please report")

    def _sums(self) -> Iterator[tuple[str, object, object]]:
        parts = self.lines[1:]
        yield "rows", self.read.rows, sum(part.rows for part in parts)
        yield "money", _tidy(self.read.money), _tidy(added(*(part.money for part in parts)))
        for name, line, total in (
            (ORDER_LINES, self.order_lines, self.counted.spend - self.counted.posted_spend),
            (RETURNS, self.returns, self.counted.returned - self.counted.posted_returned),
        ):
            changed = added(line.money, *(change.money for change in self.changes if change.of == name))
            yield f"money of {name}", _tidy(changed), _tidy({self.currency: total})
        yield "lines of orders", self.order_lines.rows + self.counted.posted_lines, self.counted.order_lines


def added(*amounts: Amounts) -> dict[str, Decimal]:
    """Add amounts, each currency on its own.

    >>> added({"EUR": Decimal(1)}, {"EUR": Decimal(2), "USD": Decimal(5)})
    {'EUR': Decimal('3'), 'USD': Decimal('5')}
    """
    total: dict[str, Decimal] = {}
    for each in amounts:
        for currency, amount in each.items():
            total[currency] = total.get(currency, Decimal(0)) + amount
    return total


def _tidy(amounts: Amounts) -> dict[str, Decimal]:
    return {currency: amount for currency, amount in amounts.items() if amount}
