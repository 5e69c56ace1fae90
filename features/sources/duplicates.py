"""Finds the lines of a file that are duplicates: the same line number within one order, and the same in all cells.

A product twice within one order is honest: two lines. An order that comes again further on in the file is found by
`order_states.py`.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from features.log import Coded, Codes, Ints
from features.sources.cells.read_texts import Hashes, mixed
from features.sources.columns import Mask
from features.sources.row_checks import TypedTable

_ODD = np.uint64(0x9E3779B97F4A7C15)


def order_keys(order_id: Coded | None, rows: int) -> Codes:
    """Return the order of each row as an integer, −1 where it has no order id.

    >>> order_keys(Coded.of(["7", "", "7"]), 3)
    array([ 1, -1,  1])
    """
    if order_id is None:
        return np.full(rows, -1, dtype=np.int64)
    empty = order_id.empty
    return np.where(empty[order_id.codes], -1, order_id.codes) if empty.any() else order_id.codes


def repeated_ids(coded: Coded, alive: Mask, within: Codes | None = None, content: Hashes | None = None) -> Mask:
    """Return the rows whose id came before (within the same order, with the same content); empty ids never do.

    >>> repeated_ids(Coded.of(["a", "b", "a", ""]), np.array([True] * 4))
    array([False, False,  True, False])
    """
    key = order_keys(coded, len(alive))
    rows = np.flatnonzero(alive & (key >= 0))
    pair = key[rows].astype(np.int64)
    if within is not None:
        pair += (within[rows].astype(np.int64) + 1) * len(coded.values)
    if content is not None:
        pair = mixed(pair.astype(np.uint64) ^ content[rows]).astype(np.int64)
    _, first = np.unique(pair, return_index=True)
    repeated = np.zeros(len(alive), dtype=bool)
    repeated[np.delete(rows, first)] = True
    return repeated


def duplicate_lines(typed: TypedTable, order: Codes, alive: Mask) -> Mask:
    """Return the lines whose number came before in the same order, the same in all cells.

    A number that comes again with other cells is no line number but, say, a product's, and its lines are all kept.
    """
    line = typed.texts.get("line_id")
    if line is None:
        return np.zeros(typed.rows, dtype=bool)
    return repeated_ids(line, alive, within=order, content=fingerprints(typed, np.arange(typed.rows)))


def again_in_later_file(typed: TypedTable, order: Codes, alive: Mask) -> Mask:
    """Return the rows without an order id that stand again, as they were, in a later one of several files.

    Equal rows of one file are orders of their own: the second of them is the same as the second of another file.
    """
    again = np.zeros(typed.rows, dtype=bool)
    rows = np.flatnonzero(alive & (order < 0))
    if not len(typed.part) or not len(rows):
        return again
    content, part = fingerprints(typed, rows), typed.part[rows]
    by_content = np.lexsort((part, content))
    rows, content, part = rows[by_content], content[by_content], part[by_content]
    place = np.arange(len(rows))
    begins = np.concatenate([[True], (content[1:] != content[:-1]) | (part[1:] != part[:-1])])
    number = place - np.maximum.accumulate(np.where(begins, place, 0))
    _, same = np.unique(mixed(content ^ (number.astype(np.uint64) * _ODD)), return_inverse=True)
    latest = np.zeros(int(same.max()) + 1, dtype=np.int64)
    np.maximum.at(latest, same, part)
    again[rows[part < latest[same]]] = True
    return again


def fingerprints(typed: TypedTable, rows: Ints) -> Hashes:
    """Return a 64-bit fingerprint of each row's mapped cells; equal sets of rows have equal sums."""
    fingerprint = np.zeros(len(rows), dtype=np.uint64)
    for column in _columns(typed):
        fingerprint = mixed(fingerprint * _ODD + column[rows].astype(np.uint64))
    return fingerprint


def _columns(typed: TypedTable) -> Iterator[Codes]:
    yield from (coded.codes for _, coded in sorted(typed.texts.items()))
    yield from (numbers for _, numbers in sorted(typed.numbers.items()))
    yield from (flags for _, flags in sorted(typed.flags.items()))
    yield from (typed.local_time, typed.offset)
