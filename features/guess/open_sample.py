"""Opens a file that nobody has described yet: its encoding, which sheet is meant, and in which shape its rows stand."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import duckdb

from features.errors import InputError
from features.guess.columns import headers, money_names
from features.guess.formats import encoding_of
from features.guess.sample import Sample
from features.guess.shape import filled_down, line_columns
from features.language.messages import sentence
from features.questions import some_of
from features.sources import cells, plain_text
from features.sources.cells.cells_sql import text
from features.sources.mapping import Beside, FileFormat
from features.sources.opening.open_file import OpenFile
from features.sources.opening.opener import ALONE, SeveralTables, open_files, rewritten

SAMPLE = 20_000
FEW_CELLS = 2  # of a remark
_NEEDED = (headers.CUSTOMER_ID, headers.ORDERED_AT, (*money_names.LINE_AMOUNT, *money_names.ORDER_TOTAL))


def open_sample(stack: ExitStack, paths: Path | Sequence[Path], beside: Beside = ALONE) -> Sample:
    """Open files for guessing; they are closed with the stack.

    Args:
        stack: closes them.
        paths: the files, folders or patterns.
        beside: files that hold a part of their rows.
    """
    wanted = [paths] if isinstance(paths, Path) else list(paths)
    form, notes = FileFormat(), list[str]()
    try:
        file = stack.enter_context(open_files(wanted, form, encoding_of, beside))
    except SeveralTables as several_tables:
        form = FileFormat(table=_likely(several_tables.headers))
        notes.append(
            sentence(
                'CHECK: of the tables {files} the one named "{name}" is read.',
                files=some_of(list(several_tables.headers), in_quotes=True),
                name=str(form.table),
            )
        )
        file = stack.enter_context(open_files(wanted, form, encoding_of, beside))
    file, columns = _first_rows(file)
    form = _described(file, form)
    for shape in () if file.others else (_continued, _grouped):
        changed = shape(file, columns, form)
        if changed != form:
            form = changed
            file, columns = _first_rows(stack.enter_context(open_files(wanted, form, encoding_of, beside)))
    sample = Sample(file, columns, form)
    for note in (*notes, *file.notes, *_said(file, form)):
        sample.assume(note)
    return sample


def _likely(tables: dict[str, tuple[str, ...]]) -> str:
    """Return the table whose columns look most like orders."""

    def known(header: Sequence[str]) -> int:
        names = {plain_text.plain(name) for name in header}
        return sum(bool(names & set(each)) for each in _NEEDED)

    return max(tables, key=lambda label: known(tables[label]))


def _described(file: OpenFile, form: FileFormat) -> FileFormat:
    if file.is_text:
        form = replace(form, encoding="utf-8" if file.encoding == "utf-8-sig" else file.encoding)
    return replace(form, delimiter=file.delimiter) if file.delimiter in (";", "|") else form


def _first_rows(file: OpenFile) -> tuple[OpenFile, list[list[str]]]:
    """Return the cells of the first rows, column by column, without those that say that they are totals."""
    select = ", ".join(text(f"c{index}", sql_type) for index, sql_type in enumerate(file.sql_types))
    marked = " OR ".join(mark.column for mark in file.marks) or "false"
    query = f"SELECT {select}, {marked} FROM {{}} LIMIT {SAMPLE}"
    try:
        rows = file.query(query.format(file.source))
    except duckdb.Error:
        file = rewritten(file)
        rows = file.query(query.format(file.source))
    if not rows:
        raise InputError(f"{file.name} has a header and no rows; export it again, with order lines")
    no_totals = [row for row in rows if not row[-1]]
    rows = no_totals if len(no_totals) * 2 >= len(rows) else rows
    texts = [tuple(cells.text(cell) for cell in row[:-1]) for row in rows]
    # A header line again, further down, is for `check` to name; here it would make a text of every column.
    kept = [row for row in texts[: _end(texts)] if row != file.header] or texts
    return file, [list(column) for column in zip(*kept, strict=True)]


def _end(rows: Sequence[tuple[str, ...]]) -> int:
    """Return where remarks behind the last row begin, such as "83","record(s) downloaded" in a row of blanks."""
    end = len(rows)
    while end and 0 < sum(map(bool, rows[end - 1])) <= FEW_CELLS and len(rows[end - 1]) > FEW_CELLS * 2:
        end -= 1
    return end


def _continued(file: OpenFile, columns: list[list[str]], form: FileFormat) -> FileFormat:
    return replace(form, filled_down=filled_down(file.header, columns))


def _grouped(file: OpenFile, columns: list[list[str]], form: FileFormat) -> FileFormat:
    return replace(form, line_columns=line_columns(file.header, columns))


def _said(file: OpenFile, form: FileFormat) -> list[str]:
    said: list[str] = []
    if file.is_text and form.encoding != "utf-8":
        said.append(sentence("{file} is written in {name}.", file=file.name, name=form.encoding))
    if form.filled_down:
        said.append(
            sentence(
                "The first line of an order alone names it; lines below it belong to the same order ({columns} are "
                "filled down).",
                columns=some_of(form.filled_down, in_quotes=True),
            )
        )
    if form.line_columns:
        said.append(
            sentence(
                "Each row holds several lines of an order, side by side: {columns}.",
                columns=some_of(form.line_columns, in_quotes=True),
            )
        )
    return said
