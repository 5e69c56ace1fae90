"""Counts the rows of customers in a shop's own files, which are not ours to change."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from features.sources import cells
from features.sources.cells.cells_sql import read_cells
from features.sources.mapped_file import AnyMapping, open_mapped
from features.sources.mapping import OrdersMapping
from features.sources.people.merges import Merges, merged
from features.tables import ORDERS

_ID = tuple(each for each in ORDERS if each.name == "customer_id")


def rows_of_customers(mapping: AnyMapping, merges: Merges, customer_ids: Collection[str]) -> dict[str, dict[str, int]]:
    """Return file → customer → how many rows of some customers the shop's files hold, where they hold any.

    Args:
        mapping: the orders, the events or the customers.
        merges: old id → new id.
        customer_ids: whose, under the ids that they have in the end.

    Raises:
        InputError: a file that cannot be opened, or lacks the column.
    """
    with open_mapped(mapping, _ID, columns={"customer_id": mapping.columns["customer_id"]}) as opened:
        typed, file = read_cells(opened)
        names = [part.name for part in file.file.parts] if len(typed.part) else [mapping_name(mapping)]
    texts, asked = merged(typed, merges)[0].texts["customer_id"], frozenset(customer_ids)
    part = typed.part if len(typed.part) else np.zeros(typed.rows, dtype=np.int64)
    found: dict[str, dict[str, int]] = {}
    for code, text in enumerate(texts.values):
        if (who := cells.customer_id(text)) in asked:
            for name, rows in zip(names, np.bincount(part[texts.codes == code]).tolist(), strict=False):
                if rows:
                    of_file = found.setdefault(name, {})
                    of_file[who] = of_file.get(who, 0) + rows
    return found


def mapping_name(mapping: AnyMapping) -> str:
    """Return what messages call where the rows of a mapping come from."""
    return mapping.source_name if isinstance(mapping, OrdersMapping) else mapping.file.name
