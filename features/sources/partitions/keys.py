"""Which partition a row goes to: that of its customer, so that each partition holds customers and orders whole.

A line without a customer belongs to that of its order, which may stand above or below it; and an order number may be
used by two customers. Rows of one order that would go to different partitions are found, and their customers are put
together. A hash that two customers share puts them together, too, and changes nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from features.log import Coded, Texts
from features.sources import cells
from features.sources.cells.hints import WRAPPED
from features.sources.cells.read_texts import Hashes
from features.sources.cleaning import customer_ids
from features.sources.columns import Mask, first_text, mapped
from features.sources.duplicates import order_keys
from features.sources.people.merges import Merges

Moved = Mapping[int, int]  # key → the key that stands for it and others
NOBODY = np.uint64(0)


def customer_keys(customer_ids: Coded) -> Hashes:
    """Return a key for each row's customer, 0 for nobody.

    >>> first, nobody, again = customer_keys(Coded.of(["ann", "", "ann"]))
    >>> first == again, int(nobody)
    (np.True_, 0)
    """
    return _hashes(customer_ids.values)[customer_ids.codes]


def row_keys(customer: Coded, order: Coded | None, merges: Merges) -> tuple[Hashes, Hashes]:
    """Return a key for each row's customer, else for its order, 0 for neither; and one for its order.

    Args:
        customer: as the file writes them.
        order: as the file writes them, None where it has none.
        merges: old id → new id.
    """
    rows = len(customer.codes)
    ids = None if order is None else mapped(order, cells.identifier, hint=WRAPPED)
    number = order_keys(ids, rows)
    who = mapped(customer, cells.identifier, hint=WRAPPED)
    if merges:
        who = mapped(who, lambda text: merges.get(cells.customer_id(text), text))
    filled = customer_ids(first_text(number, who, np.ones(rows, dtype=bool)))
    of_customer = customer_keys(filled)
    of_order = np.zeros(rows, dtype=np.uint64) if ids is None else _hashes(ids.values)[ids.codes]
    return np.where(of_customer == NOBODY, of_order, of_customer), of_order


def partition_of(keys: Hashes, partitions: int, moved: Moved) -> np.typing.NDArray[np.int64]:
    """Return the partition of each key, from 0.

    >>> partition_of(np.array([5, 6, 7], dtype=np.uint64), 4, {5: 7}).tolist()
    [3, 2, 3]
    """
    if moved:
        old = np.array(sorted(moved), dtype=np.uint64)
        new = np.array([moved[int(each)] for each in old], dtype=np.uint64)
        at = np.minimum(np.searchsorted(old, keys), len(old) - 1)
        keys = np.where(old[at] == keys, new[at], keys)
    return np.asarray(keys % np.uint64(partitions), dtype=np.int64)


def put_together(orders: Iterable[tuple[int, int]], moved: Moved) -> dict[int, int]:
    """Return for each customer of some orders the one that stands for all who share an order, by way of others too.

    Args:
        orders: order and customer, both as keys.
        moved: of a former look.

    >>> put_together([(1, 30), (1, 20), (2, 20), (2, 10), (3, 40)], {})
    {20: 10, 30: 10}
    """
    parent = dict(moved)

    def root(key: int) -> int:
        while (above := parent.get(key, key)) != key:
            key = above
        return key

    first: dict[int, int] = {}
    for order, key in orders:
        low, high = sorted((root(first.setdefault(order, key)), root(key)))
        parent[high] = low
    return {key: root(key) for key in sorted(parent) if root(key) != key}


def _hashes(texts: Texts | Sequence[str]) -> Hashes:
    """Return a number of 64 bits for each text, the same in every process; 0 for the empty one alone."""
    values = np.asarray(texts, dtype=object)
    if not len(values):
        return np.zeros(0, dtype=np.uint64)
    hashed = pd.util.hash_array(values, categorize=False)
    return np.where(_is_empty(values), NOBODY, np.maximum(hashed, np.uint64(1)))


def _is_empty(values: Texts) -> Mask:
    return np.asarray(values == "", dtype=bool)
