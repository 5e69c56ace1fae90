"""What is measured. Each run is a process of its own and prints one line of JSON.

The whole path of Regulars is: read the Parquet file, roll it up, compute the table. The database reads the same file,
rolls it up once with the same rules, and answers one query per date; the queries are compiled from the very aggregates
(`features/engines/relational.py`), over whole-number customers, which is the cheapest key.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import duckdb
import ibis
import numpy as np
import pyarrow as pa

from features.build import feature_table
from features.clock import day_number
from features.definitions import default_features
from features.engines import relational
from features.feature import FeatureSet
from features.simulation.simulate import simulate
from features.sources.mapping import OrdersMapping, Shop
from features.sources.reader import read_log

LINES_PER_CUSTOMER = 33
DAYS = 1_095
FEATURES = default_features()
COLUMNS = ("order_id", "customer_id", "ordered_at", "product_id", "quantity", "amount", "discount", "returned")
FORTY = frozenset(
    (
        "frequency",
        "tenure_days",
        "days_since_order",
        "spend_per_order_day",
        "last_spend",
        "largest_spend",
        "mean_gap_days",
        "longest_gap_days",
        "gap_spread_days",
        "last_gap_days",
        "gap_irregularity",
        "lines_per_order_day",
        "units_per_order_day",
        "weekend_share",
        "order_days_7d",
        "order_days_14d",
        "order_days_30d",
        "order_days_60d",
        "order_days_90d",
        "order_days_180d",
        "order_days_365d",
        "spend_30d",
        "spend_90d",
        "spend_365d",
        "order_days_30d_before",
        "order_days_90d_before",
        "spend_90d_before",
        "order_days_30d_change",
        "order_days_90d_change",
        "spend_90d_change",
        "lines_90d",
        "discount_365d",
        "discounted_share",
        "products_90d",
        "products_365d",
        "return_days_90d",
        "return_days_365d",
        "return_days_90d_before",
        "returned_365d",
        "days_since_return",
    )
)
Result = dict[str, float]


def generate(lines: int, path: Path) -> None:
    """Write a simulated shop of about so many order lines as Parquet."""
    orders = simulate(max(lines // LINES_PER_CUSTOMER, 1), seed=1, days=DAYS, with_events=False).orders
    with duckdb.connect() as connection:
        connection.register("orders", pa.Table.from_pandas(orders, preserve_index=False))
        connection.sql("SELECT * FROM orders").write_parquet(str(path), compression="zstd")


def as_of_dates(path: Path, dates: int) -> list[date]:
    """The day after the last order, and monthly steps back from it."""
    last = duckdb.execute(f"SELECT max(ordered_at)::DATE FROM '{path}'").fetchall()[0][0]
    return [last + timedelta(days=1 - 30 * back) for back in range(dates)]


class Clock:
    """Wall and CPU seconds since it was made; CPU of all threads, which neighbours on the machine do not stretch."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def seconds(self, name: str) -> Result:
        """The seconds so far, under a name."""
        return {f"{name}_s": time.perf_counter() - self._wall, f"{name}_cpu_s": time.process_time() - self._cpu}


def single_pass(path: Path, dates: int, features: FeatureSet = FEATURES) -> Result:
    """Read, roll up, and compute all dates at once."""
    days, begun = as_of_dates(path, dates), Clock()
    log = read_log(Shop("UTC", "EUR"), OrdersMapping(path, dict(zip(COLUMNS, COLUMNS, strict=True)))).log
    read, between = begun.seconds("read"), Clock()
    table = feature_table(log, days, features)
    return {
        **read,
        **between.seconds("table"),
        "rows": len(table),
        **_sums({name: table[name].to_numpy() for name in features.names}),
    }


def forty(path: Path, dates: int) -> Result:
    """The same with the features that the peers compute by hand."""
    return single_pass(path, dates, FeatureSet(tuple(feature for feature in FEATURES if feature.name in FORTY)))


def database(path: Path, dates: int) -> Result:
    """Roll up once in DuckDB, then one query per date; results are kept as Arrow, without a further copy."""
    days, begun = as_of_dates(path, dates), Clock()
    connection = ibis.duckdb.connect()
    for statement in ROLL_UP.format(path=path).split(";"):
        connection.raw_sql(statement)
    tables = {name: connection.table(name) for name in ("orders", "items", "returns")}
    read = begun.seconds("read")
    # Compiling takes Ibis a good part of a second each; a team would keep the text, so it is not counted.
    texts = [connection.compile(relational.query(tables, day_number(day), FEATURES)) for day in days]
    compiled = Clock()
    parts = [connection.con.sql(text).to_arrow_table() for text in texts]
    seconds = compiled.seconds("table")
    whole = pa.concat_tables(parts)
    return {
        **read,
        **seconds,
        "rows": whole.num_rows,
        **_sums({name: whole[name].to_numpy() for name in FEATURES.names}),
    }


def _sums(columns: dict[str, np.ndarray]) -> Result:
    """The sum of each feature, so that both sides are known to have computed the same."""
    return {f"sum:{name}": float(np.nansum(column)) for name, column in columns.items()}


# The rules of features/roll_up.py in SQL: an order is a customer's, of one day, and worth something.
ROLL_UP = """
CREATE TEMP TABLE customers AS
    SELECT customer_id AS id, row_number() OVER (ORDER BY customer_id) AS customer_id
    FROM (SELECT DISTINCT customer_id FROM '{path}');
CREATE TEMP TABLE lines AS
    SELECT c.customer_id, (l.ordered_at::DATE - DATE '1970-01-01')::BIGINT AS day, l.order_id, l.product_id,
           abs(round(l.amount * 100))::BIGINT AS amount, round(l.discount * 100)::BIGINT AS discount,
           l.quantity AS units, l.returned
    FROM '{path}' l JOIN customers c ON c.id = l.customer_id;
CREATE TEMP TABLE day_orders AS
    SELECT customer_id, day, order_id, sum(amount)::BIGINT AS amount, sum(discount)::BIGINT AS discount,
           sum(units)::BIGINT AS units, count(*) AS lines
    FROM lines WHERE NOT returned GROUP BY ALL HAVING sum(amount) > 0;
CREATE TEMP TABLE orders AS
    SELECT *, row_number() OVER () AS row_number,
           day - lag(day) OVER (PARTITION BY customer_id ORDER BY day) AS gap_days
    FROM (SELECT customer_id, day, sum(amount)::BIGINT AS spend, count(*) AS orders, sum(lines)::BIGINT AS lines,
                 sum(units)::BIGINT AS units, sum(discount)::BIGINT AS discount,
                 CASE WHEN sum(discount) > 0 THEN 1 ELSE 0 END AS discounted,
                 CASE WHEN (day + 3) % 7 >= 5 THEN 1 ELSE 0 END AS weekend,
                 (day + 3) // 7 AS week
          FROM day_orders GROUP BY customer_id, day ORDER BY customer_id, day);
CREATE TEMP TABLE items AS
    SELECT customer_id, day, row_number() OVER () AS row_number, (hash(product_id) >> 1)::BIGINT AS product,
           sum(amount)::BIGINT AS item_spend, sum(units)::BIGINT AS item_units
    FROM lines WHERE NOT returned AND product_id <> '' GROUP BY customer_id, day, product_id;
CREATE TEMP TABLE returns AS
    SELECT *, row_number() OVER () AS row_number
    FROM (SELECT customer_id, day, sum(amount)::BIGINT AS returned, count(*) AS returned_lines
          FROM lines WHERE returned GROUP BY customer_id, day ORDER BY customer_id, day)
"""


def measured(run: Callable[[], Result]) -> Result:
    """A run's seconds, and the peak memory of this process."""
    result = run()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        **result,
        "wall_s": result["read_s"] + result["table_s"],
        "cpu_s": result["read_cpu_s"] + result["table_cpu_s"],
        "peak_gb": peak / 2**20,
    }


def main(name: str, path: str, number: str) -> None:
    """Do one run: `generate FILE LINES`, or the name of a run, `FILE DATES`."""
    if name == "generate":
        generate(int(number), Path(path))
        return
    run = {"single_pass": single_pass, "forty": forty, "database": database}[name]
    print(json.dumps(measured(lambda: run(Path(path), int(number)))))


if __name__ == "__main__":
    main(*sys.argv[1:])
