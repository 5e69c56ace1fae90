"""Time `train` beside the LightGBM fits that it makes, features apart; write `benchmarks/training/results.md`.

python -m benchmarks.training --customers 100000

Both are counted in one run: a clock around each call of LightGBM's own `train`, and one around each table of features.
"""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
import time
from collections.abc import Callable
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import training.dataset as datasets
from benchmarks.published import write_page
from features.churn.labels import ChurnDefinition
from features.log import Lines, Log
from features.roll_up import roll_up
from features.simulation.simulate import simulate
from features.sources.mapping import Shop
from training.models.trees import lightgbm
from training.tracking import Tracking
from training.train import train

RESULTS = Path(__file__).with_name("results.md")
DEFINITION = ChurnDefinition(60, 180)


class Clock:
    """Adds up the seconds of calls, by the wall, and how many there were."""

    def __init__(self) -> None:
        self.seconds, self.calls = 0.0, 0
        self._running, self._began = 0, 0.0

    def around(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """Return the call with this clock around it; calls side by side count once."""

        def timed(*given: Any, **named: Any) -> Any:
            self._began = self._began if self._running else time.perf_counter()
            self._running += 1
            try:
                return call(*given, **named)
            finally:
                self._running -= 1
                self.calls += 1
                self.seconds += 0.0 if self._running else time.perf_counter() - self._began

        return timed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=100_000, help="how many customers the simulated shop has")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where the page is written")
    chosen = parser.parse_args()
    log = _log(chosen.customers)
    fits, tables, library = Clock(), Clock(), lightgbm()
    library.train = fits.around(library.train)
    datasets.feature_table = tables.around(datasets.feature_table)
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        result = train(log, DEFINITION, Shop("UTC", "EUR"), tracking=Tracking(Path(folder)))
        total = time.perf_counter() - began
    rest = total - tables.seconds
    text = PAGE.format(
        customers=chosen.customers,
        orders=len(log.streams["orders"]),
        dates=len(result.bundle.training_dates),
        tests=len(result.backtest.splits) if result.backtest else 0,
        total=total,
        tables=tables.seconds,
        fits=fits.seconds,
        calls=fits.calls,
        ratio=rest / fits.seconds,
        machine=f"{os.cpu_count()} cores ({platform.machine()}), lightgbm {version('lightgbm')}",
    )
    write_page(chosen.out, text)


def _log(customers: int) -> Log:
    orders = simulate(customers, seed=1, start=date(2022, 1, 3), with_events=False).orders
    orders = orders[~orders["returned"]]
    return roll_up(
        Lines.of(
            orders["customer_id"].tolist(),
            orders["ordered_at"].to_numpy().astype("datetime64[D]").astype("int64").tolist(),
            (orders["amount"] * 100).round().astype(int).tolist(),
            order_id=orders["order_id"].tolist(),
            product_id=orders["product_id"].tolist(),
        )
    )


PAGE = """# How long training takes

`python -m benchmarks.training` writes this page: `train` without tuning, beside the LightGBM fits that it makes.

| | |
|---|---|
| customers, order days | {customers:,}, {orders:,} |
| training dates, test dates | {dates}, {tests} |
| `train`, s | {total:.0f} |
| of it tables of features, s | {tables:.0f} |
| of it LightGBM fits, s | {fits:.0f} ({calls} fits) |
| `train` without features ÷ its LightGBM fits | **{ratio:.2f}** |

By the wall, {machine}.
"""


if __name__ == "__main__":
    main()
