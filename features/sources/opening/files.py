"""Opens a shop's file: encoding, delimiter, header, and the physical line of every record.

DuckDB reads a well-formed file. A file that it refuses goes once through Python's csv reader, which names every ragged
row with its line and writes the other rows into a copy.
"""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from features.errors import InputError, Violation, suggest
from features.faults import machine_fault
from features.sources.mapping import FileFormat

DELIMITERS = (",", ";", "\t", "|")
SPACES = " "
BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_UTF8 = ("utf-8", "utf8", "utf-8-sig", "ascii", "us-ascii")
MOST_SHOWN = 20  # of one kind of violation; the rest is counted


@dataclass(frozen=True)
class OpenFile:
    """A file that can be read: its columns, and the SQL that reads them.

    `source` is a SQL table expression whose columns are c0, c1, …; `sql_types` are their types; `ragged` are the first
    rows that were left out because they have more or fewer cells than the header.
    """

    connection: duckdb.DuckDBPyConnection
    path: Path
    header: tuple[str, ...]
    sql_types: tuple[str, ...]
    source: str
    text: Path | None
    delimiter: str
    folder: Path
    ragged: tuple[Violation, ...] = ()
    n_ragged: int = 0

    @property
    def name(self) -> str:
        """The file as it is called in messages."""
        return self.path.name

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query on the file's connection."""
        return self.connection.execute(sql).fetchall()

    def column_index(self, wanted: str) -> int | None:
        """Return the index of a column by its header: exact, else without regard to case and spaces around."""
        if wanted in self.header:
            return self.header.index(wanted)
        folded = [name.strip().casefold() for name in self.header]
        return folded.index(wanted.strip().casefold()) if wanted.strip().casefold() in folded else None

    def missing(self, wanted: str) -> Violation:
        """Return the violation of a column that is not there."""
        known = ", ".join(f'"{name}"' for name in self.header[:40])
        meant = suggest(wanted, self.header)
        return Violation(self.name, 1, wanted, "is not in the file", "", f"the file has {known}.{meant}".rstrip("."))

    def records(self) -> Iterator[tuple[int, list[str]]]:
        """Yield every well-formed record after the header with the physical line it starts on (text files)."""
        if self.text is None:
            return
        rows = _rows(self.text, self.delimiter)
        next(rows)
        yield from ((line, row) for line, row in rows if len(row) == len(self.header))

    def rewritten(self) -> OpenFile:
        """Return a copy of the text file without its ragged rows; `ragged` of the copy names them.

        Raises:
            InputError: a quote that never closes: where the rows after it begin is not known.
        """
        if self.text is None:
            return self
        ragged: list[Violation] = []
        n_ragged, line = 0, 1
        copy = self.folder / "rewritten.csv"
        try:
            with copy.open("w", encoding="utf-8", newline="") as out:
                write = csv.writer(out, lineterminator="\n").writerow
                for line, row in _rows(self.text, self.delimiter):
                    if len(row) == len(self.header):
                        write(row)
                        continue
                    n_ragged += 1
                    if len(ragged) < MOST_SHOWN:
                        ragged.append(self._ragged(line, row))
        except csv.Error as error:
            raise _refused(
                self.path, f"has a row that cannot be read ({error})", "close the quote that opens in it", line
            ) from error
        source = _csv(copy, ",", len(self.header))
        return replace(self, source=source, ragged=tuple(ragged), n_ragged=n_ragged)

    def _ragged(self, line: int, row: list[str]) -> Violation:
        rule = f"has {len(row)} cells where the header has {len(self.header)}"
        torn = any("\n" in cell for cell in row)
        remedy = "close the quote that opens in it" if torn else "quote cells that hold the delimiter, or set delimiter"
        return Violation(self.name, line, "", rule, "", remedy)


@contextmanager
def open_file(path: Path, form: FileFormat) -> Iterator[OpenFile]:
    """Open a CSV or Parquet file for reading by a DuckDB of its own.

    Raises:
        InputError: no such file, nothing in it, not a table, or not in the encoding that `form` gives.
    """
    with _connect() as connection:
        _readable(path)
        with TemporaryDirectory(prefix="regulars-") as folder:
            try:
                yield _parquet(connection, path) if is_parquet(path) else _text(connection, path, form, Path(folder))
            except duckdb.Error as error:
                problem = f"cannot be read: {str(error).splitlines()[0][:200]}"
                raise _refused(path, problem, "export it again") from error


def _connect() -> duckdb.DuckDBPyConnection:
    """Return a DuckDB in memory that downloads no extension."""
    return duckdb.connect(config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"})


def is_parquet(path: Path) -> bool:
    """Say whether a file is Parquet, by its first bytes."""
    with path.open("rb") as file:
        return file.read(4) == b"PAR1"


def _readable(path: Path) -> None:
    if path.is_dir():
        raise _refused(path, "is a folder", "name the file in it")
    if not path.exists():
        near = suggest(path.name, [each.name for each in path.parent.iterdir()]) if path.parent.is_dir() else ""
        raise _refused(path, f"does not exist.{near}", "write its path as seen from regulars.toml")
    try:
        with path.open("rb") as file:
            start = file.read(8)
    except OSError as error:
        fault = machine_fault(error, path)
        raise fault or _refused(path, f"cannot be opened: {error.strerror}", "check its permissions") from error
    if not start.strip(b"\xef\xbb\xbf\xff\xfe \r\n\t\x00"):
        raise _refused(path, "is empty", "export it again, with a header line")
    if start.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise _refused(path, "is an Excel workbook or a zip archive", "save the sheet as CSV (UTF-8)")
    if start.startswith(b"\x1f\x8b"):
        raise _refused(path, "is compressed", "unzip it first")


def _refused(path: Path, rule: str, remedy: str, line: int | None = None) -> InputError:
    return InputError(f"{path.name} cannot be used", [Violation(path.name, line, "", rule, "", remedy)])


def _parquet(connection: duckdb.DuckDBPyConnection, path: Path) -> OpenFile:
    source = f"read_parquet({_literal(path)})"
    columns = connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
    header = tuple(str(column[0]) for column in columns)
    sql_types = tuple(str(column[1]) for column in columns)
    if not connection.execute(f"SELECT count(*) FROM {source}").fetchall()[0][0]:
        raise _refused(path, "has no rows", "export it again")
    renamed = ", ".join(f"c{index}" for index in range(len(header)))
    table = f"(SELECT * FROM {source}) AS t({renamed})"
    return OpenFile(connection, path, header, sql_types, table, None, "", path.parent)


def _text(connection: duckdb.DuckDBPyConnection, path: Path, form: FileFormat, folder: Path) -> OpenFile:
    plain = as_utf8(path, form.encoding, folder)
    delimiter = form.delimiter or sniff_delimiter(plain)
    if delimiter == SPACES:
        plain, delimiter = _aligned(plain, folder), "\t"
    header = _header(path, plain, delimiter)
    sql_types = ("VARCHAR",) * len(header)
    source = _csv(plain, delimiter, len(header))
    return OpenFile(connection, path, header, sql_types, source, plain, delimiter, folder)


def as_utf8(path: Path, encoding: str, folder: Path) -> Path:
    """Return a file as UTF-8: itself, or a copy in the folder; a BOM counts more than the configured encoding.

    Raises:
        InputError: bytes that are not of this encoding, with their line.
    """
    with path.open("rb") as file:
        start = file.read(4)
    encoding = next((name for bom, name in BOMS if start.startswith(bom)), encoding)
    try:
        if encoding.lower() in _UTF8:
            with path.open(encoding="utf-8", newline="") as file:
                while file.read(1 << 22):
                    pass
            return path
        copy = folder / "utf8.csv"
        with path.open(encoding=encoding, newline="") as file, copy.open("w", encoding="utf-8", newline="") as out:
            shutil.copyfileobj(file, out, 1 << 22)
        return copy
    except UnicodeError as error:
        others = 'set encoding to "cp1253" (Greek), "cp1256" (Persian, Arabic), "cp1252" (Western) or "utf-16"'
        raise _refused(path, f"is not written in {encoding}", others, _bad_line(path, encoding)) from error


def _bad_line(path: Path, encoding: str) -> int | None:
    """Return the first line that is not in the encoding; None in UTF-16, where bytes do not show the lines."""
    if encoding.lower().startswith("utf-16"):
        return None
    with path.open("rb") as file:
        for line, content in enumerate(file, start=1):
            try:
                content.decode(encoding)
            except UnicodeError:
                return line
    return None


def sniff_delimiter(path: Path) -> str:
    """Return the delimiter that splits the header into the most cells, SPACES for columns aligned with them.

    >>> from tempfile import mkdtemp
    >>> file = Path(mkdtemp()) / "orders.csv"
    >>> _ = file.write_text('card;"money, EUR";date')
    >>> sniff_delimiter(file)
    ';'
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        start = file.read(1 << 16).splitlines()
    lines = [each for each in start if each.strip()][:2]
    cells = {mark: len(next(csv.reader(lines[:1], delimiter=mark), [])) for mark in DELIMITERS}
    best = max(DELIMITERS, key=lambda mark: cells[mark])
    aligned = len(lines) == 2 and cells[best] == 1 and len(lines[0].split()) == len(lines[1].split()) > 1
    return SPACES if aligned else best


def _aligned(path: Path, folder: Path) -> Path:
    """Return a copy of a text whose columns are aligned with spaces, line for line, with tabs between its cells."""
    copy = folder / "aligned.csv"
    with path.open(encoding="utf-8-sig") as file, copy.open("w", encoding="utf-8", newline="\n") as out:
        out.writelines("\t".join(line.split()) + "\n" for line in file)
    return copy


def _header(path: Path, plain: Path, delimiter: str) -> tuple[str, ...]:
    try:
        first = next(_rows(plain, delimiter), None)
    except csv.Error as error:
        raise _refused(path, f"has a header that cannot be read ({error})", "check its quotes", 1) from error
    if first is None:
        raise _refused(path, "is empty", "export it again, with a header line")
    return tuple(cell.strip() for cell in first[1])


def _csv(path: Path, delimiter: str, columns: int) -> str:
    sql_types = ", ".join(f"'c{index}': 'VARCHAR'" for index in range(columns))
    mark = "\\t" if delimiter == "\t" else delimiter.replace("'", "''")
    return (
        f"read_csv({_literal(path)}, auto_detect=false, header=true, delim='{mark}', quote='\"', escape='\"', "
        f"columns={{{sql_types}}}, max_line_size=16777216)"
    )


def _literal(path: Path) -> str:
    """Return a path as a SQL literal that names this one file, whatever characters it has."""
    return "'" + "".join(f"[{c}]" if c in "*?[" else c for c in str(path)).replace("'", "''") + "'"


def _rows(path: Path, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the records of a UTF-8 text file, blank lines left out, with the physical line each starts on."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, delimiter=delimiter)
        line = 1
        for row in reader:
            if any(cell.strip() for cell in row) or len(row) > 1:
                yield line, row
            line = reader.line_num + 1
