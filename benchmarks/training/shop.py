"""The shop that training is timed on: simulated customers, drawn in parts so that a million of them fit into memory.

python -m benchmarks.training.shop CUSTOMERS FILE
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet

from features.log import Coded, Lines, Log
from features.roll_up import roll_up
from features.simulation.simulate import simulate

AT_ONCE = 50_000
START = date(2022, 1, 3)
NAMES = ("customer", "day", "amount", "product")


def write_orders(path: Path, customers: int) -> None:
    """Write the order lines of so many customers; the same number makes the same shop."""
    schema = pa.schema([(name, pa.int64()) for name in NAMES])
    with parquet.ParquetWriter(path, schema) as writer:
        for part in _parts(customers):
            writer.write_table(part.cast(schema))


def _parts(customers: int) -> Iterator[pa.Table]:
    for seed, first in enumerate(range(0, customers, AT_ONCE), start=1):
        made = simulate(min(AT_ONCE, customers - first), seed=seed, start=START, with_events=False).orders
        orders = made[~made["returned"].astype(bool)]
        day = orders["ordered_at"].to_numpy().astype("datetime64[D]").astype(np.int64)
        cents = (orders["amount"].astype(float) * 100).round().astype(np.int64)
        customer, product = (orders[name].astype("category").cat.codes for name in ("customer_id", "product_id"))
        columns = (customer.to_numpy(np.int64) + first, day, cents.to_numpy(), product.to_numpy(np.int64))
        yield pa.table(dict(zip(NAMES, columns, strict=True)))


def read_log(path: Path) -> Log:
    """Return the log of the order lines."""
    customer, day, amount, product = (column.to_numpy() for column in parquet.read_table(path).columns)
    rows, ones = len(day), np.ones(len(day), dtype=np.int64)
    false = np.zeros(rows, dtype=bool)
    who, what = _coded("c", customer), _coded("p", product)
    nothing = Coded(np.array([""], dtype=object), np.zeros(rows, dtype=np.int64))
    return roll_up(Lines(who, day, amount, nothing, what, nothing, 0 * ones, ones, false, false))


def _coded(letter: str, codes: np.typing.NDArray[np.int64]) -> Coded:
    return Coded(np.array([f"{letter}{number:07}" for number in range(int(codes.max()) + 1)], dtype=object), codes)


if __name__ == "__main__":
    write_orders(Path(sys.argv[2]), int(sys.argv[1]))
