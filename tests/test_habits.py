"""Hooks and workflow run the very checks of the Makefile, and what `make test` leaves out is listed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.durations import LONG_FILES, Durations, file_seconds, too_long
from tests.quick import Graph, chosen, distances

ROOT = Path(__file__).parents[1]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def document(path: str) -> Any:
    return yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))


def recipe(target: str) -> str:
    """Return the commands of a target of the Makefile."""
    found = re.search(rf"^{target}:.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)
    assert found is not None
    return found[1].replace("$(BIN)", ".venv/bin")


def test_the_hooks_are_the_checks_of_make_check() -> None:
    hooks = [hook for repo in document(".pre-commit-config.yaml")["repos"] for hook in repo["hooks"]]
    assert [hook["entry"] for hook in hooks] == recipe("check").strip().lstrip("@").split(" && ")
    assert all(hook["language"] == "system" and hook["pass_filenames"] is False for hook in hooks)


def test_the_workflow_calls_what_everybody_calls_on_the_supported_pythons() -> None:
    workflow = document(".github/workflows/ci.yml")
    assert set(workflow[True]) == {"push", "pull_request"}  # YAML reads the word `on` as true
    job = workflow["jobs"]["run"]
    assert job["strategy"]["matrix"]["python"] == ["3.11", "3.13"]
    assert [step["run"] for step in job["steps"] if "run" in step] == [".ci/run"]
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o100


def test_what_make_test_leaves_out_is_listed_with_its_reason() -> None:
    left_out = set()
    for path in (ROOT / "tests").rglob("test_*.py"):
        text = path.read_text("utf-8")
        for found in re.finditer(r"^( *)@pytest\.mark\.whole\n(?: *@.*\n)*\1def (\w+)", text, re.MULTILINE):
            classes = re.findall(r"^class (\w+)", text[: found.start()], re.MULTILINE) if found[1] else []
            left_out.add("::".join([path.relative_to(ROOT).as_posix(), *classes[-1:], found[2]]))
    listed = re.findall(r"^\| `([^`\[]+)[^`]*` \| \S", (ROOT / "tests" / "README.md").read_text("utf-8"), re.MULTILINE)
    assert left_out == set(listed) != set()


def test_whoever_waits_for_the_environment_is_told_before() -> None:
    steps = recipe(r"\$\(READY\)")
    assert 0 < steps.index("a few minutes the first time") < steps.index("pip install")


def test_a_long_test_has_to_be_marked() -> None:
    durations: Durations = {
        "a.py::quick": {"call": 14.9, "whole": 99.0, "slow": False},
        "a.py::marked": {"call": 60.0, "whole": 60.0, "slow": True},
        "a.py::long": {"call": 15.1, "whole": 15.1, "slow": False},
    }
    assert too_long(durations) == [" 15.1 s  a.py::long"]


GRAPH: Graph = {"log": {"build", "kpis"}, "build": {"train"}, "kpis": set(), "train": set()}  # module → who imports it


def test_a_fresh_clone_begins_with_the_files_that_are_known_to_be_long() -> None:
    """Until a file was measured here; one that no longer exists is not begun with."""
    assert [file for file in LONG_FILES if not (ROOT / file).exists()] == []
    longest, short = "tests/test_notebooks.py", "tests/test_a.py"
    tests = {f"{longest}::test_runs": False, f"{short}::test_a": False, f"{short}::test_b": True}
    fresh = file_seconds(tests, {})
    assert (fresh[longest], fresh[short]) == (LONG_FILES[longest], pytest.approx(20.1))
    measured: Durations = {f"{longest}::test_runs": {"call": 1.0, "whole": 2.0, "slow": False}}
    assert file_seconds(tests, measured)[longest] == 2.0


def test_what_changed_is_nearest_to_itself_and_its_importers_follow() -> None:
    assert distances({"log"}, GRAPH) == {"log": 0, "build": 1, "kpis": 1, "train": 2}
    assert distances({"train"}, GRAPH) == {"train": 0}


def test_tests_of_what_changed_come_first_then_the_shortest_until_the_time_is_over() -> None:
    seconds = {"a::1": 30.0, "a::2": 5.0, "b::1": 0.9, "b::2": 0.1, "c::1": 1.1}
    assert chosen(seconds, {"a": 0}, budget=100) == ["a::2", "a::1", "b::2", "b::1"]
    assert chosen(seconds, {"a": 0}, budget=5.5) == ["a::2", "b::2"]
    assert chosen(seconds, {}, budget=100) == ["b::2", "b::1"]
