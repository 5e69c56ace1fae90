"""Which reading of a file's money makes its columns agree, row by row and order by order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np
import numpy.typing as npt

from features.guess.order_rows import OrderRows
from features.guess.sample import Sample
from features.sources import cells

Floats = npt.NDArray[np.float64]
CLOSE = 0.02  # money is rounded to cents, and a product of rounded numbers is off by one more
AGREES, FAILS = 0.9, 0.5


def values(sample: Sample, index: int) -> Floats:
    """Return a column as numbers, NaN where a cell holds none."""
    read = np.array([cells.number(cell, sample.form.decimal) for cell in sample.columns[index]], dtype=np.int64)
    return np.where(read > cells.HUGE, read / 10.0**cells.SCALE, np.nan)


def zeros(column: Floats) -> Floats:
    """Return a column with 0 where it is empty."""
    return np.nan_to_num(column, nan=0.0)


def agreement(left: Floats, right: Floats) -> float:
    """Return the share of rows on which two columns are the same money, NaN where no row has both.

    >>> agreement(np.array([10.0, 5.0]), np.array([10.01, 7.0]))
    0.5
    """
    both = ~(np.isnan(left) | np.isnan(right))
    if not both.any():
        return float("nan")
    away = np.abs(left[both] - right[both])
    return float(np.mean(away <= np.maximum(CLOSE, 1e-6 * np.abs(right[both]))))


def sums(rows: OrderRows, column: Floats) -> Floats:
    """Return the sum of a column over each run of rows of one order."""
    return np.array([np.nansum(column[list(run)]) for _, run in rows.runs])


def firsts(rows: OrderRows, column: Floats) -> Floats:
    """Return the first filled cell of each run of rows of one order, NaN where none is."""
    found = []
    for _, run in rows.runs:
        filled = column[list(run)]
        filled = filled[~np.isnan(filled)]
        found.append(filled[0] if len(filled) else np.nan)
    return np.array(found)


def with_extras(
    base: Floats, more: Sequence[tuple[str, Floats]], less: Sequence[tuple[str, Floats]]
) -> Iterator[tuple[tuple[str, ...], Floats]]:
    """Yield a total with each choice of taxes and freight added and discounts taken off, fewest first.

    Args:
        base: the total before.
        more: what may be added, by name.
        less: what may be taken off, by name.
    """
    parts = [*((name, column) for name, column in more), *((name, -column) for name, column in less)]
    for chosen in sorted(product((False, True), repeat=len(parts)), key=sum):
        some = [part for part, taken in zip(parts, chosen, strict=True) if taken]
        yield tuple(name for name, _ in some), base + sum((zeros(column) for _, column in some), np.zeros(len(base)))


def steady(product_id: Sequence[str], price: Floats, quantity: Floats) -> tuple[float, float]:
    """Return for how many rows the price, and the price ÷ quantity, is the usual one of its product.

    Only products that were bought in several quantities say anything; NaN where there is none.
    """
    of: dict[str, list[int]] = {}
    for row, name in enumerate(product_id):
        if name and not np.isnan(price[row]) and quantity[row] > 0:
            of.setdefault(name, []).append(row)
    told = [np.array(rows) for rows in of.values() if len(set(quantity[rows])) > 1]
    if not told:
        return float("nan"), float("nan")
    each = price / np.where(quantity == 0, np.nan, quantity)
    return _usual(told, price), _usual(told, each)


def _usual(groups: Sequence[npt.NDArray[np.int64]], column: Floats) -> float:
    near = [np.abs(column[rows] / np.median(column[rows]) - 1) <= 0.01 for rows in groups if np.median(column[rows])]
    return float(np.mean(np.concatenate(near))) if near else float("nan")
