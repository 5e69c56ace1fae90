"""Tells what is wrong with a file: each broken rule with its cells, their number, and a remedy that helps.

`features/sources/remedies.py` chooses what to do about cells that are no date or no number, by their whole column.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from features.errors import InputError, Violation
from features.log import Coded
from features.sources import cells
from features.sources.cells.cells_sql import date_counts, text
from features.sources.columns import Mask, where
from features.sources.mapped_file import Column, MappedFile
from features.sources.opening.open_file import OpenFile
from features.sources.opening.parts import MOST_SHOWN
from features.sources.remedies import DateReadings, date_remedy, decimal_setting, number_remedy
from features.sources.row_checks import Problem, TypedTable
from features.sources.rules import A_DATE, A_NUMBER

HEADER_AGAIN = "a header line again"
AS_MANY_CELLS = "as many cells in a row as the header has"


@dataclass(frozen=True)
class BrokenRule:
    """A rule of the contract that cells of a file break, and how many.

    >>> BrokenRule("orders.csv", "amount", "a number", 263).cells
    263
    """

    file: str
    column: str
    rule: str
    cells: int


@dataclass
class Findings:
    """All that is wrong with files: the cells that are shown, each broken rule with its count, and warnings."""

    violations: list[Violation] = field(default_factory=list)
    broken: list[BrokenRule] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def add(self, other: Findings) -> None:
        """Take over what was found in another file."""
        self.violations += other.violations
        self.broken += other.broken
        self.warnings += other.warnings


def refused(violations: Iterable[Violation]) -> Findings:
    """Return what is wrong with a file that could not be read at all."""
    shown = list(violations)
    counts = Counter((each.file, each.column, each.rule) for each in shown)
    return Findings(shown, [BrokenRule(*key, count) for key, count in counts.items()])


def refused_by(error: InputError, source: str) -> Findings:
    """Return what is wrong with a file that an error refused, the error's own sentence where it names no rule."""
    return refused(error.violations or [Violation(source, None, "", error.message, "", "")])


def named_rows(file: MappedFile, problems: Sequence[Problem]) -> list[Violation]:
    """Name every row that breaks a rule, those of a wrong number of cells too.

    Args:
        file: the file, with the column of each field.
        problems: the rules that its rows break.
    """
    return [*file.file.ragged, *_located(file, problems, most=None)]


def findings(file: MappedFile, problems: Sequence[Problem]) -> Findings:
    """Return what is wrong with a file, with the remedy that fits each column.

    Args:
        file: the file, with the column of each field.
        problems: the rules that its rows break.
    """
    n_ragged = file.file.n_ragged
    found = Findings(broken=[BrokenRule(file.file.name, "", AS_MANY_CELLS, n_ragged)] if n_ragged else [])
    headers = sum(len(each.rows) for each in problems if each.rule == HEADER_AGAIN)
    better: list[Problem] = []
    for problem in problems:
        column = file.columns.get(problem.field)
        found.broken.append(
            BrokenRule(file.file.name, file.column_name(problem.field), problem.rule, len(problem.rows))
        )
        if problem.rule == A_DATE and column is not None and column.sql_type == "VARCHAR":
            counts = date_counts(file.file, column.index, file.form.date_format)
            dates = DateReadings(counts, (file.form.date_format, file.form.calendar), file.form.zones)
            remedy, warnings = date_remedy(dates, problem.remedy, headers, _section(file))
            found.warnings += [f"{file.file.name}, column {column.name}: {warning}" for warning in warnings]
            problem = replace(problem, remedy=remedy)
        better.append(problem)
    found.violations = [*ragged(file.file), *_with_number_remedies(file, better)]
    return found


def without_headers(typed: TypedTable, file: MappedFile) -> tuple[TypedTable, list[Problem]]:
    """Return a table whose repeated header lines are blank, and the problem that names them.

    Args:
        typed: the cells, one per row and mapped field.
        file: the file, with its header.
    """
    again = np.ones(typed.rows, dtype=bool)
    if {"ordered_at", "happened_at"} & file.columns.keys():
        again &= typed.local_time == cells.BAD
    for numbers in typed.numbers.values():
        again &= numbers == cells.BAD
    for name, coded in typed.texts.items() if again.any() else ():
        if name in file.columns:
            again &= where(coded, cells.text(file.columns[name].header).__eq__)
    if not again.any():
        return typed, []
    remedy = "delete this line: two exports were joined, each with its own header"
    return _blanked(typed, again), [Problem("", HEADER_AGAIN, remedy, np.flatnonzero(again))]


def _blanked(typed: TypedTable, rows: Mask) -> TypedTable:
    return replace(
        typed,
        texts={
            name: Coded(np.append(coded.values, ""), np.where(rows, len(coded.values), coded.codes))
            for name, coded in typed.texts.items()
        },
        numbers={name: np.where(rows, cells.EMPTY, numbers) for name, numbers in typed.numbers.items()},
        flags={name: np.where(rows, cells.FLAG_EMPTY, flags) for name, flags in typed.flags.items()},
        local_time=np.where(rows, cells.EMPTY, typed.local_time),
        offset=np.where(rows, cells.NO_OFFSET, typed.offset),
    )


def _with_number_remedies(file: MappedFile, problems: Sequence[Problem]) -> Iterator[Violation]:
    """Locate the cells that break a rule, and give each that is no number the remedy that would make it one."""
    wrong = {problem.field for problem in problems if problem.rule == A_NUMBER}
    columns = {column.name: _number_column(file, column) for name, column in file.columns.items() if name in wrong}
    for violation in _located(file, problems):
        if violation.rule != A_NUMBER or not violation.value or violation.column not in columns:
            yield violation
            continue
        filled, better = columns[violation.column]
        remedy = number_remedy(violation.value, file.form, better, filled, _section(file))
        yield replace(violation, remedy=remedy)


def _number_column(file: MappedFile, column: Column) -> tuple[int, tuple[str, int] | None]:
    """Return the number of filled cells of a column, and the decimal mark that would read them."""
    query = f"SELECT {text(column.sql, column.sql_type)}, count(*) FROM {file.file.source} GROUP BY 1"
    counts = {str(cell): int(rows) for cell, rows in file.file.query(query) if str(cell).strip()}
    counts = {cell: rows for cell, rows in counts.items() if cells.text(cell) != column.header}
    better = decimal_setting(counts, file.form.decimal) if column.sql_type == "VARCHAR" else None
    return sum(counts.values()), better


def _section(file: MappedFile) -> str:
    """Return the section of regulars.toml that says how the file writes its cells."""
    if "ordered_at" in file.columns:
        return "orders.format"
    return "events.format" if "happened_at" in file.columns else "customers.format"


def ragged(file: OpenFile) -> list[Violation]:
    """Return the rows of a wrong number of cells: the first ones, and how many more."""
    shown = file.ragged[:MOST_SHOWN]
    more = file.n_ragged - len(shown)
    rest = [Violation(file.name, None, "", f"{more:,} more rows have a wrong number of cells", "", "")] if more else []
    return [*shown, *rest]


def _located(file: MappedFile, problems: Sequence[Problem], most: int | None = MOST_SHOWN) -> Iterator[Violation]:
    """Name file, line, column and cell of each broken rule; of one kind, the first ones and how many more."""
    found = file.file.located({int(row) for problem in problems for row in problem.rows[:most]})
    for problem in problems:
        name, column = file.column_name(problem.field), file.columns.get(problem.field)
        for row in problem.rows[:most]:
            place = found[int(row)]
            value = cells.readable(place.record[column.index]) if column is not None else ""
            yield Violation(
                *place.of(None if column is None else column.index), name, problem.rule, value, problem.remedy
            )
        more = 0 if most is None else len(problem.rows) - most
        if more > 0:
            yield Violation(file.file.name, None, name, f"{more:,} more cells break the same rule", "", "")
