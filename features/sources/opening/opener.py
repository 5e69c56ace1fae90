"""Opens a shop's files as one table: what they are, how their text is laid out, which columns they share.

DuckDB reads a well-formed file as it lies there. A file that it refuses goes once through Python's csv reader, which
names every ragged row with its line and writes the other rows into a copy.
"""

from __future__ import annotations

import csv
import functools
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import duckdb

from features.errors import InputError
from features.language.messages import sentence
from features.sources.mapping import Beside, FileFormat
from features.sources.opening import datev
from features.sources.opening.copies import folder_for_copies
from features.sources.opening.encodings import as_utf8, shown_by_bytes
from features.sources.opening.joined import with_lines, with_persons
from features.sources.opening.layout import layout_of
from features.sources.opening.open_file import OpenFile
from features.sources.opening.parts import Part, json_part, parquet_part, text_part
from features.sources.opening.paths import files_of
from features.sources.opening.refusal import refusal, several
from features.sources.opening.shape import shaped
from features.sources.opening.totals import may_hold_totals
from features.sources.opening.union import united
from features.sources.opening.unpacking import Table, tables_in

EncodingOf = Callable[[Path], str]
ALONE = Beside()


class SeveralTables(InputError):
    """A workbook or an archive that holds several tables of different columns, of which one has to be named.

    `headers` are those of each table, by the name that `table` takes.
    """

    def __init__(self, name: str, headers: dict[str, tuple[str, ...]]) -> None:
        self.headers = headers
        remedy = f'set table = "{next(iter(headers))}" or another of them under [orders.format]'
        super().__init__(f"{name} holds several tables: {several(list(headers))}; {remedy}")


@contextmanager
def open_file(path: Path, form: FileFormat, encoding_of: EncodingOf | None = None) -> Iterator[OpenFile]:
    """Open one file, or the files of a folder or pattern, as `open_files` does."""
    with open_files([path], form, encoding_of) as file:
        yield file


@contextmanager
def open_files(
    paths: Sequence[Path], form: FileFormat, encoding_of: EncodingOf | None = None, beside: Beside = ALONE
) -> Iterator[OpenFile]:
    """Open files for reading on a connection of its own; of several, columns are joined by their names.

    Args:
        paths: files, folders or patterns.
        form: how the files write their cells.
        encoding_of: guesses the encoding of a text; None = that of `form`.
        beside: files that hold a part of the rows.

    Raises:
        InputError: no such file, nothing in it, not a table, or not in the encoding that `form` gives.
    """
    with connected() as connection, folder_for_copies() as folder:
        try:
            yield _joined(connection, folder, paths, form, encoding_of, beside)
        except duckdb.Error as error:
            problem = f"cannot be read: {str(error).splitlines()[0][:200]}"
            raise refusal(paths[0].name, problem, "export it again") from error


@contextmanager
def connected() -> Iterator[duckdb.DuckDBPyConnection]:
    """Connect to the DuckDB of this process.

    It is in memory and nothing is ever made in it, so that connections need not know of each other. Making a DuckDB
    for each file would take longer than reading a small one.
    """
    try:
        own = _connection()
    except duckdb.Error:  # a disk or a memory that was full has ended this DuckDB, not the next
        _database.cache_clear()
        own = _connection()
    with own:
        yield own


def _connection() -> duckdb.DuckDBPyConnection:
    own = _database(os.getpid()).cursor()
    own.execute("SELECT 1").fetchall()
    return own


@functools.cache
def _database(process: int) -> duckdb.DuckDBPyConnection:
    """Return a DuckDB that downloads no extension; its threads do not live on in a forked process."""
    return duckdb.connect(config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"})


def open_in(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    paths: Sequence[Path],
    form: FileFormat,
    encoding_of: EncodingOf | None = None,
) -> OpenFile:
    """Open files on a connection, with a folder for copies; arguments as for `open_files`."""
    opened: list[Part] = []
    encodings: list[str] = []
    marked = False
    files = files_of(paths)
    for number, path in enumerate(files):
        inside = folder / str(number)
        inside.mkdir(parents=True)
        tables = _whole(path, tables_in(path, inside, form.table))
        parts = []
        for table in tables:
            try:
                part, encoding, totals = _part(connection, table, inside, form, encoding_of)
            except duckdb.Error as error:
                problem = f"cannot be read: {str(error).splitlines()[0][:200]}"
                raise refusal(table.name, problem, "export it again") from error
            parts.append((table, part))
            encodings.append(encoding)
            marked |= totals
        opened += _alike(path, parts)
    path = paths[0] if len(paths) == 1 else files[0]
    file = united(connection, path, folder, opened, form, encodings[0], marked=marked)
    return shaped(file, form)


def _joined(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    paths: Sequence[Path],
    form: FileFormat,
    encoding_of: EncodingOf | None,
    beside: Beside,
) -> OpenFile:
    file = open_in(connection, folder, paths, form, encoding_of)
    plain = replace(form, delimiter=None, table=None, header_line=None, filled_down=(), line_columns=())
    joins = ((beside.lines or beside.payments, with_lines), (beside.persons, with_persons))
    for path, join in joins:
        if path is not None:
            other = open_in(connection, folder / join.__name__, [path], plain, encoding_of)
            try:
                file = join(file, other)
            except duckdb.Error:  # a ragged row in one of them
                file = join(rewritten(file), rewritten(other))
    return file


def rewritten(file: OpenFile) -> OpenFile:
    """Return a file without its ragged rows, once they are left out of copies of its texts; `ragged` names them.

    Raises:
        InputError: a quote that never closes: where the rows after it begin is not known.
    """
    if file.others:
        return file  # its rows were read when they were joined
    copies = [part.rewritten(file.folder / f"rewritten-{number}.csv") for number, part in enumerate(file.parts)]
    again = united(file.connection, file.path, file.folder, copies, file.form, file.encoding,
                   marked=file.marked)  # fmt: skip
    return shaped(again, file.form)


def _whole(path: Path, tables: list[Table]) -> list[Table]:
    """Return tables without the sheets that hold a remark and nothing else."""
    if len(tables) == 1:
        return tables
    with_columns = [each for each in tables if each.kind != "sheet" or _has_columns(each)]
    return with_columns or tables


def _has_columns(table: Table) -> bool:
    layout = layout_of(table.path, ",", None, by_record=True)
    return layout is not None and len(layout.header) > 1


def _alike(path: Path, parts: list[tuple[Table, Part]]) -> list[Part]:
    """Return the parts of a workbook or an archive, if all have the same columns."""
    headers = {frozenset(part.header) for _, part in parts}
    if len(headers) > 1:
        raise SeveralTables(path.name, {table.label: part.header for table, part in parts})
    return [part for _, part in parts]


def _part(
    connection: duckdb.DuckDBPyConnection, table: Table, folder: Path, form: FileFormat, encoding_of: EncodingOf | None
) -> tuple[Part, str, bool]:
    """Return the part of a table, its encoding, and whether it may hold rows of totals."""
    if table.kind == "parquet":
        return parquet_part(table.name, table.path, connection), "utf-8", False
    if table.kind == "json":
        return json_part(table.name, table.path, connection), "utf-8", False
    if table.kind == "sheet":
        return _laid_out(table, table.path, folder, replace(form, delimiter=",")), "utf-8", may_hold_totals(table.path)
    encoding = shown_by_bytes(table.path) or (encoding_of(table.path) if encoding_of else form.encoding)
    plain, nuls = as_utf8(table.path, table.name, encoding, folder)
    part = _laid_out(table, plain, folder, form)
    if nuls:
        part = replace(
            part,
            notes=(
                *part.notes,
                sentence("{file} holds {count} NUL bytes; they are left out.", file=table.name, count=nuls),
            ),
        )
    return part, encoding, may_hold_totals(plain)


def _laid_out(table: Table, plain: Path, folder: Path, form: FileFormat) -> Part:
    by_record = table.kind == "sheet"
    line = form.header_line if by_record else form.header_line or datev.header_line(plain)
    try:
        layout = layout_of(plain, form.delimiter, line, by_record=by_record)
    except csv.Error as error:
        raise refusal(table.name, f"has a header that cannot be read ({error})", "check its quotes", 1) from error
    if layout is None:
        raise refusal(table.name, "is empty", "export it again, with a header line")
    batch = None if by_record else datev.readable(table.name, plain, layout, folder)
    if batch is None:
        return text_part(table.name, plain, layout, folder, by_record=by_record)
    part = text_part(table.name, batch[0], batch[1], folder)
    return replace(part, notes=(*part.notes, batch[2]))
