"""What of a shop's settings Spark's workers cannot do, each in a sentence: it is refused, and never left undone.

A worker sees a part of the rows, in no order of a file: all rows of an order, and nothing of the others.
"""

from __future__ import annotations

from collections.abc import Iterator

from features.errors import InputError, Violation
from features.sources.mapping import OrdersMapping


def refuse_what_does_not_fit(orders: OrdersMapping, place: str) -> None:
    """Refuse settings of the orders that ask for more than a part of the rows can tell.

    Args:
        orders: which column is which field, and the rules.
        place: the folder or table, as messages call it.

    Raises:
        InputError: with each of them.
    """
    found = [Violation(place, None, "", rule, "", remedy) for rule, remedy in _unfit(orders)]
    if found:
        raise InputError(f"{place} cannot be read on Spark", found)


def _unfit(orders: OrdersMapping) -> Iterator[tuple[str, str]]:
    if not orders.keep_repeats:
        yield (
            "may hold an order twice, and rows of a table have no order by which a worker could see it",
            "where it holds each order once, write keep_repeats = true under [orders]",
        )
    if orders.on_broken == "set_aside":
        yield "names no rows that break a rule: they stay with the workers", 'write on_broken = "stop" under [orders]'
    if any((orders.lines, orders.payments, orders.persons)):
        yield "is joined with no files beside it", "join them in Spark, and take lines, payments and persons out"
    if orders.format.filled_down or orders.format.line_columns:
        yield "is a table, and no sheet", "take filled_down and line_columns out of [orders.format]"
    if any("#" in column for column in orders.columns.values()):
        yield "has columns of different names", "name the column without #"
