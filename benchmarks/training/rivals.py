"""What rivals take on the rows that `train` learnt from, and how right they are on a date that nobody had seen.

Each is fitted in an environment of its own by `benchmarks/quality/peers/run.py`, which imports nothing of Regulars.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from benchmarks.quality.export import export
from benchmarks.quality.logs import Case
from benchmarks.quality.peers.read import PeerRow, peer_rows
from benchmarks.training.shop import read_log
from features.churn.labels import ChurnDefinition
from training.budget import sample
from training.splits import rolling_origin

RUN = Path(__file__).parents[1] / "quality" / "peers" / "run.py"
ALL_ROWS = "10_000_000"
LEARNERS = ("catboost", "autogluon")
PROBABILISTIC = ("clvkit",)


def rivals(file: Path, definition: ChurnDefinition, peers: Path | None, clvkit: Path | None) -> tuple[PeerRow, ...]:
    """Fit the rivals on a shop's orders, as its latest test date allowed.

    Args:
        file: of `benchmarks.training.shop`.
        definition: of churn.
        peers: a Python with the packages of requirements.txt beside run.py; None = not fitted.
        clvkit: a Python with those of requirements-clvkit.txt; None = not fitted.
    """
    folder = file.parent / "rivals"
    _write_case(file, definition, folder)
    for python, names in ((peers, LEARNERS), (clvkit, PROBABILISTIC)):
        if python is not None:
            subprocess.run(
                [str(python), str(RUN), str(folder), *names, "--rows", ALL_ROWS], check=True, stdout=sys.stderr
            )
    return peer_rows(folder)


def _write_case(file: Path, definition: ChurnDefinition, folder: Path) -> None:
    """Write the customers and dates of the training run; its test date is the last whose horizon has ended."""
    log = sample(read_log(file), definition).log
    latest = rolling_origin(log, definition, n_tests=1)[-1]
    case = Case("simulated", definition, latest.test_date, None)
    export(case, log, None, folder / "simulated", latest.train_dates)
