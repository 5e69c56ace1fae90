"""What this machine has: memory and cores, as far as a container lets a process have them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")
_MEMORY_FILES = ("memory.max", "memory/memory.limit_in_bytes")  # of version 2, and of version 1
_CPU_FILE, _CPU_FILES = "cpu.max", ("cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us")
_GIB = 2**30
MOST_PARTITIONS = 200  # of a log, each a file that is open while the log is split


@dataclass(frozen=True)
class Machine:
    """How much of the machine a run may have.

    Args:
        memory_bytes: of the process; what is spilled to the disk is not counted.
        cores: threads that work at once.
    """

    memory_bytes: int
    cores: int

    @property
    def memory_gib(self) -> float:
        """The memory, GiB."""
        return self.memory_bytes / _GIB


def this_machine(memory_gib: float | None = None, cores: int | None = None, cgroups: Path = CGROUPS) -> Machine:
    """Return what the machine or its container has, or what was chosen instead.

    Args:
        memory_gib: the chosen memory; None = all.
        cores: the chosen number; None = all.
        cgroups: where Linux says what a container may have.

    >>> this_machine(8, 2)
    Machine(memory_bytes=8589934592, cores=2)
    """
    memory = _memory_bytes(cgroups) if memory_gib is None else int(memory_gib * _GIB)
    return Machine(memory, _cores(cgroups) if cores is None else cores)


def _memory_bytes(cgroups: Path) -> int:
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min([whole, *(limit for name in _MEMORY_FILES for limit in _numbers(cgroups / name))])


def _cores(cgroups: Path) -> int:
    here = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = [*_numbers(cgroups / _CPU_FILE)] or [n for name in _CPU_FILES for n in _numbers(cgroups / name)]
    return max(1, min(here, ceil(quota[0] / quota[1]))) if len(quota) == 2 else here


def _numbers(path: Path) -> Iterable[int]:
    """Yield the numbers of a limit; none where there is no limit."""
    try:
        words = path.read_text(encoding="ascii").split()
    except OSError:
        return ()
    return [int(word) for word in words] if all(word.isdigit() for word in words) else ()
