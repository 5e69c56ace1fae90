"""Customers that were merged: a file says which id an old one is now; orders and events are read with the new one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from features.sources import cells
from features.sources.columns import mapped
from features.sources.mapping import FileFormat
from features.sources.opening.opener import open_file
from features.sources.opening.refusal import refusal
from features.sources.row_checks import TypedTable

MERGED = "merged customers"
Merges = Mapping[str, str]


def read_merges(path: Path | None) -> Merges:
    """Read the merge file: old id -> the id that it is in the end.

    Args:
        path: two columns below a header, old id and new id; None for no file.

    Raises:
        InputError: fewer columns, an id that becomes two others, or ids that become each other in a circle.
    """
    if path is None:
        return {}
    with open_file(path, FileFormat()) as file:
        if len(file.header) < 2:
            raise refusal(file.name, "has one column", "write two: the old customer id and the new one")
        rows = file.query(f"SELECT c0, c1 FROM {file.source}")
    step: dict[str, str] = {}
    for line, (old, new) in enumerate(rows, start=2):
        before, after = (cells.customer_id(cells.identifier(cells.text(cell))) for cell in (old, new))
        if not before or not after or step.get(before, after) != after:
            problem = f'names two new ids for "{before}"' if before and after else "names an id without its other"
            raise refusal(path.name, problem, "write one row for each old id", line)
        step[before] = after
    return {old: _last(step, old, path) for old in step if step[old] != old}


def _last(step: Merges, old: str, path: Path) -> str:
    seen, at = {old}, step[old]
    while at in step and step[at] != at:
        if at in seen:
            raise refusal(path.name, f'"{at}" becomes itself in a circle', "leave one of its rows out")
        seen.add(at)
        at = step[at]
    return at


def merged(typed: TypedTable, merges: Merges) -> tuple[TypedTable, int]:
    """Return a table with the new ids of its customers, and how many rows that changed.

    >>> from features.log import Coded
    >>> table, rows = merged(TypedTable(2, {"customer_id": Coded.of(["old", "other"])}), {"old": "new"})
    >>> table.texts["customer_id"].values, rows
    (array(['new', 'other'], dtype=object), 1)
    """
    coded = typed.texts.get("customer_id")
    if coded is None or not merges:
        return typed, 0
    hit = np.array([cells.customer_id(value) in merges for value in coded.values], dtype=bool)
    new = mapped(coded, lambda value: merges.get(cells.customer_id(value), value))
    return replace(typed, texts={**typed.texts, "customer_id": new}), int(np.count_nonzero(hit[coded.codes]))
