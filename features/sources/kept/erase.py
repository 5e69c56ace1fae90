"""Takes the rows of customers out of the copies of a shop's exports; everything else stays as it came."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
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
from features.sources.people.forgotten import Forgotten

_END = 2**62  # behind every line


def erase_from(
    folder: Path, orders: OrdersMapping, customer_ids: Collection[str], access: Access, *, only_count: bool = False
) -> int:
    """Rewrite each copy that holds rows of customers without them, and the index where it names one of them.

    Args:
        folder: of the copies.
        orders: which column is the customer, and how cells are written.
        customer_ids: whose, clean.
        access: who may read the copies.
        only_count: say how many rows would go, and change nothing.

    Returns:
        How many rows are gone.
    """
    kept, asked = kept_in(folder), frozenset(customer_ids)
    rows = sum(
        erase_rows(folder / each.name, orders, asked.intersection, access, only_count=only_count) for each in kept
    )
    if only_count:
        return rows
    named = [any(who in each.original for who in asked) for each in kept]
    if any(named):
        unnamed = [
            replace(each, original=each.name) if names else each for each, names in zip(kept, named, strict=True)
        ]
        write_index(folder, unnamed, access)
    return rows


def erase_rows(
    file: Path, orders: OrdersMapping, forgotten: Forgotten, access: Access, *, only_count: bool = False
) -> int:
    """Rewrite a text or a Parquet file without the rows of customers; one that holds none stays as it is.

    Args:
        file: a copy of an export.
        orders: which column is the customer, and how cells are written.
        forgotten: says who of some ids goes.
        access: who may read the file.
        only_count: say how many rows would go, and change nothing.

    Returns:
        How many rows are gone.
    """
    with file.open("rb") as content:
        is_parquet = content.read(4) == b"PAR1"
    return (_from_parquet if is_parquet else _from_text)(file, orders, forgotten, None if only_count else access)


def _from_parquet(file: Path, orders: OrdersMapping, forgotten: Forgotten, access: Access | None) -> int:
    with duckdb.connect() as connection:
        source = f"read_parquet({file_literal(file)})"
        columns = {
            str(row[0]): str(row[1]) for row in connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
        }
        customer, order = (_written(orders, name, columns) for name in ("customer_id", "order_id"))
        if customer is None:
            return 0
        written = [str(row[0]) for row in connection.execute(f"SELECT DISTINCT {customer} FROM {source}").fetchall()]
        id_of = {each: cells.customer_id(each) for each in written}
        gone = forgotten(set(id_of.values()) - {""})
        theirs = _one_of(customer, [each for each, who in id_of.items() if who in gone])
        if order is not None:  # a line without a customer is that of its order's first
            nobody = _one_of(customer, [each for each, who in id_of.items() if not who])
            theirs = f"({theirs} OR {nobody} AND {order} IN (SELECT {order} FROM {source} WHERE {theirs}))"
        rows = connection.execute(f"SELECT count(*) FROM {source} WHERE {theirs}").fetchall()[0][0]
        if rows and access is not None:
            with whole(file, access) as half:
                rest = f"SELECT * FROM {source} WHERE NOT coalesce({theirs}, false)"
                connection.execute(f"COPY ({rest}) TO {text_literal(str(half))} (FORMAT parquet)")
    return int(rows)


def _written(orders: OrdersMapping, field: str, columns: Mapping[str, str]) -> str | None:
    """Return the SQL of a field's cells as texts; None where the file has no column of it."""
    name = _named(orders, field, tuple(columns))
    return None if name is None else text('"' + name.replace('"', '""') + '"', columns[name])


def _one_of(cell: str, texts: Sequence[str]) -> str:
    return f"{cell} IN ({', '.join(map(text_literal, texts))})" if texts else "false"


def _from_text(file: Path, orders: OrdersMapping, forgotten: Forgotten, access: Access | None) -> int:
    encoding = shown_by_bytes(file) or orders.format.encoding
    with folder_for_copies() as folder:
        plain, _ = as_utf8(file, file.name, encoding, folder)
        layout = layout_of(plain, orders.format.delimiter, orders.format.header_line)
        gone = list(_Lines(plain, layout, orders, forgotten).gone()) if layout else []
    if not gone or access is None:
        return len(gone)
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


class _Lines:
    """The records of a text, and which of them are of customers who go."""

    def __init__(self, plain: Path, layout: Layout, orders: OrdersMapping, forgotten: Forgotten) -> None:
        self._plain, self._layout, self._forgotten = plain, layout, forgotten
        self._customer, self._order = (_index(orders, name, layout) for name in ("customer_id", "order_id"))
        self._filled_down = orders.columns["customer_id"] in orders.format.filled_down
        self._asked: dict[str, bool] = {}

    def gone(self) -> Iterator[tuple[int, int]]:
        """Yield the first physical line of each record that goes, and the one behind its last."""
        orders = self._orders()
        begun, theirs = 0, False
        for line, record in records(self._plain, self._layout.delimiter):
            if theirs:
                yield begun, line
            begun, theirs = line, line > self._layout.header_line and self._goes(record, orders, theirs)
        if theirs:
            yield begun, _END

    def _orders(self) -> frozenset[str]:
        """Return the orders of the customers who go, where some line leaves the customer to its order's first."""
        if self._customer is None or self._order is None:
            return frozenset()
        rows = (self._layout.row(record) for _, record in records(self._plain, self._layout.delimiter))
        found = (row[self._order].strip() for row in rows if row is not None and self._is_gone(row[self._customer]))
        return frozenset(found) - {""}

    def _goes(self, record: list[str], orders: frozenset[str], above: bool) -> bool:
        row = self._layout.row(record)
        if row is None or self._customer is None:  # too many cells, or other columns: any cell may name them
            return any(map(self._is_gone, record))
        if not row[self._customer].strip():
            in_order = self._order is not None and row[self._order].strip() in orders
            return in_order or (above and self._filled_down)
        return self._is_gone(row[self._customer])

    def _is_gone(self, cell: str) -> bool:
        if cell not in self._asked:
            who = cells.customer_id(cell)
            self._asked[cell] = bool(who and self._forgotten((who,)))
        return self._asked[cell]


def _index(orders: OrdersMapping, field: str, layout: Layout) -> int | None:
    name = _named(orders, field, layout.header)
    return None if name is None else layout.header.index(name)


def _named(orders: OrdersMapping, field: str, header: tuple[str, ...]) -> str | None:
    """Return the column of a field as a file writes it."""
    wanted = orders.columns.get(field, "").strip().casefold()
    return next((name for name in header if name.strip().casefold() == wanted), None) if wanted else None
