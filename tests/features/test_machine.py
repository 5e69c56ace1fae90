"""What a container lets a process have is what counts."""

import os
from pathlib import Path

import pytest

from features.machine import this_machine

GIB = 2**30


def limits(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_max", ".max")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="ascii")
    return folder


def test_the_memory_of_a_container_is_its_limit(tmp_path: Path) -> None:
    assert this_machine(cgroups=limits(tmp_path, memory_max=f"{GIB}\n")).memory_bytes == GIB


def test_a_container_without_a_limit_has_the_machine(tmp_path: Path) -> None:
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert this_machine(cgroups=limits(tmp_path, memory_max="max\n", cpu_max="max 100000\n")).memory_bytes == whole


def test_the_older_files_of_linux_are_read_too(tmp_path: Path) -> None:
    path = tmp_path / "memory" / "memory.limit_in_bytes"
    path.parent.mkdir()
    path.write_text(f"{GIB}\n", encoding="ascii")
    assert this_machine(cgroups=tmp_path).memory_bytes == GIB


@pytest.mark.parametrize(("quota", "cores"), [("50000 100000", 1), ("100000 100000", 1)])
def test_a_share_of_a_core_is_one(tmp_path: Path, quota: str, cores: int) -> None:
    assert this_machine(cgroups=limits(tmp_path, cpu_max=quota)).cores == cores


def test_no_machine_has_more_cores_than_it_has(tmp_path: Path) -> None:
    assert this_machine(cgroups=limits(tmp_path, cpu_max="99900000 100000")).cores == len(os.sched_getaffinity(0))
