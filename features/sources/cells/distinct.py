"""Reads the texts of a batch in Python: each distinct one once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from features.log import Ints


def filled(column: pa.Array) -> npt.NDArray[np.bool_]:
    """Return which cells are not NULL."""
    return np.asarray(column.is_valid().to_numpy(zero_copy_only=False), dtype=bool)


def read_distinct(texts: pa.Array, read: Callable[[str], int | tuple[int, int]]) -> Ints:
    """Return what is read of each row; each distinct text is read once, NULL as the empty text.

    >>> read_distinct(pa.array(["ab", None, "ab"]), len)
    array([2, 0, 2])
    """
    coded = texts.dictionary_encode()
    values = np.array([read(each) for each in (*coded.dictionary.to_pylist(), "")], dtype=np.int64)
    codes: Ints = coded.indices.fill_null(len(values) - 1).to_numpy(zero_copy_only=False)
    return values[codes]
