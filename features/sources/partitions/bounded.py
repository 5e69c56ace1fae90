"""How much of the machine a database may have; what is too much for it is spilled to the disk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from features.machine import Machine
from features.sources.opening.refusal import text_literal


@contextmanager
def bounded(connection: duckdb.DuckDBPyConnection, machine: Machine, share: float, spill: Path) -> Iterator[None]:
    """Bound the memory and the threads of a database for the block.

    Args:
        connection: to the database, which may be that of the process.
        machine: how much of it may be used.
        share: of the memory that the database may have; the rest is for the rows that it gives.
        spill: the folder for what is too much for it.

    >>> with duckdb.connect() as connection, bounded(connection, Machine(2**32, 1), 0.5, Path("spilled")):
    ...     connection.sql("SELECT current_setting('memory_limit'), current_setting('threads')").fetchall()
    [('2.0 GiB', 1)]
    """
    values = {
        "memory_limit": f"'{int(machine.memory_bytes * share)}B'",
        "temp_directory": text_literal(str(spill)),
        "threads": str(machine.cores),
    }
    for name, value in values.items():
        connection.execute(f"SET {name} = {value}")
    try:
        yield
    finally:
        for name in values:
            connection.execute(f"RESET {name}")
