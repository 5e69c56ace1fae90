"""Blocks of rows: what is worked out of one by the way stays in the processor's cache, however long the column is."""

from __future__ import annotations

from collections.abc import Iterator

BLOCK_ROWS = 1 << 16


def blocks(rows: int) -> Iterator[slice]:
    """Yield all rows in blocks, one after the other.

    >>> list(blocks(100_000))
    [slice(0, 65536, None), slice(65536, 100000, None)]
    """
    return (slice(begin, min(begin + BLOCK_ROWS, rows)) for begin in range(0, rows, BLOCK_ROWS))
