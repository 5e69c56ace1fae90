"""What is measured of scoring. Each run is a process of its own, the command itself, and prints one line of JSON.

`train` lets a model serve that the smallest log has taught; `score` scores a log with it, records the run in the book
and writes the file, whose digest says that all ways wrote the same.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from benchmarks.features.runs import Clock, Result
from benchmarks.scale.runs import digest_of, peak_gb, settings_of
from serving.commands.models.score_in_partitions import write_whatever_fits
from serving.commands.models.train import train_and_judge
from serving.shop import OpenShop


def train(path: Path, home: Path) -> None:
    """Train on a log, in the folder whose models the others are scored with."""
    home.mkdir(parents=True, exist_ok=True)
    with OpenShop(settings_of(path, home, None)) as shop:
        train_and_judge(shop, budget="quick")


def score(path: Path, home: Path, partitions: int, memory_gib: float | None) -> Result:
    """Score everybody who can churn on the day after the last order."""
    with tempfile.TemporaryDirectory() as folder, OpenShop(settings_of(path, home, memory_gib)) as shop:
        out, clock = Path(folder) / "scores.parquet", Clock()
        written = write_whatever_fits(shop, out, partitions)
        measured = {**clock.seconds("run"), "rows": written.totals.customers, "peak_gb": peak_gb()}
        return {**measured, "digest": digest_of(out)}


def main(name: str, path: str, home: str, partitions: str = "1", memory_gib: str = "") -> None:
    """Do one run: `train FILE FOLDER`, or `score FILE FOLDER PARTITIONS [MEMORY_GIB]`."""
    if name == "train":
        train(Path(path), Path(home))
        return
    print(json.dumps(score(Path(path), Path(home), int(partitions), float(memory_gib) if memory_gib else None)))


if __name__ == "__main__":
    main(*sys.argv[1:])
