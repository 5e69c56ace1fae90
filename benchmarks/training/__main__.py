"""Time `train` beside the LightGBM fits that it makes, features apart; write `benchmarks/training/results.md`.

python -m benchmarks.training --customers 100000 1000000

Both are counted in one run: a clock around each call of LightGBM's own `train`, and one around each table of features.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.orders_run import machine
from benchmarks.published import write_page

RESULTS = Path(__file__).with_name("results.md")
SIZES = (100_000, 1_000_000)
MOST_MINUTES, MOST_GB = dict(zip(SIZES, (5, 15), strict=True)), dict(zip(SIZES, (3, 8), strict=True))
Run = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, nargs="+", default=list(SIZES), help="of each simulated shop")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where the page is written")
    chosen = parser.parse_args()
    write_page(chosen.out, page([timed(customers) for customers in chosen.customers]))


def timed(customers: int) -> Run:
    """Draw a shop and train on it, each in a process of its own."""
    print(f"{customers:,} customers …", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "orders.parquet"
        subprocess.run([sys.executable, "-m", "benchmarks.training.shop", str(customers), str(file)], check=True)
        command = [sys.executable, "-m", "benchmarks.training.run", str(file)]
        found: Run = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
    return found


def page(runs: list[Run]) -> str:
    """The table, a column for each shop, and the machine, as Markdown."""
    rows = "\n".join(f"| {name} | {' | '.join(map(said, runs))} |" for name, said in ROWS.items())
    head = f"| | {' | '.join('' for _ in runs)} |\n{'|---' * (len(runs) + 1)}|"
    return PAGE.format(head=head, rows=rows, machine=machine("numpy", "scikit-learn", "lightgbm"))


def _aim(most: dict[int, int], unit: str, run: Run) -> str:
    asked = most.get(run["customers"])
    return f" (aim {asked} {unit})" if asked else ""


ROWS = {
    "customers": lambda run: f"{run['customers']:,}",
    "customers learnt from": lambda run: f"{run['learnt_from']:,}",
    "order days": lambda run: f"{run['order_days']:,}",
    "training dates, test dates": lambda run: f"{run['dates']}, {run['tests']}",
    "training rows": lambda run: f"{run['rows']:,}",
    "`train`, minutes by the wall": lambda run: f"{run['wall_s'] / 60:.1f}{_aim(MOST_MINUTES, 'min', run)}",
    "`train`, CPU s": lambda run: f"{run['cpu_s']:.0f}",
    "peak memory, GB": lambda run: f"{run['peak_gb']:.1f}{_aim(MOST_GB, 'GB', run)}",
    "of it tables of features, s": lambda run: f"{run['tables_s']:.0f}",
    "of it LightGBM fits, s": lambda run: f"{run['fits_s']:.0f} ({run['fits']} fits)",
    "without features ÷ its LightGBM fits": lambda run: f"{(run['wall_s'] - run['tables_s']) / run['fits_s']:.2f}",
    "serves": lambda run: f"`{run['serves']}`",
}
PAGE = """# How long training takes

`python -m benchmarks.training` writes this page: `train` without tuning, beside the LightGBM fits that it makes. Of a
large shop whole customers are drawn, and half of the training dates are left out
([decision 9](../../docs/decisions/0009-the-blend-by-default.md)). Peak memory holds the reading of the orders too.

{head}
{rows}

By the wall, beside whatever else ran. {machine}
"""


if __name__ == "__main__":
    main()
