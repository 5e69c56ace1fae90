"""The options of the benchmarks of the effect, and their simulated shops worked through several at once."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeVar

Found = TypeVar("Found")


def options(about: str | None, results: Path) -> argparse.Namespace:
    """Read how many shops there are, how large each is, how many run at once, and where the page goes."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=100, help="how many shops")
    parser.add_argument("--customers", type=int, default=20_000, help="how many customers each has")
    parser.add_argument("--processes", type=int, default=2, help="how many shops side by side")
    parser.add_argument("--episodes", type=Path, default=None, help="folder where the weekly run keeps its shops")
    parser.add_argument("--out", type=Path, default=results, help="where the page is written")
    return parser.parse_args()


def of_each_shop(one_shop: Callable[[int, int], Found], chosen: argparse.Namespace) -> list[Found]:
    """Return what is found in each shop, given its customers and its seed, in the order of the seeds."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    found = []
    with ProcessPoolExecutor(chosen.processes) as pool:
        for each in pool.map(partial(one_shop, chosen.customers), range(chosen.seeds)):
            found.append(each)
            print(f"{len(found)}/{chosen.seeds}", end="\r", flush=True)
    return found
