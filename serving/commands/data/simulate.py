"""`regulars simulate`: the files of a simulated shop whose truth is known."""

from __future__ import annotations

from pathlib import Path

from features.shell import shell_line
from features.simulation.simulate import simulate
from serving.commands.result import WordedResult


def simulate_shop(customers: int, seed: int, out: Path) -> WordedResult:
    """Write the files of a shop whose truth is known."""
    orders, events, customers_file, *_ = files = simulate(customers, seed).write(out)
    options = (orders, "--events", events, "--customers", customers_file, "--out", orders.parent / "regulars.toml")
    words = [*(f"wrote {path}" for path in files), f"next: {shell_line('regulars', 'init', *options)}"]
    return WordedResult({"customers": customers, "seed": seed, "files": files}, words)
