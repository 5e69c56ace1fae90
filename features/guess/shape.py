"""Recognises tables in another shape than one line a row, by their headers and by which cells are blank together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import groupby, pairwise

from features.guess.columns import headers
from features.sources import cells, plain_text
from features.sources.opening.shape import groups_of

LEAST_GROUP = 2  # columns that come again together
_NUMBER = re.compile(r"(?<![A-Za-z0-9])\d{1,2}(?!\d)|(?<=[A-Za-z])\d{1,2}$")
_IDS = frozenset((*headers.ORDER_ID, *headers.CUSTOMER_ID))
_DATES = frozenset(headers.ORDERED_AT)


def filled_down(header: Sequence[str], columns: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Return the columns that stand on the first line of an order only: an id and a date, blank in the same rows.

    Args:
        header: the names of the columns.
        columns: their first cells.

    >>> filled_down(["Order", "Date", "Item"], [["1", "", "2"], ["2026-01-05", "", "2026-01-06"], ["a", "b", "c"]])
    ('Order', 'Date')
    """
    names = [plain_text.plain(name) for name in header]
    dates = [n for n, name in enumerate(names) if name in _DATES and _begins(columns[n])]
    for date in dates:
        blank = [not cell for cell in columns[date]]
        together = [n for n, column in enumerate(columns) if [not cell for cell in column] == blank]
        rest = [n for n in range(len(columns)) if n not in together]
        on_every_line = any(all(columns[n]) for n in rest) or all(
            any(columns[n][row] for n in rest) for row, empty in enumerate(blank) if empty
        )
        if any(names[n] in _IDS for n in together) and rest and on_every_line:
            return tuple(header[n] for n in together if names[n] in _IDS | _DATES or not _is_money(columns[n]))
    return ()


def _begins(column: Sequence[str]) -> bool:
    return bool(column) and bool(column[0]) and not all(column)


def _is_money(column: Sequence[str]) -> bool:
    return all(cells.number(cell, ".") > cells.HUGE or cells.number(cell, ",") > cells.HUGE for cell in column if cell)


def line_columns(header: Sequence[str], columns: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Return the names of columns that come again and again in the same order: a group for each line of an order.

    >>> line_columns(["id", "qty#1", "price#1", "qty#2", "price#2"], [["1"], ["2"], ["5.00"], [""], [""]])
    ('qty', 'price')
    >>> line_columns(["id", "item_1_qty", "item_1_price", "item_2_qty", "item_2_price"], [[""]] * 5)
    ('item_#_qty', 'item_#_price')
    """
    names = list(dict.fromkeys(name for each in header if (name := _group_name(each))))
    found = {name: groups_of(header, name) for name in names}
    times = [len(found[name]) for name in names]
    repeated = [name for name in names if len(found[name]) == max(times) > 1]
    if len(repeated) < LEAST_GROUP or not _in_turn([found[name] for name in repeated]):
        return ()
    return tuple(repeated) if any(plain_text.plain(name) for name in repeated) else ()


def _group_name(header: str) -> str | None:
    plain, mark, place = header.rpartition("#")
    if mark and place.isdigit():
        return plain
    numbers = _NUMBER.findall(header)
    return _NUMBER.sub("#", header) if len(numbers) == 1 and not header.strip().isdigit() else None


def _in_turn(found: Sequence[Sequence[int]]) -> bool:
    """Say whether the columns stand group by group, or name by name: each name's places are as far apart."""
    steps = [{later - earlier for earlier, later in pairwise(places)} for places in found]
    return all(len(each) == 1 for each in steps) and _all_equal(steps)


def _all_equal(values: Iterable[object]) -> bool:
    return sum(1 for _ in groupby(map(str, values))) <= 1
