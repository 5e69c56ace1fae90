"""`python -m tests.quick`: the tests of what changed, and as many short ones as fit into less than a minute.

What changed is what git says: against HEAD, or, where nothing is under way, the last commit. A test belongs to a module
that it imports; the nearer the changed module, the earlier it runs. How long a test takes is known from its last run
(`tests/durations.py`): before the first `make test` only the test files of what changed are run.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import grimp
import pytest

from tests.durations import ROOT, file_of, recorded

PACKAGES = ("features", "training", "serving")
SHORT_SECONDS = 1.0
# What one process may spend on tests; starting, and fixtures that a left-out test had paid for, come on top.
BUDGET_SECONDS = 25.0
EACH_SECONDS = 0.02  # what pytest needs around a test, however short it is
FAR = 99

Graph = Mapping[str, set[str]]


def changed_files() -> list[str]:
    """Return the Python files that differ from HEAD, new ones too; if there are none, those of the last commit."""
    listed = ("ls-files", "--others", "--exclude-standard")
    found = [*_git("diff", "--name-only", "HEAD"), *_git(*listed)] or _git("diff", "--name-only", "HEAD~1", "HEAD")
    return [file for file in found if file.endswith(".py") and (ROOT / file).exists()]


def _git(*arguments: str) -> list[str]:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True).stdout.splitlines()


def importers() -> Graph:
    """Return module → the modules that import it."""
    graph = grimp.build_graph(*PACKAGES, cache_dir=str(ROOT / ".import_linter_cache"))
    return {module: graph.find_modules_that_directly_import(module) for module in graph.modules}


def module_of(file: str) -> str:
    """Return the name of a file's module.

    >>> module_of("features/kpis/__init__.py"), module_of("features/log.py")
    ('features.kpis', 'features.log')
    """
    return file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def distances(changed: Iterable[str], graph: Graph) -> dict[str, int]:
    """Return how many imports lie between each module that a change reaches and the nearest changed one."""
    found, edge, steps = dict[str, int](), set(changed), 0
    while edge:
        found |= dict.fromkeys(edge, steps)
        edge, steps = {importer for module in edge for importer in graph.get(module, ())} - found.keys(), steps + 1
    return found


def imported_by(file: Path) -> set[str]:
    """Return the modules that a test file imports, those whose names it takes among them."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def near_files(changed: list[str], steps: Mapping[str, int]) -> dict[str, int]:
    """Return file → distance: of what changed, and of the test files that import it or what imports it."""
    near = {file: 0 for file in changed if not file.startswith("benchmarks/")}
    for path in (ROOT / "tests").rglob("test_*.py"):
        file = path.relative_to(ROOT).as_posix()
        nearest = min((steps.get(module, FAR) for module in imported_by(path)), default=FAR)
        if nearest <= 1:
            near.setdefault(file, nearest)
    return near


def chosen(seconds: Mapping[str, float], near: Mapping[str, int], *, budget: float) -> list[str]:
    """Return the tests to run: of what changed the nearest first, then whatever is short, the shortest first."""
    wanted = [test for test in seconds if file_of(test) in near or seconds[test] <= SHORT_SECONDS]
    left, tests = budget, []
    for test in sorted(wanted, key=lambda test: (near.get(file_of(test), FAR), seconds[test])):
        cost = seconds[test] + EACH_SECONDS
        if cost <= left:
            left -= cost
            tests.append(test)
    return tests


def main() -> int:
    """Choose and run them; returns pytest's exit code."""
    changed = changed_files()
    near = near_files(changed, distances({module_of(file) for file in changed}, importers()))
    seconds = {test: each["whole"] for test, each in recorded().items()}
    workers = os.cpu_count() or 1
    tests = chosen(seconds, near, budget=BUDGET_SECONDS * workers)
    known = {file_of(test) for test in seconds}
    tests += [file for file, steps in near.items() if steps == 0 and file not in known and _may_hold_tests(file)]
    if not tests:
        print("nothing to run: no test of what changed is known; make test records them")
        return 0
    print(f"{len(tests):,} of {len(seconds):,} tests; {len(changed)} changed files", flush=True)
    with tempfile.NamedTemporaryFile("w", suffix=".txt", delete=False) as listed:
        listed.write("\n".join(tests))
    try:
        return int(pytest.main([f"@{listed.name}", "-n", "logical", "--dist", "loadfile", "--no-loadscope-reorder"]))
    finally:
        os.unlink(listed.name)


def _may_hold_tests(file: str) -> bool:
    return file.startswith(PACKAGES) or Path(file).name.startswith("test_")


if __name__ == "__main__":
    sys.exit(main())
