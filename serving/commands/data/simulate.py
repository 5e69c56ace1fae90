"""`regulars simulate`: the files of a simulated shop whose truth is known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from features.shell import shell_line
from features.simulation.simulate import simulate


@dataclass(frozen=True, eq=False)
class Simulated:
    """The files of a simulated shop."""

    files: Sequence[Path]
    customers: int
    seed: int

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {"customers": self.customers, "seed": self.seed, "files": list(self.files)}

    def lines(self) -> Iterator[str]:
        """Say it to a person."""
        yield from (f"wrote {path}" for path in self.files)
        orders, events, customers, *_ = self.files
        toml = orders.parent / "regulars.toml"
        files = (orders, "--events", events, "--customers", customers)
        yield f"next: {shell_line('regulars', 'init', *files, '--out', toml)}"


def simulate_shop(customers: int, seed: int, out: Path) -> Simulated:
    """Write the files of a shop whose truth is known."""
    return Simulated(simulate(customers, seed).write(out), customers, seed)
