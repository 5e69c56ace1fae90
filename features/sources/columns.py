"""Functions over dictionary-coded and integer columns, shared by the rules of `features/sources/cleaning.py`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from features.blocks import blocks
from features.log import Coded, Codes, Ints
from features.sources import cells
from features.sources.cells.hints import Hint

Mask = npt.NDArray[np.bool_]


def where(coded: Coded, test: Callable[[str], bool], *, hint: Hint | None = None) -> Mask:
    """Return the rows whose text passes a test; each distinct text is tested once.

    Args:
        coded: the column.
        test: of a text.
        hint: what every text that passes holds. One look at all texts is far cheaper than millions of tests, and mostly
            finds none.

    >>> where(Coded.of(["a", "b", "a"]), lambda text: text == "a")
    array([ True, False,  True])
    >>> import re
    >>> where(Coded.of(["a", "b"]), lambda text: text == "c", hint=Hint(re.compile("c"), (b"c",)))
    array([False, False])
    """
    if hint is not None and not hint.found_in(coded):
        return np.zeros(len(coded.codes), dtype=bool)
    hit = np.fromiter((test(value) for value in coded.values), dtype=bool, count=len(coded.values))
    return hit[coded.codes]


def among(coded: Coded, texts: frozenset[str]) -> Mask:
    """Return the rows whose text is one of a set."""
    return where(coded, texts.__contains__)


def is_empty(coded: Coded) -> Mask:
    """Return the rows without a text."""
    empty = coded.empty
    return empty[coded.codes] if empty.any() else np.zeros(len(coded.codes), dtype=bool)


def mapped(coded: Coded, change: Callable[[str], str], *, hint: Hint | None = None) -> Coded:
    """Return the column with each text changed; texts that become equal share one code.

    Args:
        coded: the column.
        change: of a text.
        hint: what every text that is changed holds, as for `where`.

    >>> mapped(Coded.of(["B", "b", ""]), str.lower).values
    array(['', 'b'], dtype=object)
    """
    if hint is not None and not hint.found_in(coded):
        return coded
    changed = [change(value) for value in coded.values]
    if changed == list(coded.values):
        return coded
    code_of = {text: code for code, text in enumerate(dict.fromkeys(changed))}
    codes = np.array([code_of[text] for text in changed], dtype=np.int64)
    return Coded(np.array(list(code_of), dtype=object), codes[coded.codes])


def read_codes(coded: Coded, read: Callable[[str], int]) -> Ints:
    """Return an integer per row; each distinct text is read once.

    >>> read_codes(Coded.of(["yes", "no", "yes"]), len)
    array([3, 2, 3])
    """
    values: Ints = np.fromiter((read(value) for value in coded.values), dtype=np.int64, count=len(coded.values))
    return values[coded.codes]


def kept(coded: Coded, rows: Mask) -> Coded:
    """Return the column with only the rows where the mask is true."""
    return coded.with_codes(coded.codes[rows])


def blank(rows: int) -> Coded:
    """Return a column of empty texts."""
    return Coded(np.array([""], dtype=object), zeros(rows))


def zeros(rows: int) -> Ints:
    """Return a column of zeros that takes no memory, and that nobody may write to."""
    return np.broadcast_to(np.int64(0), rows)


def mask(rows: Ints, size: int) -> Mask:
    """Return row numbers as a mask.

    >>> mask(np.array([1]), 3)
    array([False,  True, False])
    """
    marked = np.zeros(size, dtype=bool)
    marked[rows] = True
    return marked


def spread(values: Mask, rows: Mask) -> Mask:
    """Return a mask of some rows as a mask of all.

    >>> spread(np.array([True]), np.array([False, True]))
    array([False,  True])
    """
    spread_out = np.zeros(len(rows), dtype=bool)
    spread_out[rows] = values
    return spread_out


def first_rows(key: Codes, filled: Mask) -> Ints:
    """Return for each key the first row where it is filled, −1 where it never is; one more −1 stands for no key.

    >>> first_rows(np.array([0, 0, 1, -1]), np.array([False, True, False, True]))
    array([ 1, -1, -1])
    """
    first = np.full(int(key.max(initial=-1)) + 2, -1, dtype=np.int64)
    known = filled & (key >= 0)
    rows = np.arange(len(key)) if known.all() else np.flatnonzero(known)
    first[(key if len(rows) == len(key) else key[rows])[::-1]] = rows[::-1]  # so that the first row is written last
    return first


def keys_in_doubt(key: Codes, rows: Mask, columns: Sequence[Codes]) -> Mask:
    """Return which keys have rows that stand apart, or differ in a column; of all others the first row says it all.

    Args:
        key: per row, −1 = none.
        rows: those that count, each of which has a key.
        columns: integers, one per row.

    >>> keys_in_doubt(np.array([0, 0, 1, 1, 2, 3, 2]), np.full(7, True), [np.array([5, 5, 5, 6, 7, 7, 7])])
    array([False,  True,  True, False])
    """
    doubt = np.zeros(int(key.max(initial=-1)) + 1, dtype=bool)
    begins: list[npt.NDArray[Any]] = [key[:1][rows[:1]]]
    for block in blocks(len(key) - 1):
        above, below = block, slice(block.start + 1, block.stop + 1)
        same = (key[below] == key[above]) & rows[above] & rows[below]
        differs = np.zeros(len(same), dtype=bool)
        for column in columns:
            differs |= column[below] != column[above]
        doubt[key[below][same & differs]] = True
        begins.append(key[below][rows[below] & ~same])
    every = np.concatenate(begins)
    return doubt if _rises(every) else doubt | (np.bincount(every, minlength=len(doubt)) > 1)


def _rises(keys: npt.NDArray[Any]) -> bool:
    """Say whether each key is above the one before it, so that none comes twice."""
    return bool((keys[1:] > keys[:-1]).all())


def first_text(key: Codes, coded: Coded, alive: Mask) -> Coded:
    """Fill empty cells from the first filled line of the same order: exports write an order's cells only once.

    >>> first_text(np.array([0, 0]), Coded.of(["paid", ""]), np.array([True, True])).codes
    array([1, 1])
    """
    empty = is_empty(coded)
    if not empty.any():
        return coded
    source = first_rows(key, alive & ~empty)[key]
    fill = empty & (source >= 0)
    codes = coded.codes.copy()
    codes[fill] = coded.codes[source[fill]]
    return coded.with_codes(codes)


def first_filled(key: Codes, filled: Mask, *columns: Ints) -> tuple[Ints, ...]:
    """Fill the empty cells of integer columns as `first_text` does; `filled` marks the cells that are not empty."""
    if filled.all():
        return columns
    source = first_rows(key, filled)[key]
    fill = ~filled & (source >= 0)
    source_row = np.where(fill, source, np.arange(len(key)))
    return tuple(column[source_row] for column in columns)


def half_up(values: Ints, scale: int) -> Ints:
    """Divide and round a half away from zero.

    >>> half_up(np.array([15, -15, 14]), 10)
    array([ 2, -2,  1])
    """
    if not values.any():
        return zeros(len(values))
    if scale == 1:
        return values.copy()
    rounded: Ints = values + scale // 2
    if scale % 2 == 0:
        rounded -= values < 0
    rounded //= scale
    return rounded


def times(left: Ints, right: Ints) -> Ints:
    """Multiply millionths by millionths, a half rounded away from zero, HUGE where it does not fit.

    >>> times(np.array([1_500_000]), np.array([2_000_000]))
    array([3000000])
    """
    unit = 10**cells.SCALE
    safe = np.abs(left).astype(np.float64) * np.abs(right) < 2.0**62
    product = np.where(safe, half_up(np.where(safe, left * np.where(safe, right, 0), 0), unit), 0)
    for row in np.flatnonzero(~safe):
        exact = int(left[row]) * int(right[row])
        whole = (abs(exact) + unit // 2) // unit
        product[row] = cells.HUGE if whole >= cells.LIMIT else whole * (1 if exact > 0 else -1)
    return product


def by_rate(millionths: Ints, rate: Fraction) -> Ints:
    """Multiply by an exact rate, a half rounded away from zero.

    >>> by_rate(np.array([10_000_000]), Fraction(92, 1_000_000))
    array([920])
    """
    if rate.numerator == 1:
        return half_up(millionths, rate.denominator)
    over, under = rate.numerator, rate.denominator
    exact = [(2 * abs(int(v)) * over + under) // (2 * under) * (1 if v >= 0 else -1) for v in millionths]
    most = 2**62
    return np.array([max(-most, min(most, value)) for value in exact], dtype=np.int64)
