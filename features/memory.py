"""Memory that long work has let go of serves its next step, and is given back at the end.

A column of ten million rows has eighty megabytes. The C library gives blocks of that size back to the system as soon as
they are free, and the next column begins with fresh pages, each of which the system has to find and to fill with zeros.
NumPy asks for large pages besides, and a system whose memory is in pieces looks for them in vain, at each fault. Both
together were half of the CPU seconds of a reading and of a table of features. What glibc and Linux can be told about it
is told here; other systems, and other C libraries, are left as they are.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import Lock

import pyarrow as pa

# The numbers are part of the interfaces of glibc (malloc.h) and of Linux (prctl.h).
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _MMAP_MAX = -1, -3, -4
_SET_LARGE_PAGES_OFF, _GET_LARGE_PAGES_OFF = 41, 42
_NEVER_TRIMMED, _ALL_ON_THE_HEAP = -1, 0
# What glibc settles on by itself once a process has freed a large block; the defaults it begins with would cost more.
_USUAL_MMAP_MAX, _USUAL_MMAP_BYTES, _USUAL_TRIM_BYTES = 65_536, 32 << 20, 64 << 20

_LOCK = Lock()
# One for each piece of work that goes on: Arrow's pool, and _LARGE_PAGES_OFF.
_BEFORE: list[tuple[pa.MemoryPool, int]] = []


@contextmanager
def memory_kept() -> Iterator[None]:
    """Keep what is freed within the process until the last piece of work that goes on at once has ended.

    >>> with memory_kept():
    ...     column = list(range(3))
    >>> column
    [0, 1, 2]
    """
    glibc = _glibc()
    if glibc is None:
        yield
        return
    _begin(glibc)
    try:
        yield
    finally:
        _end(glibc)


def give_back() -> None:
    """Give back to the system what is free: between two steps of which the next one needs other memory."""
    pa.default_memory_pool().release_unused()
    if (glibc := _glibc()) is not None:
        glibc.malloc_trim(0)


def _begin(glibc: ctypes.CDLL) -> None:
    with _LOCK:
        _BEFORE.append((pa.default_memory_pool(), glibc.prctl(_GET_LARGE_PAGES_OFF, 0, 0, 0, 0)))
        glibc.prctl(_SET_LARGE_PAGES_OFF, 1, 0, 0, 0)
        glibc.mallopt(_MMAP_MAX, _ALL_ON_THE_HEAP)
        glibc.mallopt(_TRIM_THRESHOLD, _NEVER_TRIMMED)
        pa.set_memory_pool(pa.system_memory_pool())  # a pool of its own would give pages back, too


def _end(glibc: ctypes.CDLL) -> None:
    with _LOCK:
        pool, large_pages_off = _BEFORE.pop()
        if _BEFORE:
            return
        pa.set_memory_pool(pool)
        glibc.prctl(_SET_LARGE_PAGES_OFF, int(large_pages_off == 1), 0, 0, 0)
        glibc.mallopt(_MMAP_MAX, _USUAL_MMAP_MAX)
        glibc.mallopt(_MMAP_THRESHOLD, _USUAL_MMAP_BYTES)
        glibc.mallopt(_TRIM_THRESHOLD, _USUAL_TRIM_BYTES)
        glibc.malloc_trim(0)


@cache
def _glibc() -> ctypes.CDLL | None:
    """Return the C library of this process, where it is glibc: no other one has both of these functions."""
    if sys.platform != "linux":
        return None
    library = ctypes.CDLL(None)
    if not (hasattr(library, "mallopt") and hasattr(library, "malloc_trim")):
        return None
    library.prctl.argtypes = [ctypes.c_int, *[ctypes.c_ulong] * 4]
    return library
