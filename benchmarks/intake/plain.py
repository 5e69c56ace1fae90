"""The peers: plain roll-ups of the same columns to customer-days, as a data team would write them; nothing is checked.

PYTHON plain.py polars FILE

This file imports nothing of Regulars, so that it runs in an environment that has the peer alone. Each roll-up leaves
out what was cancelled and what came back, and counts orders, lines, units, products and cents of each customer and day.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import resource
import sys
import time
from collections.abc import Callable

import numpy as np

COLUMNS = ("customer_id", "order_id", "ordered_at", "product_id", "quantity", "amount", "status")
CANCELLED = "cancelled"
Columns = dict[str, np.ndarray]


def duckdb_roll_up(path: str) -> Callable[[], Columns]:
    import duckdb

    table = duckdb.connect().sql(ROLL_UP.format(path=path)).to_arrow_table()
    return lambda: {
        name: table[name].to_numpy() if name != "customer_id" else numbers(table[name].to_pylist())
        for name in table.column_names
    }


ROLL_UP = """
SELECT customer_id, (ordered_at::DATE - DATE '1970-01-01')::BIGINT AS day, sum(round(amount * 100))::BIGINT AS spend,
       count(DISTINCT order_id) AS orders, count(*) AS lines, sum(quantity)::BIGINT AS units,
       count(DISTINCT product_id) AS products
FROM '{path}' WHERE status <> 'cancelled' AND amount > 0 GROUP BY ALL
"""


def polars_roll_up(path: str) -> Callable[[], Columns]:
    import polars as pl

    csv = path.endswith(".csv")
    rows = pl.scan_csv(path, try_parse_dates=True) if csv else pl.scan_parquet(path)
    table = (
        rows.filter((pl.col("status") != CANCELLED) & (pl.col("amount") > 0))
        .with_columns(day=pl.col("ordered_at").dt.epoch("d"), cents=(pl.col("amount") * 100).round().cast(pl.Int64))
        .group_by("customer_id", "day")
        .agg(
            spend=pl.col("cents").sum(),
            orders=pl.col("order_id").n_unique(),
            lines=pl.len(),
            units=pl.col("quantity").sum(),
            products=pl.col("product_id").n_unique(),
        )
        .collect()
    )
    return lambda: {
        name: table[name].to_numpy() if name != "customer_id" else numbers(table[name].to_list())
        for name in table.columns
    }


def pandas_roll_up(path: str) -> Callable[[], Columns]:
    import pandas as pd

    csv = path.endswith(".csv")
    lines = pd.read_csv(path, parse_dates=["ordered_at"]) if csv else pd.read_parquet(path, columns=list(COLUMNS))
    lines = lines[(lines["status"] != CANCELLED) & (lines["amount"] > 0)]
    lines = lines.assign(
        day=lines["ordered_at"].to_numpy().astype("datetime64[D]").astype(np.int64),
        cents=(lines["amount"] * 100).round().astype(np.int64),
    )
    table = (
        lines.groupby(["customer_id", "day"], sort=False)
        .agg(
            spend=("cents", "sum"),
            orders=("order_id", "nunique"),
            lines=("cents", "size"),
            units=("quantity", "sum"),
            products=("product_id", "nunique"),
        )
        .reset_index()
    )
    return lambda: {
        name: table[name].to_numpy() if name != "customer_id" else numbers(table[name].tolist())
        for name in table.columns
    }


def bare_scan(path: str) -> Callable[[], Columns]:
    """Every cell is read once, by DuckDB, and nothing is made of it but one number that needs them all."""
    import duckdb

    duckdb.connect().execute(f"SELECT bit_xor(hash({', '.join(COLUMNS)})) FROM '{path}'").fetchall()
    return dict


def numbers(ids: list[str]) -> np.ndarray:
    """The number in each customer's id."""
    return np.array([int(each[1:]) for each in ids], dtype=np.int64)


def measured(run: Callable[[str], Callable[[], Columns]], path: str) -> dict[str, float | str]:
    """Seconds and peak memory of a run, and a digest of what it gave."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = run(path)
    seconds = {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return {**seconds, "peak_gb": peak, **digest(result())}


def digest(columns: Columns) -> dict[str, float | str]:
    """How many customer-days there are, and a digest of all their numbers, whatever their order."""
    if not columns:
        return {"rows": 0, "digest": ""}
    names = ("customer_id", "day", "spend", "orders", "lines", "units", "products")
    table = np.stack([columns[name].astype(np.int64) for name in names])
    table = np.ascontiguousarray(table[:, np.lexsort(table[1::-1])])
    return {"rows": table.shape[1], "digest": hashlib.sha256(table.tobytes()).hexdigest()}


RUNS = {"pandas": pandas_roll_up, "duckdb": duckdb_roll_up, "polars": polars_roll_up, "scan": bare_scan}


def main(name: str, path: str) -> None:
    """Do one run and print one line of JSON; null where its library is not here."""
    try:
        importlib.import_module("duckdb" if name == "scan" else name)  # before the clock starts
    except ImportError:
        print("null")
        return
    print(json.dumps(measured(RUNS[name], path)))


if __name__ == "__main__":
    main(*sys.argv[1:])
