"""What is measured. Each run is a process of its own, the command itself, and prints one line of JSON.

`whole` and `partitions` run `regulars features --out`; the digest says that all of them wrote the same.
"""

from __future__ import annotations

import hashlib
import json
import resource
import sys
import tempfile
from pathlib import Path

import duckdb

from benchmarks.features.runs import COLUMNS, Clock, Result, generate
from features.sources.mapping import OrdersMapping, Shop
from serving.commands.data.features_in_partitions import write_whatever_fits
from serving.config import Churn, Settings
from serving.config.machine_settings import MachineSettings
from serving.shop import OpenShop

HORIZON_DAYS, LINES_OF_A_COPY = 30, 1_000_000


def generate_copies(path: Path, copies: int, lines: int = LINES_OF_A_COPY) -> None:
    """Write so many shops of a million lines (or of `lines`) into one file, each with customers and orders of its own.

    The generator of one shop holds it in memory, which a hundred of them would not fit into.
    """
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as connection:
        one = Path(folder) / "one.parquet"
        generate(lines, one)
        ids = ", ".join(f"{name} || '-' || copy AS {name}" for name in ("order_id", "customer_id"))
        others = ", ".join(name for name in COLUMNS if name not in ("order_id", "customer_id"))
        connection.execute(f"SET temp_directory = '{folder}'")
        rows = f"SELECT {ids}, {others} FROM range({copies}) copies(copy), '{one}'"
        connection.sql(rows).write_parquet(str(path), compression="zstd")


def settings_of(path: Path, folder: Path, memory_gib: float | None) -> Settings:
    """Return the settings of a shop whose orders are one generated file."""
    orders = OrdersMapping(path, dict(zip(COLUMNS, COLUMNS, strict=True)))
    machine = MachineSettings(memory_gib)
    return Settings(Shop("UTC", "EUR"), orders, Churn(HORIZON_DAYS), machine=machine, folder=folder)


def features(path: Path, partitions: int, memory_gib: float | None) -> Result:
    """Write the features of everybody who can churn on the day after the last order."""
    with tempfile.TemporaryDirectory() as folder:
        out, clock = Path(folder) / "features.parquet", Clock()
        with OpenShop(settings_of(path, Path(folder), memory_gib)) as shop:
            written = write_whatever_fits(shop, out, partitions)
        measured = {**clock.seconds("run"), "rows": written.rows, "peak_gb": peak_gb()}
        return {**measured, "digest": digest_of(out)}


def digest_of(path: Path) -> int:
    """Return a number that two tables share where every row and every bit of them is the same."""
    import pyarrow.parquet as parquet

    sha = hashlib.sha256()
    for batch in parquet.ParquetFile(path).iter_batches(100_000):
        sha.update(batch.to_pandas().to_csv(index=False).encode())
    return int.from_bytes(sha.digest()[:6], "big")


def peak_gb() -> float:
    """Return the peak memory of this process."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def main(name: str, path: str, number: str, more: str = "") -> None:
    """Do one run: `generate FILE COPIES [LINES]`, or `features FILE PARTITIONS [MEMORY_GIB]`."""
    if name == "generate":
        generate_copies(Path(path), int(number), int(more or LINES_OF_A_COPY))
        return
    print(json.dumps(features(Path(path), int(number), float(more) if more else None)))


if __name__ == "__main__":
    main(*sys.argv[1:])
