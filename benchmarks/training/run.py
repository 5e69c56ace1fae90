"""One training of a shop in a process of its own, so that its peak memory is its own; prints what it took as JSON.

python -m benchmarks.training.run FILE
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import training.dataset as datasets
from benchmarks.training.shop import read_log
from features.churn.labels import ChurnDefinition
from features.sources.mapping import Shop
from training.models.trees import lightgbm
from training.tracking import Tracking
from training.train import train

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


def _clocked(module: ModuleType, name: str, clock: Clock) -> None:
    setattr(module, name, clock.around(getattr(module, name)))


def trained(path: Path) -> dict[str, Any]:
    """Return what training on a file of order lines took, and what it did."""
    log = read_log(path)
    fits, tables = Clock(), Clock()
    _clocked(lightgbm(), "train", fits)
    _clocked(datasets, "feature_table", tables)
    with tempfile.TemporaryDirectory() as folder:
        began, cpu = time.perf_counter(), time.process_time()
        result = train(log, DEFINITION, Shop("UTC", "EUR"), tracking=Tracking(Path(folder)))
        wall, spent = time.perf_counter() - began, time.process_time() - cpu
    tested = result.backtest
    return {
        "customers": log.n_customers,
        "learnt_from": round(log.n_customers * (tested.share if tested else 1)),
        "order_days": len(log.streams["orders"]),
        "dates": len(result.bundle.training_dates),
        "rows": result.rows,
        "tests": len(tested.splits) if tested else 0,
        "wall_s": wall,
        "cpu_s": spent,
        "peak_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
        "tables_s": tables.seconds,
        "fits_s": fits.seconds,
        "fits": fits.calls,
        "serves": result.bundle.candidate,
        "measures": tested.candidates[tested.chosen].by_date[-1].metrics if tested else {},
    }


if __name__ == "__main__":
    json.dump(trained(Path(sys.argv[1])), sys.stdout)
