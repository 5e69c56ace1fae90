"""Several files as one table: their rows one after the other, their columns by name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb

from features.language.messages import sentence
from features.questions import some_of
from features.sources.mapping import FileFormat
from features.sources.opening.open_file import PART, TOTAL, Mark, OpenFile, by_place
from features.sources.opening.parts import Part
from features.sources.opening.refusal import refusal
from features.sources.opening.totals import TOTAL_ROWS, total_sql

LEAST_SHARED = 0.5  # of the columns: files that share fewer do not hold the same


def united(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    folder: Path,
    parts: Sequence[Part],
    form: FileFormat,
    encoding: str,
    *,
    marked: bool,
) -> OpenFile:
    """Return the table of all parts.

    Args:
        connection: on which they are read.
        path: as the settings name it.
        folder: for copies.
        parts: at least one.
        form: how the cells are written.
        encoding: of the first part.
        marked: whether rows may be totals.

    Raises:
        InputError: a file whose columns have little to do with those of the first.
    """
    header, sql_types, source = parts[0].header, parts[0].sql_types, parts[0].source
    notes = [note for part in parts for note in part.notes]
    named = by_place(header)
    if len(parts) > 1:
        named, sql_types = _columns(parts)
        files = some_of([part.name for part in parts], 5, in_quotes=True)
        notes.append(sentence("{count} tables are read as one: {files}.", count=len(parts), files=files))
        notes += _lacking(parts, named)
        selects = " UNION ALL ".join(_select(part, named, sql_types, n) for n, part in enumerate(parts))
        source = f"({selects})"
    if marked:
        columns = [f"c{n}" for n, sql_type in enumerate(sql_types) if sql_type == "VARCHAR"]
        source = f"(SELECT *, {total_sql(columns)} AS total FROM {source})"
    text = next((part.text for part in parts if part.text is not None), None)
    delimiter = "" if text is None or text.by_record else text.layout.delimiter
    marks = (Mark(TOTAL_ROWS, TOTAL),) if marked else ()
    return OpenFile(connection, path, named, sql_types, source, tuple(parts), folder, marks, delimiter=delimiter,
                    encoding=encoding, notes=tuple(notes), form=form)  # fmt: skip


def _folded(part: Part) -> dict[str, int]:
    return {name.strip().casefold(): index for index, name in reversed(list(enumerate(by_place(part.header))))}


def _columns(parts: Sequence[Part]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names of all columns, and their types; a column that two parts write in two types is read as text."""
    names: dict[str, str] = {}
    types: dict[str, set[str]] = {}
    first = _folded(parts[0]).keys()
    for part in parts:
        shared = len(first & _folded(part).keys())
        if shared < LEAST_SHARED * len(first):
            rule = f"shares {shared} of {len(first)} columns with {parts[0].name}"
            raise refusal(part.name, rule, "name only files that hold the same, or add the columns")
        for name, sql_type in zip(by_place(part.header), part.sql_types, strict=True):
            names.setdefault(name.strip().casefold(), name)
            types.setdefault(name.strip().casefold(), set()).add(sql_type)
    one_type = ("VARCHAR" if len(types[key]) > 1 else next(iter(types[key])) for key in names)
    return tuple(names.values()), tuple(one_type)


def _select(part: Part, names: Sequence[str], sql_types: Sequence[str], number: int) -> str:
    places = _folded(part)
    columns = [
        f"{f'CAST(c{places[key]} AS {sql_type})' if (key := name.strip().casefold()) in places else 'NULL'} AS c{n}"
        for n, (name, sql_type) in enumerate(zip(names, sql_types, strict=True))
    ]
    return f"SELECT {', '.join(columns)}, {number} AS {PART} FROM {part.source}"


def _lacking(parts: Sequence[Part], names: Sequence[str]) -> Iterator[str]:
    for part in parts:
        without = [name for name in names if name.strip().casefold() not in _folded(part)]
        if without:
            columns = some_of(without, in_quotes=True)
            yield sentence(
                "{file} has no column {columns}: its cells are read as empty.", file=part.name, columns=columns
            )
