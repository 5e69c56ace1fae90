"""Tables of partitions as one, in the order of customers: DuckDB sorts them, and spills what it cannot hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa

from features.machine import Machine
from features.sources.opening.refusal import file_literal
from features.sources.partitions.bounded import bounded

BATCH_ROWS = 100_000
SORT_SHARE = 0.5  # of the memory


def sorted_rows(paths: Sequence[Path], folder: Path, machine: Machine) -> Iterator[pa.RecordBatch]:
    """Yield the rows of tables in the order of customers, in batches; one without rows where there are none.

    Args:
        paths: of Parquet files of the same columns.
        folder: for what is spilled.
        machine: how much of it may be used.
    """
    tables = ", ".join(map(file_literal, paths))
    with duckdb.connect() as connection, bounded(connection, machine, SORT_SHARE, folder / "sorted"):
        reader = connection.sql(f"FROM read_parquet([{tables}]) ORDER BY customer_id").to_arrow_reader(BATCH_ROWS)
        first = next(iter(reader), None)
        yield pa.RecordBatch.from_pylist([], reader.schema) if first is None else first
        yield from reader
