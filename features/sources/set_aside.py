"""Rows that cannot be used and are set aside, where the shop says so: few, named one by one, and counted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from features.sources.balance.sheet import BalanceSheet, SheetLine, added
from features.sources.columns import Mask
from features.sources.row_checks import CleanTable, Problem, TypedTable
from features.sources.rules import RAGGED

MOST_SET_ASIDE = 0.01  # of the rows; a file with more is read wrongly, or is not the right one

Clean = Callable[[TypedTable, Mask], CleanTable]


def stop_at_broken(typed: TypedTable, clean: Clean) -> CleanTable:
    """Clean rows, none of them set aside."""
    return clean(typed, np.zeros(typed.rows, dtype=bool))


def without_broken(
    typed: TypedTable, clean: Clean, headers: Sequence[Problem], ragged: int
) -> tuple[CleanTable, tuple[Problem, ...]] | None:
    """Clean rows, and clean them again without those that break a rule, until none does.

    A row that is gone may take the first cells of its order with it, so that others break a rule then.

    Args:
        typed: the cells.
        clean: applies the rules to the rows that are not set aside.
        headers: lines of the header that come again.
        ragged: how many rows have a wrong number of cells; they are in no table.

    Returns:
        The table, and the rules that the rows set aside broke; None where they are more than MOST_SET_ASIDE.
    """
    aside = np.zeros(typed.rows, dtype=bool)
    broken: list[Problem] = []
    found: Sequence[Problem] = headers
    while True:
        for problem in found:
            aside[problem.rows] = True
        broken += found
        if np.count_nonzero(aside) + ragged > MOST_SET_ASIDE * (typed.rows + ragged):
            return None
        table = clean(typed, aside)
        if not table.problems:
            return table, tuple(broken)
        found = table.problems


def with_ragged(sheet: BalanceSheet, rows: int) -> BalanceSheet:
    """Return a sheet with the rows of a wrong number of cells, whose money nobody can tell.

    Args:
        sheet: of the other rows.
        rows: how many.
    """
    if not rows:
        return sheet
    line = SheetLine(RAGGED, rows, 0, 0, {})
    return replace(sheet, read=_more(sheet.read, line), left_out=(*sheet.left_out, line))


def _more(line: SheetLine, other: SheetLine) -> SheetLine:
    return replace(line, rows=line.rows + other.rows, money=added(line.money, other.money))
