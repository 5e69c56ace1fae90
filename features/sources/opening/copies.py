"""A folder for copies of a shop's files, which hold customers' data: it goes when the file is closed.

A process that is killed cannot tidy up. Each folder therefore holds a lock that ends with its process, and whoever
makes the next folder removes those whose lock is free.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

try:
    import fcntl
except ImportError:  # no such locks on this system: there a killed process leaves its folder
    fcntl = None  # type: ignore[assignment]

PREFIX, UNLOCKED, LOCK = "regulars-", "new-regulars-", "lock"


@contextmanager
def folder_for_copies() -> Iterator[Path]:
    """Make a folder that only its owner may read; it is removed with all that is in it."""
    remove_left_behind()
    folder = Path(tempfile.mkdtemp(prefix=UNLOCKED))
    try:
        with (folder / LOCK).open("w") as lock:
            if fcntl is not None and _taken(lock):
                # Only now does it get the name by which others look for folders whose lock is free.
                folder = folder.rename(folder.with_name(PREFIX + folder.name.removeprefix(UNLOCKED)))
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def remove_left_behind() -> None:
    """Remove the folders of processes that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError):  # not ours, or another process was faster
            if fcntl is not None and (folder / LOCK).stat().st_uid == os.getuid() and _is_free(folder / LOCK):
                shutil.rmtree(folder, ignore_errors=True)


def _is_free(path: Path) -> bool:
    with path.open("r+") as lock:  # never made here: a folder without one is being made, or is not ours
        return _taken(lock)


def _taken(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
