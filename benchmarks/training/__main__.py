"""Time `train` beside the LightGBM fits that it makes, features apart; write `benchmarks/training/results.md`.

python -m benchmarks.training --customers 100000 1000000 [--peers PYTHON] [--clvkit PYTHON]

Both are counted in one run: a clock around each call of LightGBM's own `train`, and one around each table of features.
The Pythons are of the environments that `benchmarks/quality/peers/` asks for; rivals are fitted on the first shop.
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
from benchmarks.quality.peers.read import PeerRow
from benchmarks.training.rivals import rivals
from benchmarks.training.run import DEFINITION

RESULTS = Path(__file__).with_name("results.md")
SIZES = (100_000, 1_000_000)
MOST_MINUTES, MOST_GB = dict(zip(SIZES, (5, 15), strict=True)), dict(zip(SIZES, (3, 8), strict=True))
Run = dict[str, Any]
NOBODY = (None, None)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, nargs="+", default=list(SIZES), help="of each simulated shop")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where the page is written")
    for name in ("peers", "clvkit"):
        parser.add_argument(f"--{name}", type=Path, default=None, help="a Python that has them")
    chosen = parser.parse_args()
    pythons = (chosen.peers, chosen.clvkit)
    asked = [(customers, pythons if not at else NOBODY) for at, customers in enumerate(chosen.customers)]
    write_page(chosen.out, page([timed(customers, *rivals) for customers, rivals in asked]))


def timed(customers: int, peers: Path | None, clvkit: Path | None) -> Run:
    """Draw a shop and train on it, each in a process of its own; then the rivals, on its rows."""
    print(f"{customers:,} customers …", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "orders.parquet"
        subprocess.run([sys.executable, "-m", "benchmarks.training.shop", str(customers), str(file)], check=True)
        command = [sys.executable, "-m", "benchmarks.training.run", str(file)]
        found: Run = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
        asked = peers is not None or clvkit is not None
        return {**found, "rivals": rivals(file, DEFINITION, peers, clvkit) if asked else ()}


def page(runs: list[Run]) -> str:
    """The table, a column for each shop, and the machine, as Markdown."""
    rows = "\n".join(f"| {name} | {' | '.join(map(said, runs))} |" for name, said in ROWS.items())
    head = f"| | {' | '.join('' for _ in runs)} |\n{'|---' * (len(runs) + 1)}|"
    beside = _beside(runs[0], runs[0]["rivals"]) if runs[0]["rivals"] else ""
    return PAGE.format(head=head, rows=rows, beside=beside, machine=machine("numpy", "scikit-learn", "lightgbm"))


def _beside(run: Run, found: tuple[PeerRow, ...]) -> str:
    """The rivals' table, `train` first."""
    cpu, dates = run["cpu_s"], f"`train`, with {run['tests']} test dates and the refit"
    ours = PeerRow("", 0, dates, "", run["measures"], run["wall_s"], cpu, "")
    return BESIDE.format(rows="\n".join(map(_rival, (ours, *found))))


def _rival(row: PeerRow) -> str:
    auroc, loss = (f"{row.measures[name]:.4f}" for name in ("auroc", "log_loss"))
    return f"| {row.peer} {row.version} | {row.seconds:.0f} | {row.cpu_seconds:.0f} | {auroc} | {loss} |"


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
{beside}
By the wall, beside whatever else ran. {machine}
"""
BESIDE = """
Rivals on the same customers and dates of the first shop, each fitted once, for its latest test date alone, on one core
(AutoGluon with its usual presets within two minutes and a refit, without random forests and neighbours; CPU seconds are
of the process itself). `train` fits all its candidates for every test date and once more on everything. What each says
of the latest test date is judged on it:

| | wall, s | CPU, s | AUROC | log loss |
|---|---|---|---|---|
{rows}
"""


if __name__ == "__main__":
    main()
