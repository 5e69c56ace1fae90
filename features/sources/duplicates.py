"""Finds the lines of a file that are duplicates: the same line number within one order, and the same in all cells.

A product twice within one order is honest: two lines. An order that comes again further on in the file is found by
`order_states.py`.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from features.log import Coded, Ints
from features.sources.cells.read_texts import Hashes, mixed
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
    empty = order_id.empty
    return np.where(empty[order_id.codes], -1, order_id.codes) if empty.any() else order_id.codes


def repeated_ids(coded: Coded, alive: Mask, within: Ints | None = None, content: Hashes | None = None) -> Mask:
    """Return the rows whose id came before (within the same order, with the same content); empty ids never do.

    >>> repeated_ids(Coded.of(["a", "b", "a", ""]), np.array([True] * 4))
    array([False, False,  True, False])
    """
    key = order_keys(coded, len(alive))
    rows = np.flatnonzero(alive & (key >= 0))
    pair = key[rows] if within is None else (within[rows] + 1) * len(coded.values) + key[rows]
    if content is not None:
        pair = mixed(pair.astype(np.uint64) ^ content[rows]).astype(np.int64)
    _, first = np.unique(pair, return_index=True)
    repeated = np.zeros(len(alive), dtype=bool)
    repeated[np.delete(rows, first)] = True
    return repeated


def duplicate_lines(typed: TypedTable, order: Ints, alive: Mask) -> Mask:
    """Return the lines whose number came before in the same order, the same in all cells.

    A number that comes again with other cells is no line number but, say, a product's, and its lines are all kept.
    """
    line = typed.texts.get("line_id")
    if line is None:
        return np.zeros(typed.rows, dtype=bool)
    return repeated_ids(line, alive, within=order, content=fingerprints(typed, np.arange(typed.rows)))


def fingerprints(typed: TypedTable, rows: Ints) -> Hashes:
    """Return a 64-bit fingerprint of each row's mapped cells; equal sets of rows have equal sums."""
    fingerprint = np.zeros(len(rows), dtype=np.uint64)
    for column in _columns(typed):
        fingerprint = mixed(fingerprint * _ODD + column[rows].astype(np.uint64))
    return fingerprint


def _columns(typed: TypedTable) -> Iterator[Ints]:
    yield from (coded.codes for _, coded in sorted(typed.texts.items()))
    yield from (numbers for _, numbers in sorted(typed.numbers.items()))
    yield from (flags for _, flags in sorted(typed.flags.items()))
    yield from (typed.local_time, typed.offset)
