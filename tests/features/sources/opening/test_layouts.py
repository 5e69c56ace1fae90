"""A table that is written in any layout is read back as it was: cells, their order, and the line of each row."""

from __future__ import annotations

import csv
import gzip
import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st

from features.sources import cells
from features.sources.mapping import FileFormat
from features.sources.opening.open_file import OpenFile
from features.sources.opening.opener import open_files

Rows = list[list[str]]
HEADER = ["order", "who", "what", "money"]
TITLES = [["Sales by customer"], ["From", "2026-01-01"], []]
texts = st.text(st.sampled_from("abcäλ \"',;|\n0123"), max_size=6).map(str.strip)
row_of_text = st.tuples(st.integers(1, 999).map(str), texts, texts, st.just("12.50")).map(list)
rows_of_text = st.lists(row_of_text, min_size=1, max_size=8)


@dataclass(frozen=True)
class Way:
    """A way to write a table."""

    form: str
    delimiter: str
    encoding: str
    line_end: str
    quote_all: bool
    titles: int
    parts: int
    turned: bool


ways = st.builds(
    Way,
    form=st.sampled_from(("csv", "csv", "csv", "csv.gz", "zip", "xlsx", "jsonl", "parquet")),
    delimiter=st.sampled_from(",;\t|"),
    encoding=st.sampled_from(("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be")),
    line_end=st.sampled_from(("\n", "\r\n")),
    quote_all=st.booleans(),
    titles=st.integers(0, 3),
    parts=st.integers(1, 2),
    turned=st.booleans(),
)


def written(folder: Path, name: str, header: Sequence[str], rows: Rows, way: Way) -> Path:
    """Write a table in a way."""
    path = folder / f"{name}.{way.form}"
    if way.form == "xlsx":
        book = openpyxl.Workbook()
        for row in [*TITLES[: way.titles], header, *rows]:
            book.active.append([cell or None for cell in row])
        book.save(path)
    elif way.form == "jsonl":
        path.write_text("".join(json.dumps(dict(zip(header, row, strict=True))) + "\n" for row in rows))
    elif way.form == "parquet":
        pq.write_table(pa.table({name: [row[n] for row in rows] for n, name in enumerate(header)}), path)
    else:
        content = as_text(header, rows, way).encode(way.encoding)
        if way.form == "zip":
            with zipfile.ZipFile(path, "w") as archive:
                archive.writestr("inside/orders.csv", content)
        else:
            path.write_bytes(gzip.compress(content) if way.form == "csv.gz" else content)
    return path


def as_text(header: Sequence[str], rows: Rows, way: Way) -> str:
    """Return a table as text, with titles above it."""
    out = io.StringIO()
    quoting = csv.QUOTE_ALL if way.quote_all else csv.QUOTE_MINIMAL
    csv.writer(out, delimiter=way.delimiter, lineterminator=way.line_end).writerows(TITLES[: way.titles])
    csv.writer(out, delimiter=way.delimiter, lineterminator=way.line_end, quoting=quoting).writerows([header, *rows])
    return out.getvalue()


def read(file: OpenFile, names: Sequence[str]) -> Rows:
    """Return the rows of a file, the columns by name."""
    columns = ", ".join(f"coalesce(c{file.column_index(name)}, '')" for name in names)
    return [[cells.text(cell) for cell in row] for row in file.query(f"SELECT {columns} FROM {file.source}")]


@settings(max_examples=25, deadline=None)
@given(rows_of_text, ways)
def test_what_is_written_is_read_back(rows: Rows, way: Way) -> None:
    with TemporaryDirectory() as name:
        folder, half = Path(name), (len(rows) + 1) // 2
        parts = [rows[:half], rows[half:]] if way.parts == 2 and len(rows) > 1 else [rows]
        paths = [written(folder, "a", HEADER, parts[0], way)]
        if len(parts) == 2:
            order = HEADER[::-1] if way.turned else HEADER
            turned = [[row[HEADER.index(column)] for column in order] for row in parts[1]]
            paths.append(written(folder, "b", order, turned, way))
        with open_files(paths, FileFormat()) as file:
            expected = [[cells.text(cell) for cell in row] for row in rows]
            assert read(file, HEADER) == expected
            places = file.located(set(range(len(rows))))
            assert [places[n].record[file.header.index("order")] for n in range(len(rows))] == [row[0] for row in rows]
            assert places[0].line == (1 if way.form in ("jsonl", "parquet") else 2 + way.titles)
