"""Write features of growing logs, as a whole and in partitions; write `results.md`.

python -m benchmarks.scale --copies 1 9 27 --memory-gib 3

Each run is a process of its own, so that its peak memory is its own. Both ways have to write the same bits.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks.orders_run import machine, order_lines
from benchmarks.published import write_page
from benchmarks.scale.runs import LINES_OF_A_COPY
from features.machine import this_machine
from features.sources.partitions.estimate import partitions_for

RESULTS = Path(__file__).with_name("results.md")
WHOLE = 1
MOST_SLOPE = 0.15  # issue 18: seconds a line from the smallest log to the largest


@dataclass(frozen=True)
class Run:
    """One run: of how many lines, in how many partitions, what it took, and of how many customers."""

    lines: int
    partitions: int
    cpu_s: float
    wall_s: float
    peak_gb: float
    digest: int
    customers: int = 0

    @property
    def cpu_us_per_line(self) -> float:
        """CPU microseconds for a line."""
        return self.cpu_s / self.lines * 1e6

    @property
    def bytes_per_line(self) -> float:
        """Peak memory for a line, with that of Python and its libraries."""
        return self.peak_gb * 2**30 / self.lines


def main() -> None:
    chosen = asked(argparse.ArgumentParser(description=__doc__), RESULTS)
    runs = [run for copies in chosen.copies for run in measured(chosen, copies)]
    write_page(chosen.out, report(runs, chosen.memory_gib))


def asked(parser: argparse.ArgumentParser, page: Path) -> argparse.Namespace:
    """Read how large the logs are, and where the page is written."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--copies", type=int, nargs="+", default=[1, 9, 27], help="shops of a million lines each")
    parser.add_argument("--lines", type=int, default=LINES_OF_A_COPY, help="of each shop, about")
    parser.add_argument("--memory-gib", type=float, default=3.0, help="what the runs in partitions may have")
    parser.add_argument("--whole-up-to", type=int, default=9, help="copies that are read as a whole, too")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "regulars-benchmark")
    parser.add_argument("--out", type=Path, default=page, help="where the page is written")
    return parser.parse_args()


def measured(chosen: argparse.Namespace, copies: int) -> list[Run]:
    """Return the runs of one log, once it is known that they wrote the same."""
    path = generated(chosen.folder, copies, chosen.lines)
    lines = order_lines(path)
    partitions = max(2, partitions_for(lines, this_machine(chosen.memory_gib)))
    ways = [WHOLE, partitions] if copies <= chosen.whole_up_to else [partitions]
    runs = [run(path, lines, each, chosen.memory_gib) for each in ways]
    if len({each.digest for each in runs}) > 1:
        raise SystemExit(f"partitions and the whole wrote other features of {lines:,} lines")
    return runs


def generated(folder: Path, copies: int, lines: int) -> Path:
    """The generated lines as Parquet, kept for the next run."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"copies-{copies}-of-{lines}.parquet"
    if not path.exists():
        anew = path.with_suffix(".new")
        process("generate", anew, copies, lines)
        anew.replace(path)
    return path


def run(path: Path, lines: int, partitions: int, memory_gib: float) -> Run:
    """One measured run."""
    print(f"{lines:,} lines in {partitions} partition(s) …", file=sys.stderr)
    found = json.loads(process("features", path, partitions, *([] if partitions == WHOLE else [memory_gib])))
    return Run(lines, partitions, found["run_cpu_s"], found["run_s"], found["peak_gb"], found["digest"])


def process(name: str, path: Path, *numbers: float) -> str:
    command = [sys.executable, "-m", "benchmarks.scale.runs", name, str(path), *map(str, numbers)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def report(runs: list[Run], memory_gib: float) -> str:
    """The table, the slope and the machine, as Markdown."""
    parts = [each for each in runs if each.partitions != WHOLE]
    slope = parts[-1].cpu_us_per_line / parts[0].cpu_us_per_line - 1
    return PAGE.format(
        rows=rows_of(runs),
        memory=f"{memory_gib:g}",
        slope=f"{slope:+.0%}",
        wanted=f"{MOST_SLOPE:.0%}",
        machine=machine("numpy", "pandas", "duckdb", "pyarrow"),
    )


def rows_of(runs: list[Run]) -> str:
    """The rows of the table of runs."""
    return "\n".join(
        f"| {each.lines:,} | {'whole' if each.partitions == WHOLE else each.partitions} | {each.wall_s:.0f} | "
        f"{each.cpu_s:.0f} | {each.cpu_us_per_line:.1f} | {each.peak_gb:.2f} | {each.bytes_per_line:.0f} |"
        for each in runs
    )


PAGE = """# Features of a log larger than the memory

`python -m benchmarks.scale` writes this page: `regulars features --out` of generated order lines in Parquet, that is
reading, roll-up, every default feature of the day after the last order, and the file. Partitions may have {memory} GiB.
A log that is read both ways gave the same bits.

| lines | partitions | wall s | CPU s | CPU µs a line | peak GB | bytes a line |
| ---: | ---: | ---: | ---: | ---: | ---: | ---: |
{rows}

CPU seconds a line of the largest log in partitions against the smallest: {slope} (wanted: within {wanted}).

{machine}
"""


if __name__ == "__main__":
    main()
