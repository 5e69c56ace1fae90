"""Regulars' own run, and the shop that everybody reads.

python -m benchmarks.intake.regulars FILE
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from benchmarks.intake.plain import COLUMNS, Columns, measured, numbers
from features.log import Log
from features.simulation.simulate import simulate
from features.sources.mapping import OrdersMapping, Shop
from features.sources.reader import read_log

LINES_PER_CUSTOMER, DAYS = 33, 1_095
CANCELLED = 0.02
SEED = 1


def generate(lines: int, parquet: Path, csv: Path) -> None:
    """Write a simulated shop of about so many order lines, once as Parquet and once as CSV."""
    orders = simulate(max(lines // LINES_PER_CUSTOMER, 1), seed=SEED, days=DAYS, with_events=False).orders
    with duckdb.connect() as connection:
        connection.register("orders", pa.Table.from_pandas(orders, preserve_index=False))
        rows = connection.sql(EXPORT.format(cancelled=CANCELLED))
        rows.write_parquet(str(parquet), compression="zstd")
        connection.sql(f"SELECT * FROM '{parquet}'").write_csv(str(csv))


# As a shop exports it: states in words, what came back with both numbers below zero, no discount column.
EXPORT = """
SELECT customer_id, order_id, ordered_at, product_id, quantity * CASE WHEN returned THEN -1 ELSE 1 END AS quantity,
       CASE WHEN returned THEN least(amount, -0.01) ELSE greatest(amount, 0.01) END AS amount,
       CASE WHEN hash(ltrim(order_id, 'OR')) % 1000 < 1000 * {cancelled} THEN 'cancelled'
            WHEN returned THEN 'returned' ELSE 'completed' END AS status
FROM orders
"""


def read(path: str) -> Callable[[], Columns]:
    """Read a file with every check, and its balance sheet."""
    mapping = OrdersMapping(Path(path), dict(zip(COLUMNS, COLUMNS, strict=True)))
    log = read_log(Shop("UTC", "EUR"), mapping).log
    return lambda: customer_days(log)


def customer_days(log: Log) -> Columns:
    """The order days of a log, in the columns of the plain roll-ups."""
    days, items = log.streams["orders"], log.streams["items"]
    names = ("spend", "orders", "lines", "units")
    day, item = (stream.customer * 10**6 + stream.day for stream in (days, items))
    products = np.searchsorted(item, day, side="right") - np.searchsorted(item, day)
    customer = numbers(list(log.customer_ids))[days.customer]
    return {"customer_id": customer, "day": days.day, **{n: days.columns[n] for n in names}, "products": products}


if __name__ == "__main__":
    print(json.dumps(measured(read, sys.argv[1])))
