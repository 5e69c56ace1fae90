"""One weekly run at a time in a shop's folder: the lock, and who holds it.

The system gives the lock back when its process ends, however it ends, so a lock is never stale. What a killed process
leaves is the note of who it was, beside the lock: by it the next run says whom it takes over from.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from features.atomic_write import whole
from features.errors import Busy
from features.faults import faults_at
from features.file_access import Access

LOCK, HOLDER = "weekly.lock", "weekly-holder.json"
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
    lock = FileLock(folder / LOCK, mode=0o600)
    try:
        with faults_at(folder / LOCK):
            lock.acquire(timeout=WAIT_SECONDS)
    except Timeout:
        holder = holder_in(folder)
        raise Busy(str(folder / LOCK), "nothing was begun", "another run" if holder is None else holder.words) from None
    try:
        killed = holder_in(folder)
        _note(folder, command, access)
        yield killed
    finally:
        (folder / HOLDER).unlink(missing_ok=True)
        lock.release()


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
    lock = FileLock(folder / LOCK, mode=0o600)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        return True
    lock.release()
    return False


def _note(folder: Path, command: str, access: Access) -> None:
    now = datetime.now(UTC).replace(microsecond=0, tzinfo=None)
    holder = Holder(command, os.getpid(), platform.node(), now)
    with whole(folder / HOLDER, access) as half:
        half.write_text(json.dumps({**asdict(holder), "since": now.isoformat()}) + "\n", encoding="utf-8")
