"""Whether the money of a refund column stands in rows of its own, too: it must not be taken off a second time."""

from __future__ import annotations

import numpy as np

from features.guess.amounts.arithmetic import AGREES, CLOSE, Floats, values, zeros
from features.guess.order_rows import OrderRows
from features.guess.sample import Sample


def worth_of(sample: Sample, amount: int | None, price: int | None, quantity: int | None) -> Floats:
    """Return what each row is worth, 0 where that is not known.

    Args:
        sample: the first rows of the orders file.
        amount: index of the column of amounts; None = price × quantity, if there are both.
        price: index of the column of prices.
        quantity: index of the column of quantities.
    """
    if amount is not None:
        return zeros(values(sample, amount))
    if price is None or quantity is None:
        return np.zeros(len(sample.columns[0]))
    return zeros(values(sample, price)) * zeros(values(sample, quantity))


def in_own_rows(rows: OrderRows, worth: Floats, refund: int) -> bool:
    """Say whether what a column says came back is what rows below zero say: on these rows, or of the same orders.

    Args:
        rows: of the orders file.
        worth: of each row.
        refund: index of the column.
    """
    back = np.abs(zeros(values(rows.sample, refund)))
    beside_a_sale = (back > 0) & (worth >= 0)
    if not beside_a_sale.any():
        return bool((back > 0).any())
    told = [_tells_the_same(worth[each], back[each]) for each in _orders(rows) if beside_a_sale[each].any()]
    return bool(told) and float(np.mean(told)) >= AGREES


def _tells_the_same(worth: Floats, back: Floats) -> bool:
    """Say whether the rows of an order below zero are worth what its other rows say came back, on each or in all."""
    below = -float(worth[worth < 0].sum())
    said = back[worth >= 0]
    return bool(below > 0 and min(abs(below - said.sum()), abs(below - said.max())) <= CLOSE)


def _orders(rows: OrderRows) -> list[list[int]]:
    """Return the rows of each order, wherever in the file they stand."""
    of: dict[str, list[int]] = {}
    for key, run in rows.runs:
        of.setdefault(key, []).extend(run)
    return list(of.values())
