"""Decides which rows of a file are duplicates.

A product twice within one order is honest: two lines. An order that appears again further on, line by line the same, is
not: two exports whose periods overlap were joined. Where the lines are in the file tells the two apart.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from features.log import Coded, Ints
from features.sources.columns import Mask
from features.sources.row_checks import TypedTable

_ODD = np.uint64(0x9E3779B97F4A7C15)


def order_keys(order_id: Coded | None, rows: int) -> Ints:
    """Return the order of each row as an integer, −1 where it has no order id.

    >>> order_keys(Coded.of(["7", "", "7"]), 3)
    array([ 1, -1,  1])
    """
    if order_id is None:
        return np.full(rows, -1, dtype=np.int64)
    named = np.array([value != "" for value in order_id.values], dtype=bool)
    return np.where(named[order_id.codes], order_id.codes, -1)


def repeated_ids(coded: Coded, alive: Mask, within: Ints | None = None) -> Mask:
    """Return the rows whose id came before (within the same order); empty ids never do.

    >>> repeated_ids(Coded.of(["a", "b", "a", ""]), np.array([True] * 4))
    array([False, False,  True, False])
    """
    key = order_keys(coded, len(alive))
    rows = np.flatnonzero(alive & (key >= 0))
    pair = key[rows] if within is None else (within[rows] + 1) * len(coded.values) + key[rows]
    _, first = np.unique(pair, return_index=True)
    repeated = np.zeros(len(alive), dtype=bool)
    repeated[np.delete(rows, first)] = True
    return repeated


def duplicate_lines(typed: TypedTable, order: Ints, alive: Mask) -> Mask:
    """Return the order lines that are duplicates: by their line id where the shop has one, else by where they are."""
    line_id = typed.texts.get("line_id")
    if line_id is not None:
        return repeated_ids(line_id, alive, within=order)
    return _repeated_blocks(typed, order, alive)


def _repeated_blocks(typed: TypedTable, order: Ints, alive: Mask) -> Mask:
    """Return the rows of orders that appear again further on in the file, with exactly the same lines.

    A block is a run of rows of one order. Where most orders that lie in several blocks differ from block to block,
    the file is not sorted by order, where a row is means nothing, and no row is taken for a repeat.
    """
    repeated = np.zeros(typed.rows, dtype=bool)
    rows = np.flatnonzero(alive & (order >= 0))
    if not len(rows):
        return repeated
    begins = np.flatnonzero(np.concatenate([[True], (order[rows][1:] != order[rows][:-1]) | (np.diff(rows) > 1)]))
    block_order = order[rows][begins]
    blocks_of = np.bincount(block_order)
    if blocks_of.max() == 1:
        return repeated
    several = blocks_of[block_order] > 1
    lengths = np.diff(np.append(begins, len(rows)))
    content = np.add.reduceat(_fingerprints(typed, rows), begins) + lengths.astype(np.uint64)
    again = _equal_blocks(block_order, content, several)
    repeated[rows[np.repeat(again, lengths)]] = True
    return repeated


def _equal_blocks(order: Ints, content: np.typing.NDArray[np.uint64], several: Mask) -> Mask:
    """Return the second and later blocks of the orders whose blocks are all equal."""
    sorted_blocks = np.flatnonzero(several)[np.argsort(order[several], kind="stable")]
    ordered = order[sorted_blocks]
    first = np.concatenate([[True], ordered[1:] != ordered[:-1]])
    starts = np.flatnonzero(first)
    low, high = (extreme.reduceat(content[sorted_blocks], starts) for extreme in (np.minimum, np.maximum))
    equal = low == high
    again = np.zeros(len(order), dtype=bool)
    if np.count_nonzero(equal) >= np.count_nonzero(~equal):
        group = np.cumsum(first) - 1
        again[sorted_blocks[equal[group] & ~first]] = True
    return again


def _fingerprints(typed: TypedTable, rows: Ints) -> np.typing.NDArray[np.uint64]:
    """Return a 64-bit fingerprint of each row's mapped cells; equal sets of rows have equal sums."""
    fingerprint = np.zeros(len(rows), dtype=np.uint64)
    for column in _columns(typed):
        fingerprint = _mixed(fingerprint * _ODD + column[rows].astype(np.uint64))
    return fingerprint


def _columns(typed: TypedTable) -> Iterator[Ints]:
    yield from (coded.codes for _, coded in sorted(typed.texts.items()))
    yield from (numbers for _, numbers in sorted(typed.numbers.items()))
    yield from (flags for _, flags in sorted(typed.flags.items()))
    yield from (typed.local_time, typed.offset)


def _mixed(bits: np.typing.NDArray[np.uint64]) -> np.typing.NDArray[np.uint64]:
    """Spread every bit over all others: the finaliser of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014)."""
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))
