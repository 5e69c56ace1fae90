"""How many partitions a log is read in: as few as fit into the memory, and none where the whole of it does."""

from __future__ import annotations

from math import ceil
from pathlib import Path

from features.machine import MOST_PARTITIONS, Machine
from features.sources.mapping import OrdersMapping
from features.sources.opening.paths import files_of

# Peak memory of a whole reading: python -m benchmarks.scale measures it, docs/scale.md tells it.
BYTES_PER_LINE = 200
WHOLE_SHARE = 0.7  # of the memory that a whole reading may take by this estimate
PARTITION_SHARE = 0.3  # that one partition may; the database, the events and the outline of all take the rest
_SAMPLE_BYTES = 1 << 20
_TEXTS = frozenset((".csv", ".tsv", ".txt", ".tab", ".jsonl", ".ndjson"))


def lines_of(orders: OrdersMapping) -> int | None:
    """Return about how many lines the orders have; None where that shows only when they are read.

    Raises:
        InputError: no such file.
    """
    if orders.database is not None:
        return None
    counts = [_lines(path) for path in files_of(orders.paths)]
    return None if None in counts else sum(count or 0 for count in counts)


def partitions_for(lines: int, machine: Machine) -> int:
    """Return in how many partitions so many lines are read; 1 = as a whole.

    >>> partitions_for(1_000_000, Machine(8 * 2**30, 2)), partitions_for(100_000_000, Machine(8 * 2**30, 2))
    (1, 8)
    """
    needed = lines * BYTES_PER_LINE
    if needed <= machine.memory_bytes * WHOLE_SHARE:
        return 1
    return min(MOST_PARTITIONS, ceil(needed / (machine.memory_bytes * PARTITION_SHARE)))


def _lines(path: Path) -> int | None:
    ending = path.suffix.lower()
    if ending == ".parquet":
        return _rows_of_parquet(path)
    if ending not in _TEXTS:
        return None
    with path.open("rb") as file:
        sample = file.read(_SAMPLE_BYTES)
    return path.stat().st_size * max(sample.count(b"\n"), 1) // max(len(sample), 1)


def _rows_of_parquet(path: Path) -> int | None:
    import pyarrow as pa
    import pyarrow.parquet as parquet

    try:
        return int(parquet.read_metadata(path).num_rows)
    except (pa.ArrowException, OSError):  # whoever reads it says what is wrong with it
        return None
