"""Which process records a run, and whether it is gone: by its number, when it began, and on which machine.

The machine is told by a digest alone: its name belongs to nobody's record.
"""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Mapping

import psutil

PROCESS = "process"
ANOTHER_MACHINE_DAYS = 3  # no training takes that long
_DAY_MS = 86_400_000


def this_process() -> dict[str, str]:
    """Return the tag of a run that this process records."""
    return {PROCESS: f"{os.getpid()}, begun {_began(os.getpid())}, on {_machine()}"}


def is_gone(tags: Mapping[str, str], started_at_ms: int, now_ms: float) -> bool:
    """Say whether the process that records a run is gone.

    Args:
        tags: of the run; one without ours was recorded by a former version.
        started_at_ms: when the run began, in milliseconds since 1970.
        now_ms: the time now, in milliseconds since 1970.

    >>> is_gone(this_process(), 0, 0), is_gone({PROCESS: this_process()[PROCESS].replace("begun ", "begun 1")}, 0, 0)
    (False, True)
    """
    number, _, rest = tags.get(PROCESS, "").partition(", begun ")
    began, _, machine = rest.partition(", on ")
    if machine != _machine():
        return now_ms - started_at_ms > ANOTHER_MACHINE_DAYS * _DAY_MS
    return _began(int(number)) != began


def _began(number: int) -> str | None:
    """Return when the process with a number began; None where there is none, or it ended and nobody has asked how."""
    try:
        process = psutil.Process(number)
        return None if process.status() == psutil.STATUS_ZOMBIE else f"{process.create_time():.2f}"
    except psutil.NoSuchProcess:
        return None


def _machine() -> str:
    return hashlib.sha256(platform.node().encode()).hexdigest()[:16]
