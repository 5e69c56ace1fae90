"""Judge every candidate on open logs, out of time, and write `benchmarks/quality/results.md`.

python -m benchmarks.quality --cdnow CDNOW_master.txt

CDNOW_master.txt is package data of lifetimes 0.11.3 (PyPI, MIT): `pip download --no-deps lifetimes==0.11.3`, unzip it.
Without the argument it is taken from the installed package.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from benchmarks.quality.logs import CASES, CDNOW, JOURNEY, Case, cdnow, complete_journey
from features.clock import day_number
from features.definitions import default_features
from features.log import Log
from training.calibration import METHODS, calibrate, sigmoid
from training.dataset import dataset
from training.metrics import evaluate
from training.models import CANDIDATES, fit
from training.splits import training_dates

RESULTS = Path(__file__).with_name("results.md")
MEASURES = ("auroc", "brier", "ece", "log_loss")


@dataclass(frozen=True)
class Judged:
    """One candidate in one case, raw and calibrated on the latest training date, and the seconds its fit took."""

    name: str
    measures: dict[str, dict[str, float]]
    seconds: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cdnow", type=Path, default=None, help="path of CDNOW_master.txt")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where the table is written")
    chosen = parser.parse_args()
    logs = {JOURNEY: complete_journey(), CDNOW: cdnow(chosen.cdnow)}
    text = PAGE.format(cases="\n".join(section(case, logs[case.log]) for case in CASES), machine=machine())
    chosen.out.write_text(text, encoding="utf-8")
    print(text)


def section(case: Case, log: Log) -> str:
    """One case, every candidate, as Markdown."""
    definition, test = case.definition, case.test_date
    dates = training_dates(log.first_day, day_number(test) - definition.horizon_days, definition)
    both = dataset(log, [*dates, test], definition, default_features())
    train, seen = both.on(day_number(day) for day in dates), both.on([day_number(test)])
    if len(seen) != case.customers:
        raise SystemExit(f"{case}: the population is {len(seen)}; other rows than those of the published figures")
    judged = []
    for name in CANDIDATES:
        print(f"{case.log}, {definition.horizon_days} days: {name} …", file=sys.stderr)
        began = time.perf_counter()
        found = fit(name, train)
        seconds = time.perf_counter() - began
        raw = found.fitted.log_odds(seen.values)
        said = {method: evaluate(seen.y, sigmoid(calibrate(method, found.late).apply(raw))) for method in METHODS}
        judged.append(Judged(name, said, seconds))
    title = f"## {case.log}, {definition.horizon_days} days, at {test}"
    facts = (
        f"{len(seen):,} customers with an order in {definition.active_days} days, {seen.y.mean():.1%} churned; "
        f"learnt from {len(dates)} dates, {dates[0]} to {dates[-1]}, {len(train):,} rows."
    )
    return "\n".join([title, "", facts, "", HEAD, *map(row, judged), ""])


def row(judged: Judged) -> str:
    cells = [f"{judged.measures['none'][measure]:.4f}" for measure in MEASURES]
    late = [f"{judged.measures['platt'][measure]:.4f}" for measure in MEASURES[1:]]
    return f"| `{judged.name}` | " + " | ".join([*cells, *late, f"{judged.seconds:.1f}"]) + " |"


COLUMNS = (
    "candidate",
    "AUROC",
    "Brier",
    "ECE",
    "log loss",
    "Brier, late line",
    "ECE, late line",
    "log loss, late line",
)
HEAD = "| " + " | ".join([*COLUMNS, "fit, s"]) + " |\n" + "|---" * (len(COLUMNS) + 1) + "|"
PAGE = """# Who is right, out of time

Every candidate, learnt from dates whose horizons had all ended by the test date, and judged on that date. "Late line":
with a line in log-odds fitted on the latest training date by a twin that had not seen it (Platt). The backtest chooses
between the two on earlier dates. `fit` is one fit with its twin. `python -m benchmarks.quality` writes this page.

{cases}
{machine}
"""


def machine() -> str:
    """Facts without which the seconds mean nothing."""
    versions = ", ".join(f"{name} {version(name)}" for name in ("numpy", "scipy", "scikit-learn", "lightgbm"))
    return f"{os.cpu_count()} cores ({platform.machine()}), Python {platform.python_version()}, {versions}."


if __name__ == "__main__":
    main()
