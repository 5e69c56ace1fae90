"""Finds the rows of customers in a shop's own files: to count them where they are not ours to change, and to show them.

A line that leaves the customer to its order's first is that customer's, as everywhere.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from features.log import Coded, Ints
from features.sources import cells
from features.sources.cells.cells_sql import read_cells
from features.sources.columns import first_text
from features.sources.duplicates import order_keys
from features.sources.mapped_file import AnyMapping, MappedFile, open_mapped
from features.sources.mapping import OrdersMapping
from features.sources.people.merges import Merges, merged
from features.tables import ORDERS

_IDS = tuple(each for each in ORDERS if each.name in ("customer_id", "order_id"))


@dataclass(frozen=True)
class FileRow:
    """One row of a file: where it lies, and its cells by the names of their columns."""

    file: str
    line: int
    cells: dict[str, str]


@dataclass(frozen=True, eq=False)
class _Found:
    """An open file, the customer of each row and the number of its part."""

    file: MappedFile
    customer: Coded
    part: Ints
    names: tuple[str, ...]


def rows_of_customers(mapping: AnyMapping, merges: Merges, customer_ids: Collection[str]) -> dict[str, dict[str, int]]:
    """Return file → customer → how many rows of some customers the shop's files hold, where they hold any.

    Args:
        mapping: the orders, the events or the customers.
        merges: old id → new id.
        customer_ids: whose, under the ids that they have in the end.

    Raises:
        InputError: a file that cannot be opened, or lacks the column.
    """
    counts: dict[str, dict[str, int]] = {}
    with _opened(mapping, merges, _ids(mapping)) as found:
        for code, who in _codes(found.customer, customer_ids):
            rows = np.bincount(found.part[found.customer.codes == code], minlength=len(found.names)).tolist()
            for name, count in zip(found.names, rows, strict=False):
                if count:
                    of_file = counts.setdefault(name, {})
                    of_file[who] = of_file.get(who, 0) + count
    return counts


def rows_of_customer(mapping: AnyMapping, merges: Merges, customer_id: str) -> list[FileRow]:
    """Return the rows of one customer, in the order of the file, with all their cells; of a database those mapped.

    Arguments as above.
    """
    with _opened(mapping, merges, _shown(mapping)) as found:
        codes = [code for code, _ in _codes(found.customer, [customer_id])]
        rows = np.flatnonzero(np.isin(found.customer.codes, codes))
        places = found.file.file.located(set(rows.tolist()))
        header = found.file.file.header
    named = ((place.file, place.line, dict(zip(header, place.record, strict=False))) for place in places.values())
    return [FileRow(*each) for each in named]


@contextmanager
def _opened(mapping: AnyMapping, merges: Merges, columns: Mapping[str, str]) -> Iterator[_Found]:
    with open_mapped(mapping, _IDS, columns=columns) as opened:
        typed, file = read_cells(opened)
        typed, _ = merged(typed, merges)
        order = order_keys(typed.texts.get("order_id"), typed.rows)
        customer = first_text(order, typed.texts["customer_id"], np.ones(typed.rows, dtype=bool))
        several = len(typed.part) > 0
        names = tuple(part.name for part in file.file.parts) if several else (mapping_name(mapping),)
        yield _Found(file, customer, typed.part if several else np.zeros(typed.rows, dtype=np.int64), names)


def _ids(mapping: AnyMapping) -> dict[str, str]:
    return {each.name: mapping.columns[each.name] for each in _IDS if each.name in mapping.columns}


def _shown(mapping: AnyMapping) -> Mapping[str, str]:
    """Return the columns to ask for: a file gives all of its own along, a database those that it is asked for."""
    if isinstance(mapping, OrdersMapping) and mapping.database is not None:
        return {**mapping.contacts, **mapping.columns}
    return _ids(mapping)


def _codes(customer: Coded, customer_ids: Collection[str]) -> Iterator[tuple[int, str]]:
    asked = frozenset(customer_ids)
    for code, text in enumerate(customer.values):
        if (who := cells.customer_id(text)) in asked:
            yield code, who


def mapping_name(mapping: AnyMapping) -> str:
    """Return what messages call where the rows of a mapping come from."""
    return mapping.source_name if isinstance(mapping, OrdersMapping) else mapping.file.name
