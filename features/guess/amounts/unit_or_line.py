"""Whether a column called a price is that of one unit or the money of a whole line."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from features.guess.amounts.arithmetic import (
    AGREES,
    FAILS,
    Floats,
    agreement,
    firsts,
    steady,
    sums,
    values,
    with_extras,
    zeros,
)
from features.guess.columns import headers
from features.guess.columns import money_names as names
from features.guess.order_rows import OrderRows
from features.guess.sample import Sample
from features.language.messages import Sentence, sentence
from features.language.typed_values import Digits, Percent
from features.questions import Answer, Question

CLEARLY = 0.2
Named = tuple[str, Floats]


def price_is_of_line(
    rows: OrderRows, price: int, quantity: int, total: int | None, more: Sequence[int], less: Sequence[int]
) -> bool:
    """Say whether a price is already that of all units: by the order's total, by the product, by its name.

    Args:
        rows: of the orders file.
        price: index of the column of prices.
        quantity: index of the column of quantities.
        total: index of the order's total, if there is one.
        more: indices of what may be in that total beside the lines, such as tax.
        less: indices of what may be taken off in it, such as a discount.
    """
    sample = rows.sample
    each, units = values(sample, price), values(sample, quantity)
    if sample.plain[price] == names.AMAZON_PRICE and names.AMAZON in sample.plain:
        sample.assume(
            sentence('In reports of Amazon "{column}" is the money of all units of a line.', column=sample.name(price))
        )
        return True
    if not (np.abs(zeros(units)) > 1).any():
        return False
    found = None if total is None else _by_total(rows, price, each, each * units, total, more, less)
    found = _by_product(sample, price, each, units) if found is None else found
    if found is None and sample.plain[price] not in names.SURE_UNIT:
        _ask(sample, price, quantity, float(np.nansum(each * units)), float(np.nansum(each)))
    return bool(found)


def _by_total(
    rows: OrderRows, index: int, price: Floats, product: Floats, total: int, more: Sequence[int], less: Sequence[int]
) -> bool | None:
    """Compare the totals of orders with the sums of their lines in both readings."""
    if not rows.runs:
        return None
    sample, right = rows.sample, firsts(rows, values(rows.sample, total))
    extras = [_of_orders(rows, some) for some in (more, less)]
    differ = sums(rows, product) != sums(rows, price)
    shares = {
        of_line: max((_share(each[differ], right[differ]) for _, each in with_extras(sums(rows, column), *extras)))
        for of_line, column in ((True, price), (False, product))
    }
    of_line = shares[True] > shares[False]
    if shares[of_line] < AGREES or shares[not of_line] > FAILS:
        return None
    sample.assume(_by_sums(sample.name(index), sample.name(total), shares[of_line], of_line=of_line))
    return of_line


def _share(left: Floats, right: Floats) -> float:
    return float(np.nan_to_num(agreement(left, right)))


def _of_orders(rows: OrderRows, columns: Sequence[int]) -> list[Named]:
    found = []
    for index in columns:
        column = values(rows.sample, index)
        found.append((rows.sample.name(index), (firsts if rows.of_order(index) else sums)(rows, column)))
    return found


def _by_product(sample: Sample, index: int, price: Floats, quantity: Floats) -> bool | None:
    """Compare what is steady within a product: its price, or its price ÷ quantity."""
    product_id = sample.find(headers.PRODUCT_ID)
    if product_id is None:
        return None
    unit, line = steady(sample.columns[product_id], price, quantity)
    if not (max(unit, line) >= FAILS and abs(unit - line) >= CLEARLY):
        return None
    name = sample.name(index)
    if line > unit:
        told = sentence(
            '"{column}" is the money of all units of a line: it ÷ quantity is the same each time a product is sold.',
            column=name,
        )
    else:
        told = sentence('"{column}" is the money of one unit: it is the same each time a product is sold.', column=name)
    sample.assume(told)
    return line > unit


def _by_sums(column: str, total: str, share: float, *, of_line: bool) -> Sentence:
    if of_line:
        return sentence(
            '"{column}" is the money of all units of a line: so {share} of the orders add up to "{header}".',
            column=column,
            share=Percent(share),
            header=total,
        )
    return sentence(
        '"{column}" is the money of one unit: so {share} of the orders add up to "{header}".',
        column=column,
        share=Percent(share),
        header=total,
    )


def _ask(sample: Sample, price: int, quantity: int, by_unit: float, as_line: float) -> None:
    name = sample.name(price)
    of_unit = Answer(
        sentence(
            'of one unit: × "{column}", {sum} in all', column=sample.name(quantity), sum=Digits(f"{by_unit:,.2f}")
        ),
        {"orders.price_times_quantity": True},
    )
    of_line = Answer(
        sentence("of the whole line: {sum} in all", sum=Digits(f"{as_line:,.2f}")),
        {"orders.price_times_quantity": False, "orders.columns.amount": name, "orders.columns.price": None},
    )
    question = sentence('Is "{column}" the price of one unit, or the money of the whole line?', column=name)
    sample.ask(Question("orders.price_is", question, (of_unit, of_line), tuple(sample.filled(price)[:3])))
