"""Money that came back, in a column beside the sale: what was refunded in part is taken off, whole it is a return."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.log import Coded, Codes, Ints, Lines
from features.sources.columns import Mask, zeros
from features.sources.mapping import LineRules
from features.sources.row_checks import RowChecks


@dataclass(frozen=True, eq=False)
class Refunds:
    """The rows that came back whole, and what came back of the others, in minor units."""

    whole: Mask
    part: Ints


def refunds(checks: RowChecks, order: Codes, amount: Ints, back: Ints, returned: Mask, rules: LineRules) -> Refunds:
    """Return what came back of each row.

    Args:
        checks: the rows.
        order: a key per row, −1 where it has none.
        amount: what each row is worth, in minor units.
        back: what the column says, in minor units and never negative; of an order on one of its rows or on each.
        returned: rows that came back by what else is known; they did so whole.
        rules: whether the refund is the line's or the order's.
    """
    sold = checks.alive & checks.sound & ~returned
    of_order = (rules.refund_is or rules.amount_is) == "order"
    if not back.any():
        return Refunds(np.zeros(len(back), dtype=bool), zeros(len(back)))
    if of_order:
        part, total, worth = _over_lines(order, np.where(sold, np.maximum(amount, 0), 0), np.where(sold, back, 0))
    else:
        part, total, worth = np.minimum(back, amount), back, amount
    whole = sold & (total > 0) & (total >= worth)
    checks.count("refunds above the sale", sold & (total > worth))
    part = np.where(sold & ~whole & (part > 0), part, 0)
    whole |= (part > 0) & (part == amount)
    part = np.where(whole, 0, part)
    checks.count("partial refunds", part > 0)
    return Refunds(whole, part)


def _over_lines(order: Codes, amount: Ints, back: Ints) -> tuple[Ints, Ints, Ints]:
    """Take what came back of an order off its lines, one after the other.

    Returns:
        what came back of each row; what came back of its order, and what its order is worth.
    """
    own = np.arange(len(order)) + int(order.max(initial=-1)) + 1  # a row without an order is one
    key = np.where(order >= 0, order, own)
    size = int(key.max(initial=-1)) + 1
    total, worth = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.int64)
    np.maximum.at(total, key, back)
    np.add.at(worth, key, amount)
    by_order = np.argsort(key, kind="stable")
    sums = np.cumsum(amount[by_order])
    begins = np.concatenate([[True], np.diff(key[by_order]) != 0])
    start = np.maximum.accumulate(np.where(begins, np.arange(len(key)), 0))
    before = np.empty(len(key), dtype=np.int64)
    before[by_order] = sums - amount[by_order] - (sums - amount[by_order])[start]
    return np.clip(total[key] - before, 0, amount), total[key], worth[key]


def with_parts_returned(lines: Lines, part: Ints) -> Lines:
    """Return lines with one more line, a return, for each that came back in part.

    Args:
        lines: what is left of each sale.
        part: what came back of it, in minor units.

    >>> both = with_parts_returned(Lines.of(["a"], [10], [6000]), np.array([2000]))
    >>> both.amount, both.returned
    (array([6000, 2000]), array([False,  True]))
    """
    some = part > 0
    if not some.any():
        return lines
    back = lines.where(some)
    nothing = np.zeros(len(back.day), dtype=np.int64)
    back = type(lines)(
        back.customer_id, back.day, part[some], back.order_id, back.product_id, back.category, nothing,
        nothing, np.ones(len(nothing), dtype=bool), np.zeros(len(nothing), dtype=bool),
    )  # fmt: skip
    return Lines(
        customer_id=_under(lines.customer_id, back.customer_id),
        day=np.concatenate([lines.day, back.day]),
        amount=np.concatenate([lines.amount, back.amount]),
        order_id=_under(lines.order_id, back.order_id),
        product_id=_under(lines.product_id, back.product_id),
        category=_under(lines.category, back.category),
        discount=np.concatenate([lines.discount, back.discount]),
        units=np.concatenate([lines.units, back.units]),
        returned=np.concatenate([lines.returned, back.returned]),
        refund=np.concatenate([lines.refund, back.refund]),
    )


def _under(above: Coded, below: Coded) -> Coded:
    """Put a column under another of the same texts."""
    return above.with_codes(np.concatenate([above.codes, below.codes]))
