"""Adds up what the balance sheets of the parts of some orders say: their lines, and the changes of their money."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import TypeVar

import numpy as np

from features.sources.balance.sheet import ORDER_LINES, Change, SheetLine, added

Name = TypeVar("Name", bound=Hashable)
NO_FATE = np.zeros(0, dtype=np.int8)  # of the rows of parts, which are in no order of a file


def line_of(lines: Sequence[SheetLine]) -> SheetLine:
    """Return the line of all parts.

    Args:
        lines: of one rule, from each part that has it.

    >>> line_of([SheetLine("guests", 2, 1, 0, {}), SheetLine("guests", 3, 2, 0, {})]).rows
    5
    """
    rows, orders, customers = (sum(getattr(each, name) for each in lines) for name in ("rows", "orders", "customers"))
    # A part of one currency names it even where a line has no rows.
    money = added(*(each.money for each in lines if each.rows)) or lines[0].money
    return SheetLine(lines[0].rule, rows, orders, customers, money)


def lines_of(parts: Sequence[Sequence[SheetLine]], rules: Iterable[str]) -> list[SheetLine]:
    """Return the lines of all parts in the order of some rules; no line for a rule that no part has."""
    of_rule = ([each for lines in parts for each in lines if each.rule == rule] for rule in rules)
    return [line_of(found) for found in of_rule if found]


def changes_of(parts: Sequence[Sequence[Change]]) -> tuple[Change, ...]:
    """Return the changes of all parts, those of order lines first."""
    found: dict[tuple[str, str], list[Change]] = {}
    for each in (change for changes in parts for change in changes):
        found.setdefault((each.of, each.rule), []).append(each)
    keys = in_order([(each.of, each.rule) for each in changes] for changes in parts)
    return tuple(_change(found[key]) for key in sorted(keys, key=lambda key: key[0] != ORDER_LINES))


def in_order(lists: Iterable[Iterable[Name]]) -> list[Name]:
    """Put lists together, each name behind the one that it follows in its own list.

    >>> in_order([["", "a", "c"], ["", "b", "c"]])
    ['', 'b', 'a', 'c']
    """
    found: list[Name] = []
    for names in lists:
        place = 0
        for name in names:
            if name not in found:
                found.insert(place, name)
            place = found.index(name) + 1
    return found


def _change(found: Sequence[Change]) -> Change:
    return Change(found[0].rule, found[0].of, sum(each.rows for each in found), added(*(each.money for each in found)))
