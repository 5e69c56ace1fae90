"""Forty features of one date and of many, beside pandas and Polars by hand, and Featuretools on fewer lines.

python -m benchmarks.features.peers --lines 10000000 --polars POLARS/bin/python --featuretools FEATURETOOLS/bin/python
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.features.__main__ import generated
from benchmarks.features.runs import as_of_dates
from benchmarks.orders_run import machine, order_lines
from benchmarks.published import write_page
from features.clock import day_number

Result = dict[str, float]
RESULTS = Path(__file__).with_name("peers.md")
HERE = Path(__file__).parent
LARGE = ("Regulars", "pandas", "Polars", "bare scan (DuckDB)")
FEWEST_LINES = 300_000  # what Featuretools can do in minutes
TIMES = ("read_s", "table_s", "read_cpu_s", "table_cpu_s", "peak_gb")


@dataclass(frozen=True)
class Peers:
    """The Pythons that have the peers, and one day number for each date.

    Args:
        polars: of an environment with Polars.
        featuretools: of an environment with Featuretools.
        days: latest first.
    """

    polars: str
    featuretools: str
    days: tuple[int, ...]

    def result(self, name: str, path: Path, dates: int) -> Result | None:
        """One run in a process of its own; None where its library is not here."""
        print(f"{path.name}: {name}, {dates} date(s) …", file=sys.stderr)
        days = ",".join(map(str, self.days[:dates]))
        command = self._command(name, path.resolve(), days)
        done = subprocess.run(command, cwd=HERE.parents[1], check=True, stdout=subprocess.PIPE, text=True)
        result: Result | None = json.loads(done.stdout)
        return result

    def _command(self, name: str, path: Path, days: str) -> list[str]:
        plain = str(HERE / "plain.py")
        return {
            "Regulars": [
                sys.executable,
                "-m",
                "benchmarks.features.runs",
                "forty",
                str(path),
                str(len(days.split(","))),
            ],
            "pandas": [sys.executable, plain, "pandas", str(path), days],
            "Polars": [self.polars, plain, "polars", str(path), days],
            "bare scan (DuckDB)": [sys.executable, plain, "scan", str(path), days],
            "Featuretools": [self.featuretools, "-m", "benchmarks.features.with_featuretools", str(path), days],
        }[name]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=10_000_000, help="order lines to generate, about")
    parser.add_argument("--dates", type=int, default=12, help="monthly dates, back from the end of the log")
    parser.add_argument("--rounds", type=int, default=5, help="the peers take turns so often; medians are shown")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "regulars-benchmark")
    parser.add_argument("--polars", default=sys.executable, help="Python of an environment that has Polars")
    parser.add_argument("--featuretools", default=sys.executable, help="Python of one that has Featuretools")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where the page is written")
    chosen = parser.parse_args()
    large, small = (generated(chosen.folder, min(chosen.lines, most)) for most in (chosen.lines, FEWEST_LINES))
    peers = Peers(chosen.polars, chosen.featuretools, days_of(large, chosen.dates))
    found = {dates: medians(peers, LARGE, large, dates, chosen.rounds) for dates in (1, chosen.dates)}
    made_for_dates = Peers(chosen.polars, chosen.featuretools, days_of(small, chosen.dates))
    few = medians(made_for_dates, ("Regulars", "Featuretools"), small, chosen.dates, chosen.rounds)
    write_page(chosen.out, page(found, few, large, small, chosen.rounds))


def days_of(path: Path, dates: int) -> tuple[int, ...]:
    return tuple(day_number(day) for day in as_of_dates(path, dates))


def medians(peers: Peers, names: tuple[str, ...], path: Path, dates: int, rounds: int) -> dict[str, Result]:
    """The median of each figure, of those whose library is here, after all were seen to give the same."""
    runs: dict[str, list[Result]] = {}
    for _ in range(rounds):
        for name in names:
            if (result := peers.result(name, path, dates)) is not None:
                runs.setdefault(name, []).append(result)
    refuse_differing({name: each[0] for name, each in runs.items()})
    return {name: {key: median(one.get(key, 0.0) for one in each) for key in TIMES} for name, each in runs.items()}


def refuse_differing(found: dict[str, Result]) -> None:
    """Refuse to compare computations of different things: every feature of a peer has the sum of ours."""
    ours = found["Regulars"]
    for name, result in found.items():
        wrong = [
            key for key in result if key.startswith("sum:") and not math.isclose(result[key], ours[key], rel_tol=1e-9)
        ]
        if wrong:
            raise SystemExit(f"{name} differs from Regulars, nothing to compare: {wrong}")


def page(found: dict[int, dict[str, Result]], few: dict[str, Result], large: Path, small: Path, rounds: int) -> str:
    """The tables, the goals and the machine, as Markdown."""
    one, many = found.values()
    dates = max(found)
    return PAGE.format(
        lines=order_lines(large),
        rounds=rounds,
        dates=dates,
        one=table(one),
        many=table({name: each for name, each in many.items() if "scan" not in name}),
        few=few_table(few),
        few_lines=order_lines(small),
        absent=absent({"Polars"} - one.keys() | {"Featuretools"} - few.keys()),
        wanted="\n".join(wanted(one, many, few, dates)),
        machine=machine("numpy", "pandas", "duckdb", "pyarrow"),
    )


def absent(names: set[str]) -> str:
    """A paragraph on the peers that are not here, or nothing."""
    said = f"Not here: {', '.join(sorted(names))}; benchmarks/features/requirements.txt says how to add them."
    return f"\n{said}\n" if names else ""


def table(found: dict[str, Result]) -> str:
    """Seconds and memory of each run."""
    rows = [
        f"| {name} | " + " | ".join(f"{value:.1f}" for value in (*seconds(each), each["peak_gb"])) + " |"
        for name, each in found.items()
    ]
    return "\n".join([HEAD, *rows])


def seconds(one: Result) -> tuple[float, ...]:
    """Reading, table and both by the wall, then both in CPU seconds."""
    return one["read_s"], one["table_s"], one["read_s"] + one["table_s"], cpu(one)


def cpu(one: Result) -> float:
    return one["read_cpu_s"] + one["table_cpu_s"]


def wall(one: Result) -> float:
    return one["read_s"] + one["table_s"]


def few_table(found: dict[str, Result]) -> str:
    """The seconds of the table alone."""
    rows = [f"| {name} | {one['table_s']:.2f} | {one['table_cpu_s']:.2f} |" for name, one in found.items()]
    return "\n".join(["| | table, s | table, CPU s |", "|---|---|---|", *rows])


def wanted(one: dict[str, Result], many: dict[str, Result], few: dict[str, Result], dates: int) -> list[str]:
    """The goals, and what was found; a peer that is not here has no row."""
    ours, all_ours, few_ours = one["Regulars"], many["Regulars"], few["Regulars"]
    rows = [
        ("one date: pandas against Regulars", "≥ 4", one.get("pandas"), ours),
        ("one date: Polars against Regulars", "≥ 1", one.get("Polars"), ours),
        ("one date: Regulars against the bare scan", "≤ 5", ours, one.get("bare scan (DuckDB)")),
        (f"Regulars: {dates} dates against one", "≤ 2", all_ours, ours),
        (f"{dates} dates: pandas against Regulars", "≥ 15", many.get("pandas"), all_ours),
        (f"{dates} dates: Polars against Regulars", "", many.get("Polars"), all_ours),
    ]
    said = [
        f"| {what} | {goal} | {wall(a) / wall(b):.2f} | {cpu(a) / cpu(b):.2f} |" for what, goal, a, b in rows if a and b
    ]
    tables = [(peer, many.get(peer), all_ours, "") for peer in ("pandas", "Polars")]
    tables.append(("Featuretools", few.get("Featuretools"), few_ours, "≥ 100"))
    said += [
        f"| {dates} dates, table alone: {peer} against Regulars | {goal} | {a['table_s'] / b['table_s']:.2f} "
        f"| {a['table_cpu_s'] / b['table_cpu_s']:.2f} |"
        for peer, a, b, goal in tables
        if a
    ]
    return [*said, f"| {dates} dates: peak memory of Regulars, GB | ≤ 3 | {all_ours['peak_gb']:.1f} | |"]


HEAD = """| | read and roll up, s | table, s | both, s | both, CPU s | peak, GB |
|---|---|---|---|---|---|"""
PAGE = """# Forty features as of a date, beside other ways to compute them

{lines:,} generated order lines; medians of {rounds} rounds in which all took turns, each in a process of its own. The
features are counts, sums, means, gaps and trends over windows of 7 to 365 days that pandas and Polars can say in a page
of code each ([`plain.py`](plain.py)); all gave the same sum of each feature (1e-9). Regulars also checks every rule of
its contract and adds up the balance sheet while it reads; the others check nothing. `make bench` writes this page.
{absent}
## One date

{one}

## {dates} dates

{many}

## {dates} dates on {few_lines:,} lines, beside Featuretools

Featuretools gets customer-days that are rolled up before its clock starts, and computes twenty of the forty, those that
its primitives can say; Regulars computes all forty.

{few}

## What is wanted

| | wanted | wall | CPU |
|---|---|---|---|
{wanted}

CPU seconds count all threads. Under load from other processes wall seconds say little: read the CPU column.

{machine}
"""


if __name__ == "__main__":
    main()
