"""Every published figure can be made again: each benchmark runs at a tiny size, from reading to the written page."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TINY = {
    "ablation": ("--simulated", "600"),
    "effect": ("--seeds", "2", "--customers", "1500", "--processes", "1"),
    "features": ("--lines", "20000", "--dates", "2"),
    "lists": ("--customers", "2000"),
    "quality": ("--simulated", "600"),
    "serving": ("--customers", "200", "--rounds", "1", "--seconds", "0.2"),
    "training": ("--customers", "300"),
    "value": ("--simulated", "300"),
}


def ran(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", TINY)
def test_a_benchmark_runs_from_reading_to_the_written_page(name: str, tmp_path: Path) -> None:
    """As a process, since a benchmark is one: nothing of this run's imports stands in its way."""
    page, folder = tmp_path / "page.md", ("--folder", str(tmp_path)) if name == "features" else ()
    done = ran(f"benchmarks.{name}", *TINY[name], *folder, "--out", str(page))
    assert done.returncode == 0, done.stderr[-3000:]
    text = page.read_text(encoding="utf-8")
    assert text.startswith("# ")
    assert re.search(r"^Made on commit [0-9a-f]{10}", text, re.MULTILINE)
    assert "nan" not in re.findall(r"\w+", text)


def test_every_benchmark_is_tried() -> None:
    assert {path.parent.name for path in (ROOT / "benchmarks").glob("*/__main__.py")} == set(TINY)


def test_every_page_names_its_commit_and_says_whether_it_is_current() -> None:
    done = ran("benchmarks.published")
    pages = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "benchmarks").glob("*/*.md"))
    assert sorted(line.split()[0] for line in done.stdout.splitlines()) == pages
    assert "unknown commit" not in done.stdout, done.stdout
