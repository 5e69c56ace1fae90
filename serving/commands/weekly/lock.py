"""One weekly run at a time in a shop's folder: the lock, and who holds it.

The system gives the lock back when its process ends, however it ends, so a lock is never stale. What a killed process
leaves is the note of who it was, beside the lock: by it the next run says whom it takes over from.
"""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from features.atomic_write import whole
from features.errors import Busy
from features.faults import faults_at
from features.file_access import Access

try:
    import fcntl
except ImportError:  # no such locks on this system: there whoever starts the runs sees to it that none overlaps another
    fcntl = None  # type: ignore[assignment]

LOCK, HOLDER = "weekly.lock", "weekly-holder.lock"  # neither goes into a backup
WAIT_SECONDS = 1.0  # a look whether it is held takes the lock for a moment, and a holder writes its note just after


@dataclass(frozen=True)
class Holder:
    """Who holds the lock of a shop.

    Args:
        command: `regulars weekly` or `regulars retrain`.
        pid: number of the process on its machine.
        host: name of the machine; kept in the shop's folder alone.
        since: when it took the lock, in UTC.
    """

    command: str
    pid: int
    host: str
    since: datetime

    @property
    def words(self) -> str:
        """Say it.

        >>> Holder("regulars weekly", 4711, "shop1", datetime(2026, 11, 30, 6, 0, 12)).words
        'regulars weekly, process 4711 on shop1, since 2026-11-30 06:00:12 UTC'
        """
        return f"{self.command}, process {self.pid} on {self.host}, since {self.since:%Y-%m-%d %H:%M:%S} UTC"


@contextmanager
def held(folder: Path, command: str, access: Access) -> Iterator[Holder | None]:
    """Hold the lock for the block, and give who was killed with it; None where the last holder ended by itself.

    Args:
        folder: where the shop keeps what it knows; made where it is missing.
        command: that takes the lock.
        access: who may read who holds it.

    Raises:
        Busy: another process holds it; says which, where, and since when.
    """
    with faults_at(folder):
        access.make_folder(folder)
    with _lock_file(folder) as lock:
        _wait_for(lock, folder)
        killed = holder_in(folder)
        _note(folder, command, access)
        try:
            yield killed
        finally:
            (folder / HOLDER).unlink(missing_ok=True)


def _wait_for(lock: int, folder: Path) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not _taken(lock):
        if time.monotonic() > deadline:
            holder = holder_in(folder)
            raise Busy(str(folder / LOCK), "nothing was begun", "another run" if holder is None else holder.words)
        time.sleep(0.02)


def holder_in(folder: Path) -> Holder | None:
    """Return who holds the lock, or was killed with it; None where nobody is noted.

    Args:
        folder: where the shop keeps what it knows.
    """
    try:
        found = json.loads((folder / HOLDER).read_text(encoding="utf-8"))
        since = datetime.fromisoformat(found["since"])
        return Holder(str(found["command"]), int(found["pid"]), str(found["host"]), since)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def is_held(folder: Path) -> bool:
    """Say whether a process holds the lock at this moment.

    Args:
        folder: where the shop keeps what it knows.
    """
    if not (folder / LOCK).exists():
        return False
    with _lock_file(folder) as lock:
        return not _taken(lock)


@contextmanager
def _lock_file(folder: Path) -> Iterator[int]:
    """Open the file that is locked; it stays where it is, so that all lock the same one."""
    with faults_at(folder / LOCK):
        lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        yield lock
    finally:
        os.close(lock)


def _taken(lock: int) -> bool:
    if fcntl is None:
        return True
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _note(folder: Path, command: str, access: Access) -> None:
    now = datetime.now(UTC).replace(microsecond=0, tzinfo=None)
    holder = Holder(command, os.getpid(), platform.node(), now)
    with whole(folder / HOLDER, access) as half:
        half.write_text(json.dumps({**asdict(holder), "since": now.isoformat()}) + "\n", encoding="utf-8")
