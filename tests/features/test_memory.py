"""What is freed during a reading stays in the process, and afterwards it does not."""

from __future__ import annotations

import resource
import sys
from threading import Barrier, Thread

import pyarrow as pa
import pytest

from features.memory import memory_kept

COLUMN = 40 << 20  # bytes: more than glibc keeps by itself


def faults_of_columns(times: int) -> int:
    """Return how many pages the system had to find for columns that were made and let go one after the other."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(times):
        assert len(b"x" * COLUMN) == COLUMN
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


@pytest.mark.skipif(sys.platform != "linux", reason="other systems are left as they are")
def test_a_column_takes_the_pages_of_the_one_before() -> None:
    with memory_kept():
        first = faults_of_columns(1)
        later = faults_of_columns(5)
    assert later < first
    assert faults_of_columns(5) > 5 * later  # as without it


def test_readings_that_overlap_leave_the_memory_as_it_was() -> None:
    pool, both = pa.default_memory_pool().backend_name, Barrier(2)

    def read() -> None:
        both.wait()
        with memory_kept():
            both.wait()

    threads = [Thread(target=read) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert pa.default_memory_pool().backend_name == pool


def test_a_reading_that_fails_leaves_the_memory_as_it_was() -> None:
    pool = pa.default_memory_pool().backend_name
    with pytest.raises(ValueError, match="no file"), memory_kept():
        raise ValueError("no file")
    assert pa.default_memory_pool().backend_name == pool
