"""One table as it lies on disk, and the SQL that reads it: text, a sheet, Parquet or JSON."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

import duckdb

from features.errors import Violation
from features.language.messages import sentence
from features.questions import some_of
from features.sources import cells
from features.sources.opening.layout import SPACES, Layout, records
from features.sources.opening.refusal import file_literal, refusal
from features.sources.opening.totals import MOST_REMARKS, is_remark

MOST_SHOWN = 3  # of one kind of violation; the rest is counted
MOST_NAMED = 10_000  # ragged rows of a part that can be set aside, each by name
Located = dict[int, tuple[int, list[str]]]


@dataclass(frozen=True)
class Text:
    """A UTF-8 text and its layout; in a sheet a line is a record."""

    path: Path
    layout: Layout
    by_record: bool = False

    def records(self) -> Iterator[tuple[int, list[str], list[str] | None]]:
        """Yield line, cells as written and cells one per column, of every record below the header."""
        for line, record in records(self.path, self.layout.delimiter, by_record=self.by_record):
            if line > self.layout.header_line:
                yield line, record, self.layout.row(record)


@dataclass(frozen=True)
class Part:
    """A table whose rows can be read: `source` is a SQL table expression with columns c0 and on.

    Args:
        name: as messages call it.
        header: the names of its columns, as written.
        sql_types: of its columns.
        source: SQL.
        text: where it is a text.
        ragged: the first rows, up to MOST_NAMED, left out because they have more or fewer cells than the header.
        n_ragged: how many these are.
        counts: rule -> lines that are no rows of the table.
        notes: sentences about how it is read.
        parquet: the file, where it is one of Parquet.
    """

    name: str
    header: tuple[str, ...]
    sql_types: tuple[str, ...]
    source: str
    text: Text | None = None
    ragged: tuple[Violation, ...] = ()
    n_ragged: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    parquet: Path | None = None

    def rewritten(self, copy: Path) -> Part:
        """Return the part without its ragged rows, once they are left out of a copy.

        Raises:
            InputError: a quote that never closes: where the rows after it begin is not known.
        """
        if self.text is None:
            return self
        ragged: list[Violation] = []
        n_ragged, n_remarks, line = 0, 0, 1
        ending = self._remarks()
        try:
            with copy.open("w", encoding="utf-8", newline="") as out:
                write = csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL).writerow
                for line, record, row in self.text.records():
                    if row is not None:
                        write(row)
                    elif line in ending:
                        n_remarks += 1
                    else:
                        n_ragged += 1
                        ragged += [self._ragged(line, record)] if n_ragged <= MOST_NAMED else []
        except csv.Error as error:
            remedy = "close the quote that opens in it"
            raise refusal(self.name, f"has a row that cannot be read ({error})", remedy, line) from error
        counts = {**self.counts, **({"lines below the table": n_remarks} if n_remarks else {})}
        source = csv_source(copy, ",", len(self.header), header=False)
        return replace(self, source=source, ragged=tuple(ragged), n_ragged=n_ragged, counts=counts)

    def _remarks(self) -> Set[int]:
        """Return the lines of the remarks at the end of a text: short records behind the last row."""
        assert self.text is not None
        ending: set[int] = set()
        last = self.text.layout.header_line
        try:
            for line, record, row in self.text.records():
                if row is not None or len(record) > len(self.header):
                    ending.clear()
                elif is_remark(record, after_blank=line > last + 1):
                    ending.add(line)
                else:
                    ending = {-1}  # a row that was cut off
                last = line
        except csv.Error:
            return set()
        return ending if len(ending) <= MOST_REMARKS and -1 not in ending else set()

    def _ragged(self, line: int, row: list[str]) -> Violation:
        rule = f"has {len(row)} cells where the header has {len(self.header)}"
        torn = any("\n" in cell for cell in row)
        remedy = "close the quote that opens in it" if torn else "quote cells that hold the delimiter, or set delimiter"
        return Violation(self.name, line, "", rule, "", remedy)

    def located(self, connection: duckdb.DuckDBPyConnection, rows: Set[int]) -> Located:
        """Return line and cells of some rows, by their numbers from 0; of Parquet the line is the row's number."""
        if not rows:
            return {}
        if self.text is not None:
            well_formed = ((line, row) for line, _, row in self.text.records() if row is not None)
            return {n: each for n, each in enumerate(islice(well_formed, max(rows) + 1)) if n in rows}
        numbered = f"(SELECT row_number() OVER () - 1 AS place, * FROM {self.source})"
        wanted = f"SELECT unnest([{', '.join(map(str, sorted(rows)))}])"
        found = connection.execute(f"SELECT * FROM {numbered} WHERE place IN ({wanted}) ORDER BY place").fetchall()
        return {int(row): (int(row) + 1, [cells.text(cell) for cell in record]) for row, *record in found}


def text_part(name: str, path: Path, layout: Layout, folder: Path, *, by_record: bool = False) -> Part:
    """Return the part of a UTF-8 text."""
    if layout.delimiter == SPACES:
        path = _aligned(path, folder)
        layout = replace(layout, delimiter="\t")
    header_in_line_1 = layout.header_line == 1
    skip = 0 if header_in_line_1 else layout.header_line
    source = csv_source(path, layout.delimiter, len(layout.header), header=header_in_line_1, skip=skip)
    counts = {"lines above the header": layout.titles} if layout.titles else {}
    notes: list[str] = []
    if layout.titles:
        notes.append(sentence("The header of {file} stands on line {line}.", file=name, line=layout.header_line))
    if layout.cut:
        cut = [layout.header[place] for place in layout.cut]
        notes.append(
            sentence(
                "{file} separates cells by commas and writes a decimal comma in {columns}; both halves are joined.",
                file=name,
                columns=some_of(cut, in_quotes=True),
            )
        )
    sql_types = ("VARCHAR",) * len(layout.header)
    text = Text(path, layout, by_record)
    part = Part(name, layout.header, sql_types, source, text, counts=counts, notes=tuple(notes))
    # DuckDB skips lines, and a header may hold line breaks; and it does not join cells.
    if layout.cut or (skip and (by_record or _has_quotes(path, skip))):
        return part.rewritten(folder / f"{path.name}.rows")
    return part


def _has_quotes(path: Path, lines: int) -> bool:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return any('"' in line for line in islice(file, lines))


def parquet_part(name: str, path: Path, connection: duckdb.DuckDBPyConnection) -> Part:
    """Return the part of a Parquet file."""
    return replace(table_part(name, f"read_parquet({file_literal(path)})", connection), parquet=path)


def json_part(name: str, path: Path, connection: duckdb.DuckDBPyConnection) -> Part:
    """Return the part of a file of JSON objects, one a line or in one list; every cell is read as text."""
    read = f"read_json({file_literal(path)}, format='auto', records='false', columns={{'json': 'JSON'}})"
    keys = connection.execute(f"SELECT DISTINCT unnest(json_keys(json)) FROM {read}").fetchall()
    first = connection.execute(f"SELECT json_keys(json) FROM {read} LIMIT 1").fetchall()
    ordered = list(dict.fromkeys([*(first[0][0] if first else ()), *sorted(str(key[0]) for key in keys)]))
    if not ordered:
        raise refusal(name, "holds no table", "write one JSON object a line, the same keys in each")
    picked = ", ".join(f"json ->> {_path(key)} AS c{n}" for n, key in enumerate(ordered))
    return Part(name, tuple(ordered), ("VARCHAR",) * len(ordered), f"(SELECT {picked} FROM {read})")


def _path(key: str) -> str:
    quoted = key.replace("\\", "\\\\").replace('"', '\\"')
    return "'" + f'$."{quoted}"'.replace("'", "''") + "'"


def table_part(name: str, source: str, connection: duckdb.DuckDBPyConnection) -> Part:
    """Return the part of a SQL table whose columns have names and types of their own."""
    columns = connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
    if not connection.execute(f"SELECT count(*) FROM {source}").fetchall()[0][0]:
        raise refusal(name, "has no rows", "export it again")
    renamed = ", ".join(f"c{index}" for index in range(len(columns)))
    header, sql_types = (tuple(str(column[place]) for column in columns) for place in (0, 1))
    return Part(name, header, sql_types, f"(SELECT * FROM {source}) AS t({renamed})")


def csv_source(path: Path, delimiter: str, columns: int, *, header: bool, skip: int = 0) -> str:
    """Return SQL that reads a UTF-8 text of so many columns, all of them texts."""
    sql_types = ", ".join(f"'c{index}': 'VARCHAR'" for index in range(columns))
    mark = "\\t" if delimiter == "\t" else delimiter.replace("'", "''")
    return (
        f"read_csv({file_literal(path)}, auto_detect=false, header={str(header).lower()}, skip={skip}, "
        f"delim='{mark}', quote='\"', escape='\"', columns={{{sql_types}}}, max_line_size=16777216)"
    )


def _aligned(path: Path, folder: Path) -> Path:
    """Return a copy of a text whose columns are aligned with spaces, line for line, with tabs between its cells."""
    copy = folder / f"{path.name}.aligned"
    with path.open(encoding="utf-8-sig") as file, copy.open("w", encoding="utf-8", newline="\n") as out:
        out.writelines("\t".join(line.split()) + "\n" for line in file)
    return copy
