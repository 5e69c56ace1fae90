"""Every published figure can be made again: each benchmark runs at a tiny size, from reading to the written page."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TINY = {
    "backup": ("--customers", "200", "--runs", "1"),
    "ablation": ("--simulated", "250"),
    "features": ("--lines", "20000", "--dates", "2"),
    "features.peers": ("--lines", "20000", "--dates", "2", "--rounds", "1"),
    "intake": ("--lines", "20000", "--rounds", "1"),
    "lists": ("--customers", "200"),
    "scale": ("--copies", "1", "2", "--lines", "20000"),
    "value": ("--simulated", "120"),
    "watch": ("--only-seeds", "--seeds", "1", "--customers", "1500"),
}
LONG = {
    "data_worth": ("--simulated", "200"),
    "quality.left": ("--simulated", "250"),
    "quality.level": ("--simulated", "250"),
    "quality.proxy": ("--simulated", "250", "--dates", "1"),
    "quality.shrinking": ("--simulated", "300"),
    "watch.alarms": ("--shops", "1"),
    "effect.weekly": ("--seeds", "1", "--customers", "600", "--processes", "1"),
    "effect": ("--seeds", "1", "--customers", "600", "--processes", "1"),
    "quality": ("--simulated", "300"),
    "scale.scores": ("--copies", "1", "2", "--lines", "20000"),
    "serving": ("--customers", "1000", "--rounds", "1", "--seconds", "0.2"),
    "serving.soak": ("--customers", "200", "--minutes", "0.05", "--saturation-seconds", "1"),
    "serving.stalls": ("--rounds", "1", "--seconds", "0.5"),
    "training": ("--customers", "120"),
}


def has_history() -> bool:
    """Whether the commits that pages name are here: not in a shallow clone, and not in an unpacked archive."""
    command = ["git", "cat-file", "-e", "f481710^{commit}"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, check=False).returncode == 0


pytestmark = pytest.mark.skipif(not has_history(), reason="pages name commits, and this is no whole clone")


def ran(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False)


def page_of(name: str, sizes: tuple[str, ...], folder: Path) -> str:
    """Run a benchmark as a process, since it is one: no import of this run stands in its way."""
    page, generated = (
        folder / "page.md",
        ("--folder", str(folder)) if name in ("features", "features.peers", "intake", "scale", "scale.scores") else (),
    )
    done = ran(f"benchmarks.{name}", *sizes, *generated, "--out", str(page))
    assert done.returncode == 0, done.stderr[-3000:]
    return page.read_text(encoding="utf-8")


def is_a_page(text: str) -> bool:
    signed = re.search(r"^Made on commit [0-9a-f]{10}", text, re.MULTILINE)
    return text.startswith("# ") and signed is not None and "nan" not in re.findall(r"\w+", text)


@pytest.mark.slow
@pytest.mark.parametrize("name", TINY)
def test_a_benchmark_runs_from_reading_to_the_written_page(name: str, tmp_path: Path) -> None:
    assert is_a_page(page_of(name, TINY[name], tmp_path))


@pytest.mark.slow
@pytest.mark.whole
@pytest.mark.parametrize("name", LONG)
def test_a_benchmark_of_many_servers_or_years_runs_too(name: str, tmp_path: Path) -> None:
    assert is_a_page(page_of(name, LONG[name], tmp_path))


def test_every_benchmark_is_tried() -> None:
    writers = [path for path in (ROOT / "benchmarks").glob("*/*.py") if "RESULTS = Path(" in path.read_text("utf-8")]
    names = {path.parent.name if path.stem == "__main__" else f"{path.parent.name}.{path.stem}" for path in writers}
    assert names == {*TINY, *LONG}


def test_every_page_names_its_commit_and_says_whether_it_is_current() -> None:
    done = ran("benchmarks.published")
    pages = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "benchmarks").glob("*/*.md"))
    assert sorted(line.split()[0] for line in done.stdout.splitlines()) == pages
    assert "unknown commit" not in done.stdout, done.stdout
