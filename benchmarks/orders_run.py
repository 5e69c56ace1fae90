"""What benchmarks over a file of order lines say beside their figures: how many lines, and on which machine."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path


def order_lines(path: Path) -> int:
    """Return how many rows a Parquet file has."""
    import pyarrow.parquet as parquet

    return int(parquet.read_metadata(path).num_rows)


def machine(*libraries: str) -> str:
    """Facts without which the seconds mean nothing; the ratios hold elsewhere too."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    versions = ", ".join(f"{name} {version(name)}" for name in libraries)
    load = os.getloadavg()[1]
    return (
        f"{os.cpu_count()} cores ({platform.machine()}), {memory:.0f} GiB, load {load:.1f} at the end, "
        f"Python {platform.python_version()}, {versions}."
    )
