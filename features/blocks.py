"""Long columns in blocks, and work on several of them at once.

What is worked out of a block by the way stays in the processor's cache, however long the column is. NumPy, Arrow and
DuckDB let other threads run while they work, so that two columns take two cores.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
BLOCK_ROWS = 1 << 16


def blocks(rows: int) -> Iterator[slice]:
    """Yield all rows in blocks, one after the other.

    >>> list(blocks(100_000))
    [slice(0, 65536, None), slice(65536, 100000, None)]
    """
    return (slice(begin, min(begin + BLOCK_ROWS, rows)) for begin in range(0, rows, BLOCK_ROWS))


def at_once(*tasks: Callable[[], T]) -> list[T]:
    """Return what tasks give, in their order; they run on as many cores as there are.

    >>> at_once(lambda: 1, lambda: 2)
    [1, 2]
    """
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(lambda task: task(), tasks))
