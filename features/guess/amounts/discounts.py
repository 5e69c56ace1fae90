"""Guesses how a discount is written, as money or as a share of it, and whether amounts are after it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from features.guess.amounts.arithmetic import AGREES, FAILS, Floats, agreement, values, zeros
from features.guess.columns import money_names as names
from features.guess.order_rows import OrderRows
from features.language.messages import sentence
from features.questions import Answer, Question

MOST_SHARES = 40
USUAL_SHARE = 0.25
LEAST_OF_SHARES = 20  # of less, discounts of parts of one unit may be money


@dataclass(frozen=True)
class DiscountColumns:
    """The discount of an orders file, and the columns that tell what it is, each as an index."""

    rows: OrderRows
    discount: int
    amount: int | None
    price: int | None
    quantity: int | None

    @property
    def name(self) -> str:
        """The header of the discount."""
        return self.rows.sample.name(self.discount)

    def read(self, index: int | None) -> Floats | None:
        """Return a column as numbers, if there is one."""
        return None if index is None else values(self.rows.sample, index)

    def product(self) -> Floats | None:
        """Return price × quantity, where the amount is another column."""
        price, quantity = self.read(self.price), self.read(self.quantity)
        if price is None or quantity is None or self.amount in (None, self.price):
            return None
        return price * quantity


def discount_settings(columns: DiscountColumns, *, of_order: bool) -> dict[str, Any] | None:
    """Return the settings of OrdersMapping about the discount; None where it cannot be used.

    Args:
        columns: the discount, and what tells of it.
        of_order: whether amounts are those of orders.
    """
    sample, column = columns.rows.sample, zeros(values(columns.rows.sample, columns.discount))
    kind = _kind(columns, column)
    if kind != "money":
        sample.assume(sentence('"{column}" is a share of the money before discount, not money.', column=columns.name))
    # An order's discount on each of its lines would be counted once per line, and a line's once per order.
    elif (
        "discount" not in sample.given
        and columns.rows.are_lines
        and columns.rows.of_order(columns.discount) != of_order
    ):
        return None
    return {"discount_is": kind, **_taken(columns, column, kind)}


def _kind(columns: DiscountColumns, column: Floats) -> str:
    """Return 'share' or 'percent' where a discount is a part of the money, else 'money'."""
    used = np.unique(np.abs(column[column != 0]))
    if not len(used) or used.max() > 100:
        return "money"
    if names.SHARE.search(columns.name):
        return "share" if used.max() <= 1 else "percent"
    small = used.max() <= 1 and (used < 1).any() and len(used) <= MOST_SHARES
    if not small or "discount" in columns.rows.sample.given:
        return "money"
    by_rows = _is_share_by_rows(columns, np.abs(column))
    if by_rows is not None:
        return "share" if by_rows else "money"
    return _asked(columns, column, used)


def _is_share_by_rows(columns: DiscountColumns, column: Floats) -> bool | None:
    """Say whether the amount is price × quantity less a share of it; None where no row tells."""
    product, worth, some = columns.product(), columns.read(columns.amount), column != 0
    if product is None or worth is None:
        return None
    by_share = agreement(worth[some], (product * (1 - column))[some])
    as_money = agreement(worth[some], (product - column)[some])
    return by_share > as_money if max(by_share, as_money) >= AGREES else None


def _asked(columns: DiscountColumns, column: Floats, used: Floats) -> str:
    """Return what is likely, and ask where the amounts are so small that the discounts could be money."""
    sample = columns.rows.sample
    worth = columns.read(columns.price if columns.amount is None else columns.amount)
    if worth is None or float(np.median(np.abs(zeros(worth))[column != 0])) >= LEAST_OF_SHARES:
        return "share"
    share = Answer(sentence("a share: 0.5 is half of the money"), {"orders.discount_is": "share"})
    money = Answer(sentence("money: 0.5 is 0.50"), {"orders.discount_is": "money"})
    likely = bool((used <= USUAL_SHARE).any())
    examples = tuple(cell for cell in sample.filled(columns.discount) if cell.strip("0.,"))[:3]
    question = sentence('Is "{column}" a share of the money, or money?', column=columns.name)
    sample.ask(Question("orders.discount_is", question, (share, money) if likely else (money, share), examples))
    return "share" if likely else "money"


def _taken(columns: DiscountColumns, column: Floats, kind: str) -> dict[str, Any]:
    """Decide by the unit's price whether an amount is after discount, where a row says so."""
    product, worth, some = columns.product(), columns.read(columns.amount), column != 0
    if product is None or worth is None or not some.any():
        return {}
    name = columns.rows.sample.name(columns.amount or 0)
    off = np.abs(column) if kind == "money" else product * np.abs(column) / (100 if kind == "percent" else 1)
    after, before = agreement(worth[some], (product - off)[some]), agreement(worth[some], product[some])
    if before >= AGREES and not after > FAILS:
        columns.rows.sample.assume(
            sentence(
                '"{column}" is before discount: it is price × quantity, and the discount is taken off.', column=name
            )
        )
        return {"discount_taken": False}
    if after >= AGREES:
        columns.rows.sample.assume(
            sentence(
                '"{column}" is after discount: it is price × quantity less "{header}".',
                column=name,
                header=columns.name,
            )
        )
    return {}
