"""Read generated order lines, beside plain roll-ups of the same file, and write `benchmarks/intake/results.md`.

python -m benchmarks.intake --lines 11200000
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.intake.regulars import generate
from benchmarks.orders_run import machine, order_lines
from benchmarks.published import write_page

Result = dict[str, Any]
RESULTS = Path(__file__).with_name("results.md")
PLAIN = Path(__file__).with_name("plain.py")
PEERS = ("pandas", "duckdb", "polars", "scan")
NAMES = {"regulars": "Regulars", "duckdb": "DuckDB", "polars": "Polars", "scan": "bare scan (DuckDB)"}
MEASURED = ("wall_s", "cpu_s", "peak_gb")
MOST_CPU, MOST_WALL, MOST_GB = 2.5, 3.0, 2.0  # of Polars' plain roll-up of Parquet


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=11_200_000, help="order lines to generate, about")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "regulars-benchmark")
    parser.add_argument("--rounds", type=int, default=3, help="how often each reads each file; medians are shown")
    parser.add_argument("--polars", default=sys.executable, help="Python of an environment that has Polars")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where the table is written")
    chosen = parser.parse_args()
    files = generated(chosen.folder, chosen.lines)
    found = {path: all_rounds(path, chosen.polars, chosen.rounds) for path in files}
    write_page(chosen.out, page(found, chosen.rounds))


def generated(folder: Path, lines: int) -> tuple[Path, Path]:
    """The generated lines as Parquet and as CSV, kept for the next run."""
    folder.mkdir(parents=True, exist_ok=True)
    parquet, csv = (folder / f"intake-{lines}.{suffix}" for suffix in ("parquet", "csv"))
    if not csv.exists():
        half = csv.with_suffix(".new")
        generate(lines, parquet, half)
        half.replace(csv)
    return parquet, csv


def all_rounds(path: Path, polars: str, rounds: int) -> dict[str, Result]:
    """The medians of several rounds in which all take turns: one run alone may meet a busy moment of the machine."""
    runs = [all_runs(path, polars) for _ in range(rounds)]
    return {name: middle([each[name] for each in runs]) for name in runs[0]}


def middle(runs: list[Result]) -> Result:
    """What is the same in all runs of one reader, with the medians of its times and of its memory."""
    return {**runs[0], **{each: median(run[each] for run in runs) for each in MEASURED}}


def all_runs(path: Path, polars: str) -> dict[str, Result]:
    """Every run on one file, each in a process of its own, so that its peak memory is its own."""
    found = {}
    for name in ("regulars", *PEERS):
        print(f"{path.name}: {name} …", file=sys.stderr)
        python = polars if name == "polars" else sys.executable
        plain = [python, str(PLAIN), name, str(path)]
        command = [python, "-m", "benchmarks.intake.regulars", str(path)] if name == "regulars" else plain
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        if (result := json.loads(done.stdout)) is not None:
            found[name] = result
    refuse_differing(found)
    return found


def refuse_differing(found: dict[str, Result]) -> None:
    """Refuse to compare computations of different things."""
    digests = {name: (each["rows"], each["digest"]) for name, each in found.items() if name != "scan"}
    if len(set(digests.values())) > 1:
        raise SystemExit(f"the runs differ, nothing to compare: {digests}")


def page(found: dict[Path, dict[str, Result]], rounds: int) -> str:
    """The tables and the machine, as Markdown."""
    parquet, csv = found.values()
    skipped = (
        "" if "polars" in parquet else "\nPolars was not here: benchmarks/intake/requirements.txt says how to add it.\n"
    )
    return PAGE.format(
        lines=order_lines(next(iter(found))),
        days=parquet["regulars"]["rows"],
        rounds=rounds,
        parquet=table(parquet),
        csv=table(csv),
        skipped=skipped,
        wanted=wanted(parquet),
        machine=machine("numpy", "pandas", "duckdb", "pyarrow"),
    )


def table(found: dict[str, Result]) -> str:
    """Seconds and memory of each run, and how Regulars compares."""
    own = found["regulars"]
    rows = [
        f"| {NAMES.get(name, name)} | {each['wall_s']:.1f} | {each['cpu_s']:.1f} | {each['peak_gb']:.1f} "
        f"| {own['wall_s'] / each['wall_s']:.2f} | {own['cpu_s'] / each['cpu_s']:.2f} |"
        for name, each in found.items()
    ]
    return "\n".join([HEAD, *rows])


def wanted(found: dict[str, Result]) -> str:
    """The goals of issue 14, and what was found."""
    own, peer = found["regulars"], found.get("polars")
    ratios = [("CPU seconds of Polars", "cpu_s", MOST_CPU), ("wall seconds of Polars", "wall_s", MOST_WALL)]
    rows = [f"| {words} | ≤ {most} | {own[key] / peer[key]:.2f} |" for words, key, most in ratios if peer]
    return "\n".join([*rows, f"| peak memory, GB | ≤ {MOST_GB} | {own['peak_gb']:.1f} |"])


HEAD = """| | wall s | CPU s | peak GB | Regulars: times its wall | times its CPU |
|---|---|---|---|---|---|"""
PAGE = """# How long reading takes

{lines:,} generated order lines to {days:,} clean customer-days. Medians of {rounds} rounds in which all took
turns, each in a process of its own. `make bench-intake` writes this page. Regulars checks every rule of the contract,
adds up the balance sheet and makes all streams of the log; the others filter and group, and check nothing. All gave the
same orders, lines, units, products and cents of each customer on each day.
{skipped}
## Parquet

{parquet}

## CSV

{csv}

## What is wanted (Parquet)

| Regulars beside | wanted | found |
|---|---|---|
{wanted}

CPU seconds count all threads. Under load from other processes wall seconds say little: read the CPU column.

{machine}
"""


if __name__ == "__main__":
    main()
