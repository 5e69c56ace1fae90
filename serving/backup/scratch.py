"""A folder for what is being made: readable by its owner alone, gone at the end, and cleared by the next one if killed.

It lies beside what will be made, so that the last step is a new name on the same disk.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from features.faults import faults_at
from features.file_access import OWNER_ONLY
from training.tracking.process import is_gone, this_process

PREFIX, OWNER = ".regulars-scratch-", "process.json"


@contextmanager
def scratch_in(folder: Path) -> Iterator[Path]:
    """Give an empty folder within a folder, and remove it at the end with those of processes that are gone.

    Args:
        folder: made where it is missing.

    Raises:
        MachineFault: it cannot be written to.
    """
    with faults_at(folder):
        OWNER_ONLY.make_folder(folder)
        clear_scratch(folder)
        made = Path(tempfile.mkdtemp(prefix=PREFIX, dir=folder))
    try:
        with faults_at(made):
            write_owner(made)
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def clear_scratch(folder: Path) -> None:
    """Remove what killed processes left in a folder."""
    for each in folder.glob(f"{PREFIX}*"):
        if owner_is_gone(each):
            shutil.rmtree(each, ignore_errors=True)


def write_owner(folder: Path) -> None:
    """Write into a folder which process works in it."""
    (folder / OWNER).write_text(json.dumps(this_process()), encoding="utf-8")


def owner_is_gone(folder: Path) -> bool:
    """Say whether the process that worked in a folder is gone; one that has not said who it is gets a minute."""
    began = os.stat(folder).st_mtime
    with suppress(FileNotFoundError, ValueError):
        return is_gone(json.loads((folder / OWNER).read_text(encoding="utf-8")), int(began * 1000), time.time() * 1000)
    return time.time() - began > 60
