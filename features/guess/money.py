"""Guesses what a line is worth: which columns are amount, price, quantity and discount, and what they are money of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from features.guess import headers
from features.guess.sample import Sample, has_lines_per_order, is_number, is_order_level


@dataclass(frozen=True)
class MoneyReading:
    """The columns of money and quantity, and the settings of OrdersMapping that say how they are read.

    Args:
        columns: field of ORDERS -> index of its column, None where there is none.
        settings: of OrdersMapping.
    """

    columns: Mapping[str, int | None]
    settings: Mapping[str, Any]

    @property
    def needed(self) -> str:
        """The field without which these settings cannot be read."""
        return "price" if self.settings["price_times_quantity"] else "amount"


def money_reading(sample: Sample, order: int | None) -> MoneyReading:
    """Guess what a line is worth.

    Args:
        sample: the first rows of the orders file.
        order: index of the column of order ids.
    """
    columns: dict[str, int | None] = {}
    for name in ("price", "quantity", "discount"):
        found = sample.find(headers.ORDERS[name], lambda index: is_number(sample, index))
        columns[name] = sample.given.get(name, found)
    amount, amount_is = _amount(sample, order, columns)
    by_unit = amount is None and columns["price"] is not None and columns["quantity"] is not None
    if by_unit:
        sample.assume(
            f'The amount of a line is "{sample.name(columns["price"] or 0)}" × '
            f'"{sample.name(columns["quantity"] or 0)}".'
        )
    else:
        columns["price"] = None
        columns["amount"] = amount
    # An order's discount on each of its lines would be counted once per line, and a line's once per order.
    has_lines = has_lines_per_order(sample, order) and "discount" not in sample.given
    if has_lines and is_order_level(sample, order, columns["discount"]) != (amount_is == "order"):
        columns["discount"] = None
    return MoneyReading(columns, {"amount_is": amount_is, "price_times_quantity": by_unit})


def _amount(
    sample: Sample, order: int | None, columns: Mapping[str, int | None]
) -> tuple[int | None, Literal["line", "order"]]:
    """Choose between the line's own amount, the order's total, price × quantity, and a bare price."""
    line = sample.find(headers.LINE_AMOUNT, lambda index: is_number(sample, index))
    total = sample.find(headers.ORDER_TOTAL, lambda index: is_number(sample, index))
    has_lines = has_lines_per_order(sample, order)
    if "amount" in sample.given:
        amount = sample.given["amount"]
        return amount, "order" if has_lines and is_order_level(sample, order, amount) else "line"
    if "price" in sample.given and columns["quantity"] is not None:
        return None, "line"
    if line is not None and not (has_lines and is_order_level(sample, order, line)):
        sample.assume(f'The amount of a line is "{sample.name(line)}".')
        return line, "line"
    for index in (total, line):
        if index is not None and has_lines and is_order_level(sample, order, index):
            sample.assume(f'The amount is the order\'s total "{sample.name(index)}", counted once per order.')
            return index, "order"
    if total is not None and not has_lines:
        sample.assume(f'The amount is "{sample.name(total)}".')
        return total, "line"
    if total is not None and columns["price"] is None:
        sample.assume(f'The amount of a line is "{sample.name(total)}".')
        return total, "line"
    if columns["price"] is not None and columns["quantity"] is None:
        sample.assume(f'The amount of a line is "{sample.name(columns["price"])}"; there is no quantity.')
        return columns["price"], "line"
    return None, "line"
