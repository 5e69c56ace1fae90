"""Score growing logs, as a whole and in partitions; write `scores.md`.

python -m benchmarks.scale.scores --copies 1 9 27 --memory-gib 3

Each run is a process of its own, so that its peak memory is its own. Both ways have to write the same bits.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.orders_run import machine, order_lines
from benchmarks.published import write_page
from benchmarks.scale.__main__ import MOST_SLOPE, WHOLE, Run, asked, generated, rows_of
from features.machine import this_machine
from features.sources.partitions.estimate import partitions_for

RESULTS = Path(__file__).with_name("scores.md")


def main() -> None:
    chosen = asked(argparse.ArgumentParser(description=__doc__), RESULTS)
    with tempfile.TemporaryDirectory() as home:
        print("training …", file=sys.stderr)
        process("train", generated(chosen.folder, min(chosen.copies), chosen.lines), home)
        runs = [run for copies in chosen.copies for run in measured(chosen, copies, home)]
    write_page(chosen.out, report(runs, chosen.memory_gib))


def measured(chosen: argparse.Namespace, copies: int, home: str) -> list[Run]:
    """Return the runs of one log, once it is known that they wrote the same."""
    path = generated(chosen.folder, copies, chosen.lines)
    lines = order_lines(path)
    partitions = max(2, partitions_for(lines, this_machine(chosen.memory_gib)))
    ways = [WHOLE, partitions] if copies <= chosen.whole_up_to else [partitions]
    runs = [run(path, home, lines, each, chosen.memory_gib) for each in ways]
    if len({each.digest for each in runs}) > 1:
        raise SystemExit(f"partitions and the whole wrote other scores of {lines:,} lines")
    return runs


def run(path: Path, home: str, lines: int, partitions: int, memory_gib: float) -> Run:
    """One measured run."""
    print(f"{lines:,} lines in {partitions} partition(s) …", file=sys.stderr)
    bounded = () if partitions == WHOLE else (str(memory_gib),)
    found = json.loads(process("score", path, home, str(partitions), *bounded))
    return Run(lines, partitions, found["run_cpu_s"], found["run_s"], found["peak_gb"], found["digest"], found["rows"])


def process(name: str, path: Path, *more: str) -> str:
    command = [sys.executable, "-m", "benchmarks.scale.score_runs", name, str(path), *more]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def report(runs: list[Run], memory_gib: float) -> str:
    """The table, the slope and the machine, as Markdown."""
    parts = [each for each in runs if each.partitions != WHOLE]
    slope = parts[-1].cpu_us_per_line / parts[0].cpu_us_per_line - 1
    customers = ", ".join(f"{count:,}" for count in dict.fromkeys(each.customers for each in runs))
    return PAGE.format(
        rows=rows_of(runs),
        customers=customers,
        memory=f"{memory_gib:g}",
        slope=f"{slope:+.0%}",
        wanted=f"{MOST_SLOPE:.0%}",
        machine=machine("numpy", "pandas", "duckdb", "pyarrow", "lightgbm"),
    )


PAGE = """# Scores of a log larger than the memory

`python -m benchmarks.scale.scores` writes this page: `regulars score --out` of generated order lines in Parquet, that
is reading, roll-up, features, the model that the smallest log has taught, reasons, the book in SQLite, and the file.
Partitions may have {memory} GiB. Scored were {customers} customers; of 100,000 customers or more the 10,000 with the
most at risk are explained. A log that is scored both ways gave the same bits.

| lines | partitions | wall s | CPU s | CPU µs a line | peak GB | bytes a line |
| ---: | ---: | ---: | ---: | ---: | ---: | ---: |
{rows}

CPU seconds a line of the largest log in partitions against the smallest: {slope} (wanted: at most {wanted} more).

{machine}
"""


if __name__ == "__main__":
    main()
