"""Tells what is wrong with a file: each broken rule with its cells, their number, and a remedy that helps.

A remedy is chosen by the whole column. It never proposes the date format that the file has already, nor a decimal mark
for a cell that holds a word, and it names a column that mixes two formats.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from features.errors import Violation
from features.log import Coded, Ints
from features.sources import cells
from features.sources.cells.cells_sql import date_counts
from features.sources.columns import Mask, where
from features.sources.mapped_file import Column, MappedFile
from features.sources.mapping import DATE_FORMATS, ENOUGH, DateFormat, FileFormat
from features.sources.opening.files import MOST_SHOWN, OpenFile
from features.sources.row_checks import Problem, TypedTable
from features.sources.rules import A_DATE, A_NUMBER

HEADER_AGAIN = "a header line again"
RAGGED = "as many cells in a row as the header has"
_SWAPPED = {"%d/%m": "%m/%d", "%m/%d": "%d/%m", "%d-%m": "%m-%d", "%m-%d": "%d-%m"}


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


def findings(file: MappedFile, problems: Sequence[Problem]) -> Findings:
    """Return what is wrong with a file, with the remedy that fits each column.

    Args:
        file: the file, with the column of each field.
        problems: the rules that its rows break.
    """
    n_ragged = file.file.n_ragged
    found = Findings(broken=[BrokenRule(file.file.name, "", RAGGED, n_ragged)] if n_ragged else [])
    headers = sum(len(each.rows) for each in problems if each.rule == HEADER_AGAIN)
    better: list[Problem] = []
    for problem in problems:
        column = file.columns.get(problem.field)
        found.broken.append(
            BrokenRule(file.file.name, file.column_name(problem.field), problem.rule, len(problem.rows))
        )
        if problem.rule == A_DATE and column is not None and column.sql_type == "VARCHAR":
            remedy, warnings = _date_remedy(file, column, problem.remedy, headers)
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
    for name, coded in typed.texts.items():
        if name in file.columns:
            again &= where(coded, cells.text(file.columns[name].header).__eq__)
    if {"ordered_at", "happened_at"} & file.columns.keys():
        again &= typed.local_time == cells.BAD
    for numbers in typed.numbers.values():
        again &= numbers == cells.BAD
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


def _date_remedy(file: MappedFile, column: Column, otherwise: str, headers: int) -> tuple[str, list[str]]:
    """Say how the column is written otherwise, and warn of cells that could be read in two ways.

    `headers` of its cells belong to repeated header lines and are not counted.
    """
    now: DateFormat = (file.form.date_format, file.form.calendar)
    filled, read, fits = _readable_cells(file, column, now)
    best = max(fits, key=lambda date_format: fits[date_format])
    filled -= headers
    only, every, both = fits[best]
    if not only:
        if not read:
            return otherwise, []
        return f"write {_sample(now)}, as the other {read:,} cells of the column, or leave the line out", []
    if every >= ENOUGH * filled:
        return f"set {_settings(best)} for this file: it reads {every:,} of {filled:,} cells", []
    if not read:
        mixed = f"only {every:,} of {filled:,} cells read as {_named(best)}, the way that fits most of them"
        return f"{mixed}: several ways of writing are mixed; export the dates as 2025-06-18", []
    neither = filled - read - only
    counts = f"{read:,} cells read as {_named(now)}, {only:,} only as {_named(best)}"
    counts += f", {neither:,} as neither" if neither else ""
    remedy = f"{counts}: two ways of writing are mixed; export the dates as 2025-06-18"
    swapped = best[0] is not None and _SWAPPED.get(best[0][:5], "?") + best[0][5:] == now[0]
    warning = f"{both:,} more cells fit both {_named(now)} and {_named(best)}: which day they mean cannot be told"
    return remedy, [warning] if swapped and both else []


def _readable_cells(
    file: MappedFile, column: Column, now: DateFormat
) -> tuple[int, int, dict[DateFormat, tuple[int, int, int]]]:
    """Count the cells that a column's dates fill, and those that each format reads.

    Returns:
        filled cells; cells read in the format of the settings; and for each other format the cells that only it
        reads, all that it reads, and those that both read but as another day.
    """
    counts = date_counts(file.file, column.index, now[0])
    cells_of = np.array(list(counts.values()), dtype=np.int64)

    def seconds(date_format: DateFormat) -> Ints:
        return np.array([cells.moment(each, *date_format)[0] for each in counts], dtype=np.int64)

    known = seconds(now)
    fits: dict[DateFormat, tuple[int, int, int]] = {}
    for other in DATE_FORMATS:
        if other != now:
            moments = seconds(other)
            good = moments > cells.HUGE
            both = (known > cells.HUGE) & good & (moments != known)
            only, every, another_day = (int(cells_of[rows].sum()) for rows in ((known == cells.BAD) & good, good, both))
            fits[other] = only, every, another_day
    return int(cells_of[known != cells.EMPTY].sum()), int(cells_of[known > cells.HUGE].sum()), fits


def _named(date_format: DateFormat) -> str:
    written = "Y-m-d" if date_format[0] is None else date_format[0].replace("%", "")
    return f"{written} of the Jalali calendar" if date_format[1] == "jalali" else written


def _settings(date_format: DateFormat) -> str:
    settings = [f'date_format = "{date_format[0]}"'] if date_format[0] is not None else []
    settings += ['calendar = "jalali"'] if date_format[1] == "jalali" else []
    return " and ".join(settings) or "no date_format"


def _sample(date_format: DateFormat) -> str:
    year, month, day = ("1403", "01", "15") if date_format[1] == "jalali" else ("2024", "01", "31")
    written = "%Y-%m-%d" if date_format[0] is None else (cells.date_only(date_format[0]) or "%Y-%m-%d")
    parts = {"%Y": year, "%y": year[2:], "%m": month, "%d": day, "%b": "Jan", "%B": "January"}
    for code, part in parts.items():
        written = written.replace(code, part)
    return written


def _with_number_remedies(file: MappedFile, problems: Sequence[Problem]) -> Iterator[Violation]:
    """Locate the cells that break a rule, and give each that is no number the remedy that would make it one."""
    wrong = {file.column_name(each.field): len(each.rows) for each in problems if each.rule == A_NUMBER}
    rows: int | None = None
    for violation in _located(file, problems):
        if violation.rule != A_NUMBER or not violation.value:
            yield violation
            continue
        if rows is None:
            rows = int(file.file.query(f"SELECT count(*) FROM {file.file.source}")[0][0])
        mostly = wrong[violation.column] * 2 > rows
        yield replace(violation, remedy=_number_remedy(violation.value, file.form, mostly=mostly))


def _number_remedy(value: str, form: FileFormat, *, mostly: bool) -> str:
    if not any(char.isdigit() for char in value):
        return "write a number, or leave the line out"
    other = "," if form.decimal == "." else "."
    if cells.number(value, other) <= cells.HUGE:
        return f"write 1234{form.decimal}50"
    if mostly:
        return f'set decimal = "{other}" for this file'
    mark = "comma" if form.decimal == "," else "point"
    return f"write it with a decimal {mark}, as the other cells of the column"


def ragged(file: OpenFile) -> list[Violation]:
    """Return the rows of a wrong number of cells: the first ones, and how many more."""
    more = file.n_ragged - len(file.ragged)
    rest = [Violation(file.name, None, "", f"{more:,} more rows have a wrong number of cells", "", "")] if more else []
    return [*file.ragged, *rest]


def _located(file: MappedFile, problems: Sequence[Problem]) -> Iterator[Violation]:
    """Name file line, column and cell of each broken rule; of one kind, the first ones and how many more."""
    found = _records(file.file, {int(row) for problem in problems for row in problem.rows[:MOST_SHOWN]})
    for problem in problems:
        name, column = file.column_name(problem.field), file.columns.get(problem.field)
        for row in problem.rows[:MOST_SHOWN]:
            line, record = found[int(row)]
            value = cells.readable(record[column.index]) if column is not None else ""
            yield Violation(file.file.name, line, name, problem.rule, value, problem.remedy)
        more = len(problem.rows) - MOST_SHOWN
        if more > 0:
            yield Violation(file.file.name, None, name, f"{more:,} more cells break the same rule", "", "")


def _records(file: OpenFile, rows: set[int]) -> dict[int, tuple[int, list[str]]]:
    """Return line and cells of some records; for Parquet the line is the row number."""
    if not rows:
        return {}
    if file.text is None:
        read = {row: file.query(f"SELECT * FROM {file.source} LIMIT 1 OFFSET {row}")[0] for row in sorted(rows)}
        return {row: (row + 1, [cells.text(cell) for cell in record]) for row, record in read.items()}
    found: dict[int, tuple[int, list[str]]] = {}
    last = max(rows)
    for row, (line, record) in enumerate(file.records()):
        if row in rows:
            found[row] = (line, record)
        if row >= last:
            break
    return found
