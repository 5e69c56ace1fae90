"""Where a broken rule stands: physical line, column and cell, looked up again for the few rows that are named."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import duckdb

from features.errors import Violation
from features.sources import cells
from features.sources.files import MOST_SHOWN, Opened
from features.sources.row_checks import Problem


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
