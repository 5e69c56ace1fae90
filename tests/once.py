"""Costly folders are made once in a run of the tests, by whichever worker asks first; each worker gets its own copy."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest


def once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """Return this worker's copy of a folder that is made once in a run.

    Args:
        factory: knows the run's folder for temporary files.
        name: of the folder, one per maker.
        make: fills a folder; files in it must not depend on where it lies.
    """
    home = factory.getbasetemp()
    run = home.parent if "PYTEST_XDIST_WORKER" in os.environ else home
    made, half = run / f"once-{name}", run / f"half-{name}"
    with (run / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            shutil.rmtree(half, ignore_errors=True)
            half.mkdir()
            make(half)
            half.rename(made)
    return Path(shutil.copytree(made, factory.mktemp(name) / name))
