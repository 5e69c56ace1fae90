"""Measure `regulars serve` beside its peers and write `results.md`.

python -m benchmarks.serving                   # some minutes
python -m benchmarks.serving.soak              # twenty minutes of mixed load, a page of its own
python -m benchmarks.serving.stalls            # /livez beside the heaviest requests, a page of its own

A shop is made up; the load comes from a second process over loopback. Whatever happens, no server is left running.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
from pathlib import Path
from types import FrameType

from benchmarks.published import write_page

RESULTS = Path(__file__).with_name("results.md")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=100_000, help="how many have a stored score")
    parser.add_argument("--rounds", type=int, default=5, help="of each server")
    parser.add_argument("--seconds", type=float, default=3.0, help="of one round")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where the page is written")
    chosen = parser.parse_args()
    _prepare()
    from benchmarks.serving.page import page
    from benchmarks.serving.runs import MANY, everything, say
    from benchmarks.serving.shop import made_shop

    if chosen.customers < MANY:
        parser.error(f"a call asks for {MANY:,} different ids: --customers is {MANY} or more")
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as logs:
        say("making the shop …")
        shop = made_shop(Path(folder), chosen.customers)
        found = everything(shop, Path(logs), chosen.customers, chosen.rounds, chosen.seconds)
    text = page(found, chosen.customers, "python -m benchmarks.serving")
    write_page(chosen.out, text)


def _prepare() -> None:
    """Set what libraries read when they are imported, and when told to stop, end the servers first."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("BENTOML_DO_NOT_TRACK", "True")
    signal.signal(signal.SIGTERM, _stop)


def _stop(number: int, _: FrameType | None) -> None:
    sys.exit(128 + number)


if __name__ == "__main__":
    main()
