"""Tables in another shape than one line a row: columns that come in groups, and cells that are blank below the first.

Both are settings of the file's format. A row of the shaped table keeps the number of the row that it comes from.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from features.sources.mapping import FileFormat
from features.sources.opening.open_file import SAME_NAME, OpenFile
from features.sources.opening.refusal import file_literal, refusal, several

FILLED = "lines below their order's first"


def shaped(file: OpenFile, form: FileFormat) -> OpenFile:
    """Return a file in the shape of one line a row.

    Raises:
        InputError: a column of the settings that the file does not have.
    """
    if form.filled_down:
        file = _filled_down(_numbered(file), form.filled_down)
    if form.line_columns:
        file = _one_line_each(_numbered(file), form.line_columns)
    return file


def _numbered(file: OpenFile) -> OpenFile:
    if file.numbered:
        return file
    return replace(file, source=f"(SELECT *, row_number() OVER () - 1 AS row_no FROM {file.source})", numbered=True)


def _filled_down(file: OpenFile, names: Sequence[str]) -> OpenFile:
    """Fill the columns of rows where all of them are blank from the row above, but never across a total."""
    indices = [_index(file, name) for name in names]
    blank = [f"trim(coalesce(c{n}::VARCHAR, '')) = ''" for n in range(len(file.header))]
    below = " AND ".join(blank[n] for n in indices)
    rest = " AND ".join(blank[n] for n in range(len(file.header)) if n not in indices) or "false"
    total = "total" if file.marked else "false"
    window = "OVER (PARTITION BY section ORDER BY row_no)"
    above = {
        n: f"CASE WHEN below THEN last_value(CASE WHEN NOT blank_{n} THEN c{n} END IGNORE NULLS) {window} ELSE c{n} END"
        for n in indices
    }
    columns = ", ".join(f"{above.get(n, f'c{n}')} AS c{n}" for n in range(len(file.header)))
    flags = ", ".join(f"({blank[n]}) AS blank_{n}" for n in indices)
    marks = ", total" if file.marked else ""
    source = (
        f"SELECT {columns}, below, row_no{marks} FROM (SELECT *, {flags}, {below} AND NOT ({rest}) AND NOT {total} "
        f"AS below, sum(CASE WHEN {total} THEN 1 ELSE 0 END) OVER (ORDER BY row_no) AS section FROM {file.source}) "
        "ORDER BY row_no"
    )
    copy = file.folder / "filled-down.parquet"
    file.connection.execute(f"COPY ({source}) TO {file_literal(copy)} (FORMAT parquet)")
    table = f"read_parquet({file_literal(copy)})"
    filled = int(file.query(f"SELECT count(*) FROM {table} WHERE below")[0][0])
    return replace(file, source=table, more_counts={**file.more_counts, FILLED: filled})


def _index(file: OpenFile, name: str) -> int:
    index = file.column_index(name)
    if index is None:
        raise refusal(file.name, f'has no column "{name}", which filled_down names', f"it has {several(file.header)}")
    return index


def groups_of(header: Sequence[str], name: str) -> list[int]:
    """Return the columns that a name of `line_columns` means, in order.

    Args:
        header: with the place behind each name that comes several times.
        name: a header that comes several times, or one with # in the place of a number.

    >>> groups_of(["id", "qty#1", "qty#2"], "qty"), groups_of(["id", "item_2_qty", "item_1_qty"], "item_#_qty")
    ([1, 2], [2, 1])
    """
    if SAME_NAME in name:
        pattern = re.compile(re.escape(name).replace(re.escape(SAME_NAME), r"(\d+)", 1), re.IGNORECASE)
    else:
        pattern = re.compile(re.escape(name) + SAME_NAME + r"(\d+)", re.IGNORECASE)
    found = [(int(match[1]), n) for n, each in enumerate(header) if (match := pattern.fullmatch(each.strip()))]
    return [n for _, n in sorted(found)]


def _one_line_each(file: OpenFile, names: Sequence[str]) -> OpenFile:
    """Return a row for each group of columns that is filled, at least one."""
    groups = {name: groups_of(file.header, name) for name in names}
    for name, found in groups.items():
        if not found:
            rule = f'has no columns "{name}", which line_columns names'
            raise refusal(file.name, rule, f"it has {several(file.header)}")
    inside = {n for found in groups.values() for n in found}
    rest = [n for n in range(len(file.header)) if n not in inside]
    rows = ", ".join(_group(list(groups.values()), place) for place in range(max(map(len, groups.values()))))
    written = " || ".join(f"coalesce(trim(g.g{n}::VARCHAR), '')" for n in range(len(groups)))
    more = ", total" if file.marked else ""
    outer = [f"c{n} AS c{place}" for place, n in enumerate(rest)]
    outer += [f"g.g{n} AS c{len(rest) + n}" for n in range(len(groups))]
    listed = f"SELECT *, [{rows}] AS every, list_filter(every, lambda g: {written} <> '') AS filled FROM {file.source}"
    lines = f"SELECT *, unnest(CASE WHEN len(filled) = 0 THEN every[1:1] ELSE filled END) AS g FROM ({listed})"
    source = f"(SELECT {', '.join(outer)}, row_no{more} FROM ({lines}))"
    header = (*(file.header[n] for n in rest), *groups)
    first = [found[0] for found in groups.values()]
    return replace(file, source=source, header=header, sql_types=tuple(file.sql_types[n] for n in [*rest, *first]))


def _group(groups: Sequence[Sequence[int]], place: int) -> str:
    cells = (f"g{n} := {f'c{found[place]}' if place < len(found) else 'NULL'}" for n, found in enumerate(groups))
    return f"struct_pack({', '.join(cells)})"
