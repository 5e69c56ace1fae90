"""What a worker of Spark does with a part of the orders: the reader's own work on a file of these rows.

First the rows of a part become clean lines; then the lines of some customers, from all parts, become their histories.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from features.clock import date_of
from features.engines.spark.histories import histories, joined
from features.errors import InputError
from features.log import CATEGORIES, Coded, Lines, Log
from features.money import Money
from features.questions import by_setting
from features.roll_up import roll_up
from features.sources.balance.draw import draw, exact_sum
from features.sources.cells.cells_sql import read_cells
from features.sources.cleaning import clean_lines
from features.sources.mapped_file import open_mapped
from features.sources.mapping import OrdersMapping, Shop
from features.sources.people.merges import Merges, merged
from features.sources.row_checks import CleanTable
from features.sources.spark.summary import Summary
from features.sources.violations import findings, refused_by, without_headers
from features.tables import ORDERS

Batches = Iterable[pa.RecordBatch]
FACTS = "facts"  # the column of a summary; of lines and of histories it is null
TEXTS = ("customer_id", "order_id", "product_id", "category")
_NUMBERS = {name: pa.int64() for name in ("day", "amount", "discount", "units")}
_FLAGS = {name: pa.bool_() for name in ("returned", "refund")}
LINES = pa.schema({**dict.fromkeys(TEXTS, pa.string()), **_NUMBERS, **_FLAGS, FACTS: pa.string()})


@dataclass(frozen=True)
class Cleaning:
    """What every worker is told of the orders.

    Args:
        shop: zone, currency and business day.
        orders: which column is which field, and the rules.
        merges: old id of a customer → new id.
        until: day number; rows on or after it are not read; None = all are.
        latest: day number after which a date is a mistake; None = not checked.
    """

    shop: Shop
    orders: OrdersMapping
    merges: Merges
    until: int | None = None
    latest: int | None = None

    def lines(self, batches: Batches) -> Iterator[pa.RecordBatch]:
        """Yield the clean lines of a part, then a row with its summary."""
        rows = joined(batches)
        if rows is None:
            return
        try:
            table, summary = self._read(rows)
        except InputError as error:
            table, summary = None, Summary(broken=tuple(refused_by(error, "").violations))
        if table is not None and table.lines is not None and summary.lines:
            yield from _in_arrow(table.lines).to_batches()
        yield pa.RecordBatch.from_pylist([{FACTS: summary.to_json()}], LINES)

    def _read(self, rows: pa.Table) -> tuple[CleanTable, Summary]:
        # What lies on the worker's disk meanwhile is its owner's alone, and gone afterwards.
        with tempfile.TemporaryDirectory(prefix="regulars-part-") as scratch:
            path = Path(scratch, "part.parquet")
            pq.write_table(rows, path)
            return self._cleaned(self.orders.read_from(path))

    def _cleaned(self, orders: OrdersMapping) -> tuple[CleanTable, Summary]:
        before = None if self.until is None else date_of(self.until)
        with open_mapped(orders, ORDERS, before=before) as opened:
            typed, file = read_cells(opened)
            typed, again = without_headers(typed, file)
            typed, _ = merged(typed, self.merges)
            table = clean_lines(typed, orders.rules, self.shop, until=self.until, latest=self.latest)
            wrong = findings(file, [*again, *table.problems])
        asked = tuple(f"{each.words} {each.remedy}" for each in by_setting(table.questions).values())
        if wrong.violations or table.rows is None or table.lines is None:
            return table, Summary(broken=tuple(wrong.violations), questions=asked)
        sheet = draw(self.shop.currency, table.rows, table.lines)
        return table, Summary(sheet.lines, sheet.changes, (), asked)


def _in_arrow(lines: Lines) -> pa.Table:
    columns = {name: _texts(getattr(lines, name)) for name in TEXTS}
    columns |= {name: pa.array(np.asarray(getattr(lines, name))) for name in (*_NUMBERS, *_FLAGS)}
    return pa.table({**columns, FACTS: pa.nulls(len(lines.day), pa.string())}, LINES)


def _texts(column: Coded) -> pa.Array:
    return pa.array(column.values, pa.string()).take(pa.array(column.codes))


def lines_of(rows: pa.Table) -> Lines:
    """Return the lines of a table of LINES."""
    columns: dict[str, Any] = {name: _coded(rows[name]) for name in TEXTS}
    columns |= {name: rows[name].to_numpy() for name in (*_NUMBERS, *_FLAGS)}
    return Lines(**columns)


def _coded(column: pa.ChunkedArray) -> Coded:
    found = column.combine_chunks().dictionary_encode()
    found = found.chunk(0) if isinstance(found, pa.ChunkedArray) else found
    values = np.asarray(found.dictionary.to_numpy(zero_copy_only=False), dtype=object)
    return Coded(values, found.indices.to_numpy().astype(np.int64)).in_order()


@dataclass(frozen=True)
class RollingUp:
    """What every worker is told that makes histories of the lines of its customers.

    Args:
        currency: of the shop.
        streams: name → type, of the columns of histories.
    """

    currency: str
    streams: Mapping[str, pa.DataType]

    @property
    def schema(self) -> pa.Schema:
        """Of the rows that come out: histories, and a row of facts for each part."""
        return pa.schema({"customer_id": pa.string(), **self.streams, FACTS: pa.string()})

    def histories(self, batches: Batches) -> Iterator[pa.RecordBatch]:
        """Yield the histories of the customers of a part, which has all lines of each, then a row of facts."""
        rows = joined(batches)
        if rows is None:
            return
        log = roll_up(lines_of(rows))
        found = histories(log)
        for name in self.streams.keys() - set(found.column_names):  # no line of these customers has a category
            found = found.append_column(name, pa.nulls(len(found), self.streams[name]))
        found = found.append_column(FACTS, pa.nulls(len(found), pa.string()))
        yield from found.select(self.schema.names).cast(self.schema).to_batches()
        orders, scale = log.streams["orders"], -Money(self.currency).decimals
        spend, back = (
            Decimal(exact_sum(log.streams[stream].columns[name])).scaleb(scale)
            for stream, name in (("orders", "spend"), ("returns", "returned"))
        )
        facts = {
            "order_lines": int(orders.columns["lines"].sum()),
            "orders": int(orders.columns["orders"].sum()),
            "order_days": len(orders),
            "customers": int(np.count_nonzero(np.diff(orders.starts))),
            "spend": str(spend),
            "returned": str(back),
            "first_day": int(orders.day.min()) if len(orders) else None,
            "last_day": int(orders.day.max()) if len(orders) else None,
            "has_categories": CATEGORIES in log.streams,
            **_largest(log),
        }
        yield pa.RecordBatch.from_pylist([{FACTS: json.dumps(facts)}], self.schema)


def _largest(log: Log) -> dict[str, Any]:
    """Return who of a part has most orders, and how many orders each day has: what the shop is asked about."""
    orders = log.streams["orders"]
    days, place = np.unique(orders.day, return_inverse=True)
    by_day = np.bincount(place, weights=orders.columns["orders"], minlength=len(days)).astype(np.int64)
    own = np.diff(np.concatenate([[0], np.cumsum(orders.columns["orders"])])[orders.starts])
    most = int(own.argmax()) if len(own) else 0
    return {
        "most_orders": int(own.max(initial=0)),
        "largest": str(log.customer_ids[most]) if len(own) else "",
        "by_day": dict(zip(map(str, days.tolist()), by_day.tolist(), strict=True)),
    }
