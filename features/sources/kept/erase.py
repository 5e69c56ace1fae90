"""Takes the rows of a customer out of the copies of a shop's exports; everything else stays as it came."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import duckdb

from features.atomic_write import whole
from features.file_access import Access
from features.sources import cells
from features.sources.cells.cells_sql import text
from features.sources.kept.index import kept_in, write_index
from features.sources.mapping import OrdersMapping
from features.sources.opening.copies import folder_for_copies
from features.sources.opening.encodings import as_utf8, shown_by_bytes
from features.sources.opening.layout import Layout, layout_of, records
from features.sources.opening.refusal import file_literal, text_literal

_END = 2**62  # behind every line


def erase_from(folder: Path, orders: OrdersMapping, customer_id: str, access: Access) -> int:
    """Rewrite each copy that holds rows of a customer without them, and the index where it names the customer.

    Args:
        folder: of the copies.
        orders: which column is the customer, and how cells are written.
        customer_id: as the order source has it.
        access: who may read the copies.

    Returns:
        How many rows are gone.
    """
    kept = kept_in(folder)
    rows = sum(_erase(folder / each.name, orders, customer_id, access) for each in kept)
    unnamed = [replace(each, original=each.name) if customer_id in each.original else each for each in kept]
    if unnamed != list(kept):
        write_index(folder, unnamed, access)
    return rows


def _erase(file: Path, orders: OrdersMapping, customer_id: str, access: Access) -> int:
    with file.open("rb") as content:
        is_parquet = content.read(4) == b"PAR1"
    return (_from_parquet if is_parquet else _from_text)(file, orders, customer_id, access)


def _from_parquet(file: Path, orders: OrdersMapping, customer_id: str, access: Access) -> int:
    with duckdb.connect() as connection:
        source = f"read_parquet({file_literal(file)})"
        columns = {
            str(row[0]): str(row[1]) for row in connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
        }
        name = _named(orders, tuple(columns))
        if name is None:
            return 0
        quoted = '"' + name.replace('"', '""') + '"'
        written = text(quoted, columns[name])
        ids = [str(row[0]) for row in connection.execute(f"SELECT DISTINCT {written} FROM {source}").fetchall()]
        same = ", ".join(text_literal(each) for each in ids if cells.identifier(each) == customer_id)
        if not same:
            return 0
        rows = connection.execute(f"SELECT count(*) FROM {source} WHERE {written} IN ({same})").fetchall()[0][0]
        with whole(file, access) as half:
            rest = f"SELECT * FROM {source} WHERE {written} NOT IN ({same})"
            connection.execute(f"COPY ({rest}) TO {text_literal(str(half))} (FORMAT parquet)")
    return int(rows)


def _from_text(file: Path, orders: OrdersMapping, customer_id: str, access: Access) -> int:
    encoding = shown_by_bytes(file) or orders.format.encoding
    with folder_for_copies() as folder:
        plain, _ = as_utf8(file, file.name, encoding, folder)
        layout = layout_of(plain, orders.format.delimiter, orders.format.header_line)
        gone = list(_lines_of(plain, layout, orders, customer_id)) if layout else []
    if not gone:
        return 0
    # A mark at the beginning is one of the characters that stay; UTF-16 with a mark writes its own.
    as_it_came = "utf-8" if encoding == "utf-8-sig" else encoding
    with (
        whole(file, access) as half,
        file.open(encoding=as_it_came, newline="") as old,
        half.open("w", encoding=as_it_came, newline="") as new,
    ):
        new.writelines(_rest(old, gone))
    return len(gone)


def _rest(lines: Iterable[str], gone: Sequence[tuple[int, int]]) -> Iterator[str]:
    """Yield the lines that lie in no record that goes."""
    ranges = iter(gone)
    begin, end = next(ranges)
    for line, content in enumerate(lines, start=1):
        if line >= end:
            begin, end = next(ranges, (_END, _END))
        if not begin <= line < end:
            yield content


def _lines_of(plain: Path, layout: Layout, orders: OrdersMapping, customer_id: str) -> Iterator[tuple[int, int]]:
    """Yield the first physical line of each record of a customer, and the one behind its last."""
    name = _named(orders, layout.header)
    column = layout.header.index(name) if name is not None else None
    begun, theirs = 0, False
    for line, record in records(plain, layout.delimiter):
        if theirs:
            yield begun, line
        begun, theirs = line, line > layout.header_line and _is_of(record, layout, column, orders, customer_id, theirs)
    if theirs:
        yield begun, _END


def _is_of(
    record: list[str], layout: Layout, column: int | None, orders: OrdersMapping, customer_id: str, above: bool
) -> bool:
    row = layout.row(record)
    if row is None or column is None:  # a row of too many cells, or a file of other columns: any cell may name them
        return any(cells.identifier(cell) == customer_id for cell in record)
    if not row[column].strip() and orders.columns["customer_id"] in orders.format.filled_down:
        return above
    return cells.identifier(row[column]) == customer_id


def _named(orders: OrdersMapping, header: tuple[str, ...]) -> str | None:
    """Return the customer's column as a file writes it."""
    wanted = orders.columns["customer_id"].strip().casefold()
    return next((name for name in header if name.strip().casefold() == wanted), None)
