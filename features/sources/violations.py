"""What is wrong with a file, in numbers and in words: each broken rule with its cells, and a remedy that helps.

A remedy is chosen after the whole column was looked at: a date is not told to take the format that the file has
already, a word is not told to set a decimal mark, and a column that mixes two ways of writing is told so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import duckdb
import numpy as np

from features.errors import Violation
from features.log import Coded
from features.sources import cells
from features.sources import cells_sql as cell_sql
from features.sources.columns import Mask, where
from features.sources.date_formats import DATE_FORMATS, ENOUGH, Reading
from features.sources.files import MOST_SHOWN, Opened
from features.sources.mapping import FileFormat
from features.sources.row_checks import Problem, Typed
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
    """All that is wrong with files: the cells that are shown, every broken rule with its count, and warnings."""

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


def findings(
    connection: duckdb.DuckDBPyConnection,
    file: Opened,
    columns: Mapping[str, str],
    form: FileFormat,
    problems: Sequence[Problem],
) -> Findings:
    """Return what is wrong with a file, with the remedy that fits each column.

    Args:
        connection: the database that reads the file.
        file: the file.
        columns: field -> header.
        form: how the file is said to write its cells.
        problems: the rules that its rows break.
    """
    found = Findings(broken=[BrokenRule(file.name, "", RAGGED, file.n_ragged)] if file.n_ragged else [])
    better: list[Problem] = []
    headers = sum(len(each.rows) for each in problems if each.rule == HEADER_AGAIN)
    for problem in problems:
        column = columns.get(problem.field, problem.field)
        found.broken.append(BrokenRule(file.name, column, problem.rule, len(problem.rows)))
        place = file.column(column)
        if problem.rule == A_DATE and place is not None and file.kinds[place] == "VARCHAR":
            remedy, warnings = _date(connection, file, place, form, problem.remedy, headers)
            found.warnings += [f"{file.name}, column {column}: {said}" for said in warnings]
            problem = replace(problem, remedy=remedy)
        better.append(problem)
    rows = {columns.get(each.field, each.field): len(each.rows) for each in better if each.rule == A_NUMBER}
    shown = _numbers(located(connection, file, columns, better), form, rows, connection, file)
    found.violations = [*ragged(file), *shown]
    return found


def without_headers(typed: Typed, file: Opened, columns: Mapping[str, str]) -> tuple[Typed, list[Problem]]:
    """Return a table whose repeated header lines are blank, and the problem that names them.

    Args:
        typed: the cells, one per row and mapped field.
        file: the file, with its header.
        columns: field -> header.
    """
    again = np.ones(typed.rows, dtype=bool)
    for name, coded in typed.texts.items():
        place = file.column(columns[name]) if name in columns else None
        if place is not None:
            header = cells.text(file.header[place])
            again &= where(coded, header.__eq__)
    if {"ordered_at", "happened_at"} & columns.keys():
        again &= typed.wall == cells.BAD
    for numbers in typed.numbers.values():
        again &= numbers == cells.BAD
    if not again.any():
        return typed, []
    remedy = "delete this line: two exports were joined, each with its own header"
    return _blanked(typed, again), [Problem("", HEADER_AGAIN, remedy, np.flatnonzero(again))]


def _blanked(typed: Typed, rows: Mask) -> Typed:
    return replace(
        typed,
        texts={
            name: Coded(np.append(coded.values, ""), np.where(rows, len(coded.values), coded.codes))
            for name, coded in typed.texts.items()
        },
        numbers={name: np.where(rows, cells.EMPTY, numbers) for name, numbers in typed.numbers.items()},
        flags={name: np.where(rows, cells.FLAG_EMPTY, flags) for name, flags in typed.flags.items()},
        wall=np.where(rows, cells.EMPTY, typed.wall),
        offset=np.where(rows, cells.NO_OFFSET, typed.offset),
    )


def _date(
    connection: duckdb.DuckDBPyConnection, file: Opened, place: int, form: FileFormat, otherwise: str, headers: int
) -> tuple[str, list[str]]:
    """Say how the column is written otherwise, and count the cells that could be read in two ways.

    `headers` of its cells stand in header lines and are not counted.
    """
    now: Reading = (form.date_format, form.calendar)
    filled, read, fits = _readings(connection, file, place, now)
    best = max(fits, key=lambda reading: fits[reading])
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
    said = f"{read:,} cells read as {_named(now)}, {only:,} only as {_named(best)}"
    said += f", {neither:,} as neither" if neither else ""
    remedy = f"{said}: two ways of writing are mixed; export the dates as 2025-06-18"
    swapped = best[0] is not None and _swapped(best[0]) == now[0]
    warning = f"{both:,} more cells fit both {_named(now)} and {_named(best)}: which day they mean cannot be told"
    return remedy, [warning] if swapped and both else []


def _readings(
    connection: duckdb.DuckDBPyConnection, file: Opened, place: int, now: Reading
) -> tuple[int, int, dict[Reading, tuple[int, int, int]]]:
    """Count filled cells, those read now, and for each other reading: cells only it reads, all, and on another day."""
    others = [reading for reading in DATE_FORMATS if reading != now]
    moments = [cell_sql.moment(f"c{place}", "VARCHAR", *reading)[0] for reading in (now, *others)]
    inner = ", ".join(f"({moment}) AS m{n}" for n, moment in enumerate(moments))
    counts = [f"m0 <> {cells.EMPTY}", f"m0 > {cells.HUGE}"]
    for n in range(1, len(moments)):
        good = f"m{n} > {cells.HUGE}"
        counts += [f"m0 = {cells.BAD} AND {good}", good, f"m0 > {cells.HUGE} AND {good} AND m{n} <> m0"]
    select = ", ".join(f"count(*) FILTER ({each})" for each in counts)
    filled, read, *rest = connection.execute(f"SELECT {select} FROM (SELECT {inner} FROM {file.source})").fetchall()[0]
    triples = zip(rest[::3], rest[1::3], rest[2::3], strict=True)
    return filled, read, dict(zip(others, triples, strict=True))


def _swapped(date_format: str) -> str:
    return _SWAPPED.get(date_format[:5], "?") + date_format[5:]


def _named(reading: Reading) -> str:
    written = "Y-m-d" if reading[0] is None else reading[0].replace("%", "")
    return f"{written} of the Jalali calendar" if reading[1] == "jalali" else written


def _settings(reading: Reading) -> str:
    said = [f'date_format = "{reading[0]}"'] if reading[0] is not None else []
    said += ['calendar = "jalali"'] if reading[1] == "jalali" else []
    return " and ".join(said) or "no date_format"


def _sample(reading: Reading) -> str:
    year, month, day = ("1403", "01", "15") if reading[1] == "jalali" else ("2024", "01", "31")
    written = "%Y-%m-%d" if reading[0] is None else cells.date_only(reading[0])
    parts = {"%Y": year, "%y": year[2:], "%m": month, "%d": day, "%b": "Jan", "%B": "January"}
    for code, part in parts.items():
        written = written.replace(code, part)
    return written


def _numbers(
    shown: Iterable[Violation],
    form: FileFormat,
    wrong: Mapping[str, int],
    connection: duckdb.DuckDBPyConnection,
    file: Opened,
) -> Iterator[Violation]:
    """Give each cell that is no number the remedy that would make it one."""
    rows: int | None = None
    for violation in shown:
        if violation.rule != A_NUMBER or not violation.value:
            yield violation
            continue
        if rows is None:
            rows = int(connection.execute(f"SELECT count(*) FROM {file.source}").fetchall()[0][0])
        yield replace(violation, remedy=_number(violation.value, form, mostly=wrong[violation.column] * 2 > rows))


def _number(value: str, form: FileFormat, *, mostly: bool) -> str:
    if not any(char.isdigit() for char in value):
        return "write a number, or leave the line out"
    other = "," if form.decimal == "." else "."
    if cells.number(value, other) <= cells.HUGE:
        return f"write 1234{form.decimal}50"
    if mostly:
        return f'set decimal = "{other}" for this file'
    mark = "comma" if form.decimal == "," else "point"
    return f"write it with a decimal {mark}, as the other cells of the column"


def ragged(file: Opened) -> list[Violation]:
    """Return the rows of a wrong number of cells: the first ones, and how many more."""
    more = file.n_ragged - len(file.ragged)
    rest = [Violation(file.name, None, "", f"{more:,} more rows have a wrong number of cells", "", "")] if more else []
    return [*file.ragged, *rest]


def located(
    connection: duckdb.DuckDBPyConnection, file: Opened, columns: Mapping[str, str], problems: Sequence[Problem]
) -> Iterator[Violation]:
    """Name file line, column and cell of each broken rule; of one kind, the first ones and how many more."""
    shown = {int(row) for problem in problems for row in problem.rows[:MOST_SHOWN]}
    found = _cells(connection, file, shown)
    for problem in problems:
        column = columns.get(problem.field, problem.field)
        place = file.column(column)
        for row in problem.rows[:MOST_SHOWN]:
            line, content = found[int(row)]
            value = cells.readable(content[place]) if place is not None else ""
            yield Violation(file.name, line, column, problem.rule, value, problem.remedy)
        more = len(problem.rows) - MOST_SHOWN
        if more > 0:
            yield Violation(file.name, None, column, f"{more:,} more cells break the same rule", "", "")


def _cells(connection: duckdb.DuckDBPyConnection, file: Opened, rows: set[int]) -> dict[int, tuple[int, list[str]]]:
    """Return line and cells of some records; for Parquet the line is the row number."""
    if not rows:
        return {}
    if file.text is None:
        query = f"SELECT * FROM {file.source} LIMIT 1 OFFSET {{}}"
        read = {row: connection.execute(query.format(row)).fetchall()[0] for row in sorted(rows)}
        return {row: (row + 1, [cells.text(cell) for cell in content]) for row, content in read.items()}
    found: dict[int, tuple[int, list[str]]] = {}
    last = max(rows)
    for row, (line, content) in enumerate(file.records()):
        if row in rows:
            found[row] = (line, content)
        if row >= last:
            break
    return found
